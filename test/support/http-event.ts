import type { Context } from 'aws-lambda';
import { type HttpEvent, type HttpResult } from '../../lambdas/http/event.ts';

export const NOW = Date.UTC(2026, 10, 24, 9);

export interface RequestOptions {
  method?: string;
  /** The path with its parameters' names, as ROUTES has it. */
  path?: string;
  parameters?: Record<string, string>;
  query?: Record<string, string>;
  headers?: Record<string, string>;
  claims?: Record<string, unknown> | null;
  body?: string;
  isBase64Encoded?: boolean;
}

/** What the gateway hands to a function for a request of the user `user-1`, or of whoever the claims name. */
export function httpEvent({
  method = 'GET',
  path = '/usage',
  parameters,
  query,
  headers = {},
  claims = { sub: 'user-1' },
  body,
  isBase64Encoded = false,
}: RequestOptions = {}): HttpEvent {
  const routeKey = `${method} ${path}`;
  return {
    version: '2.0',
    routeKey,
    rawPath: path,
    rawQueryString: new URLSearchParams(query).toString(),
    headers: { 'content-type': 'application/json', ...headers },
    isBase64Encoded,
    ...(parameters === undefined ? {} : { pathParameters: parameters }),
    ...(query === undefined ? {} : { queryStringParameters: query }),
    ...(body === undefined ? {} : { body }),
    requestContext: {
      accountId: '1',
      apiId: 'api',
      domainName: 'localhost',
      domainPrefix: 'localhost',
      http: { method, path, protocol: 'HTTP/1.1', sourceIp: '127.0.0.1', userAgent: 'test' },
      requestId: 'request-1',
      routeKey,
      stage: '$default',
      time: '24/Nov/2026:09:00:00 +0000',
      timeEpoch: NOW,
      ...(claims === null ? {} : { authorizer: { jwt: { claims } } }),
    },
  };
}

/** A Lambda context with so much time left. */
export function contextWith(remainingMs: number): Context {
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionName: 'test',
    functionVersion: '1',
    invokedFunctionArn: 'arn',
    memoryLimitInMB: '128',
    awsRequestId: 'aws-1',
    logGroupName: 'group',
    logStreamName: 'stream',
    getRemainingTimeInMillis: () => remainingMs,
    /* eslint-disable @typescript-eslint/no-deprecated -- Lambda's context has them all the same. */
    done: () => undefined,
    fail: () => undefined,
    succeed: () => undefined,
    /* eslint-enable @typescript-eslint/no-deprecated */
  };
}

/** The body of a result, parsed. */
export function jsonOf({ body }: HttpResult): unknown {
  return JSON.parse(body ?? 'null');
}
