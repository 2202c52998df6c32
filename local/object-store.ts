import { startStandIn } from './http-server.ts';

/** As much of S3 as takes objects, in memory: `PUT /<bucket>/<key>`. */
export interface ObjectStore {
  url: string;
  /** By `<bucket>/<key>`. */
  objects: Map<string, string>;
  stop: () => Promise<void>;
}

export async function startObjectStore(): Promise<ObjectStore> {
  const objects = new Map<string, string>();
  const server = await startStandIn(({ method, url, body }) => {
    if (method !== 'PUT') {
      return { status: 501 };
    }
    objects.set(decodeURIComponent(url.pathname.slice(1)), body.toString());
    return { status: 200, headers: { etag: '"local"' } };
  });
  return { ...server, objects };
}
