import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Target } from './routing.ts';

/** A request for a page, not for the API: forms and cookies count, tokens and JSON do not. */
export interface PageRequest {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  form(): URLSearchParams;
}

export function pageRequest({ method, headers }: IncomingMessage, target: Target, body: Buffer): PageRequest {
  return {
    method: method ?? '',
    path: target.path,
    query: new URLSearchParams(target.query),
    headers,
    form: () => new URLSearchParams(body.toString('utf8')),
  };
}
