/**
 * Plays what API Gateway does for pages on other origins, with the stage's list of them: it answers preflights itself, and puts
 * the headers on every answer, also on its own.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html
 */
import type { IncomingMessage } from 'node:http';
import { CORS } from '../lambdas/wiring/cors.ts';
import type { Answer } from './answers.ts';

/** The answer to a preflight; null for any other request, and while there is no list. */
export function answerPreflight(request: IncomingMessage, origins: readonly string[]): Answer | null {
  const isPreflight =
    request.method === 'OPTIONS' &&
    request.headers.origin !== undefined &&
    request.headers['access-control-request-method'] !== undefined;
  if (origins.length === 0 || !isPreflight) {
    return null;
  }
  // Without the headers, the browser refuses the request in the page's stead.
  const allowed: Record<string, string> = isAllowed(request.headers.origin, origins)
    ? {
        'access-control-allow-methods': CORS.methods.join(','),
        'access-control-allow-headers': CORS.headers.join(','),
        'access-control-max-age': String(CORS.maxAgeSeconds),
      }
    : {};
  return { status: 204, headers: allowed, body: '' };
}

/** What every answer to a page on one of the origins has. */
export function corsHeaders(
  { headers: { origin } }: IncomingMessage,
  origins: readonly string[],
): Record<string, string> {
  if (origin === undefined || !isAllowed(origin, origins)) {
    return {};
  }
  return {
    'access-control-allow-origin': origins.includes('*') ? '*' : origin,
    'access-control-expose-headers': CORS.exposed.join(','),
    ...(origins.includes('*') ? {} : { vary: 'origin' }),
  };
}

function isAllowed(origin: string | undefined, origins: readonly string[]): boolean {
  return origin !== undefined && (origins.includes('*') || origins.includes(origin));
}
