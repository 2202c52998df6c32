import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { orTimeout } from './or-timeout.ts';
import { UsageError } from './usage-error.ts';

const CLOSES_WITHIN_MS = 1_000;

/**
 * Listens on 127.0.0.1. Port 0 takes any free one.
 *
 * @throws UsageError when the port is taken
 */
export async function listenLocally(server: Server, port: number): Promise<{ url: string }> {
  try {
    await once(server.listen(port, '127.0.0.1'), 'listening');
  } catch (error) {
    throw isTaken(error) ? new UsageError(`Port ${port} is taken; choose another with --port.`) : error;
  }
  const address = server.address();
  const boundPort = typeof address === 'object' && address !== null ? address.port : port;
  return { url: `http://127.0.0.1:${boundPort}` };
}

function isTaken(error: unknown): boolean {
  return (
    error instanceof Error && 'code' in error && (error.code === 'EADDRINUSE' || error.code === 'EACCES')
  );
}

/** Lets the requests under way finish, if they are quick. */
export async function closeServer(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeIdleConnections();
  await orTimeout(closed, CLOSES_WITHIN_MS, () => []);
  server.closeAllConnections();
}

export interface ReceivedRequest {
  method: string;
  url: URL;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/** Null: no answer at all. */
export type Reply = { status: number; body?: object; headers?: Record<string, string> } | null;

/** Serves a stand-in for a service on any free port. An error of `answer` becomes a 500. */
export async function startStandIn(
  answer: (request: ReceivedRequest) => Reply | Promise<Reply>,
): Promise<{ url: string; stop: () => Promise<void> }> {
  const server = createServer((request, response) => {
    const { method = '', url: path = '/', headers } = request;
    void buffer(request)
      .then((body) => answer({ method, url: new URL(path, 'http://127.0.0.1'), headers, body }))
      .catch((error: unknown): Reply => ({ status: 500, body: { message: String(error) } }))
      .then((reply) => {
        if (reply !== null) {
          response.writeHead(reply.status, { 'content-type': 'application/json', ...reply.headers });
          response.end(reply.body === undefined ? '' : JSON.stringify(reply.body));
        }
      });
  });
  // Longer than the SDK keeps a connection: it must not send into one that has just closed.
  server.keepAliveTimeout = 65_000;
  const { url } = await listenLocally(server, 0);
  return { url, stop: () => closeServer(server) };
}
