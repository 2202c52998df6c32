import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { closeServer, listenLocally } from './http-server.ts';

/** As much of S3 as takes objects, in memory: `PUT /<bucket>/<key>`. */
export interface ObjectStore {
  url: string;
  /** By `<bucket>/<key>`. */
  objects: Map<string, string>;
  stop: () => Promise<void>;
}

export async function startObjectStore(): Promise<ObjectStore> {
  const objects = new Map<string, string>();
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const { pathname } = new URL(request.url ?? '/', 'http://127.0.0.1');
      if (request.method !== 'PUT') {
        response.writeHead(501).end();
        return;
      }
      objects.set(decodeURIComponent(pathname.slice(1)), body);
      response.writeHead(200, { etag: '"local"' }).end();
    });
  });
  const { url } = await listenLocally(server, 0);
  return { url, objects, stop: () => closeServer(server) };
}
