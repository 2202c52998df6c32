import { request as sendRequest, type OutgoingHttpHeaders } from 'node:http';
import { json } from 'node:stream/consumers';

export interface RawRequest {
  method?: string;
  /** As it goes over the wire, with whatever escapes it has. */
  path: string;
  headers?: OutgoingHttpHeaders;
  body?: string | Buffer;
}

export interface JsonAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: unknown;
}

/** Sends a request just as it is given, where `fetch` would tidy it up, and reads the answer as JSON. */
export async function sendRaw(
  url: string,
  { method = 'GET', path, headers, body }: RawRequest,
): Promise<JsonAnswer> {
  const { hostname, port } = new URL(url);
  const answered = Promise.withResolvers<JsonAnswer>();
  sendRequest({ hostname, port, method, path, headers }, (answer) => {
    json(answer).then(
      (parsed) => answered.resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: parsed }),
      answered.reject,
    );
  })
    .on('error', answered.reject)
    .end(body);
  return answered.promise;
}
