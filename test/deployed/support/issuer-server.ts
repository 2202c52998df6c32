import { createServer } from 'node:http';
import { openDataDirectory } from '../../../local/data-directory.ts';
import { closeServer, listenLocally } from '../../../local/http-server.ts';
import { createIssuer, type Issuer } from '../../../local/issuer.ts';

/** An OpenID Connect issuer on a free port, whose key is kept in a directory. It answers until it is stopped. */
export async function serveIssuer(directory: string): Promise<{ url: string; stop: () => Promise<void> }> {
  let issuer: Issuer | null = null;
  const server = createServer((request, response) => {
    void answer(issuer, new URL(request.url ?? '/', 'http://issuer')).then((body) => {
      response.writeHead(body === null ? 404 : 200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(body));
    });
  });
  const { url } = await listenLocally(server, 0);
  issuer = await createIssuer(url, clockASecondBehind, openDataDirectory(directory));
  return { url, stop: () => closeServer(server) };
}

/** MiniStack's clock is the same one, but a token of its very second counts as issued in the future. */
const clockASecondBehind = { now: () => Date.now() - 1_000, moveTo: () => false };

async function answer(issuer: Issuer | null, { pathname, searchParams }: URL): Promise<object | null> {
  switch (pathname) {
    case '/.well-known/openid-configuration':
      return issuer?.configuration ?? null;
    case '/.well-known/jwks.json':
      return issuer?.keySet ?? null;
    case '/dev/token':
      return issuer?.issue(searchParams.get('sub') ?? 'somebody', searchParams.get('scope') ?? '') ?? null;
    default:
      return null;
  }
}
