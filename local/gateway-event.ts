import type { IncomingMessage } from 'node:http';
import { isUtf8 } from 'node:buffer';
import { randomUUID } from 'node:crypto';
import type { APIGatewayProxyEventV2, APIGatewayProxyEventV2WithJWTAuthorizer } from 'aws-lambda';
import type { Instant } from '../lambdas/domain/instants.ts';
import type { Target } from './routing.ts';

/** What the gateway knows about a request when it calls a function. */
export interface GatewayRequest {
  request: IncomingMessage;
  target: Target;
  body: Buffer;
  routeKey: string;
  pathParameters: Record<string, string>;
  /** Null on a route without an authorizer. */
  claims: Record<string, string> | null;
  now: Instant;
}

export type GatewayEvent = APIGatewayProxyEventV2 | APIGatewayProxyEventV2WithJWTAuthorizer;

/** These belong to the connection and end at the gateway. Cookies have a member of their own. */
const NOT_HANDED_ON = new Set(['connection', 'keep-alive', 'transfer-encoding', 'upgrade', 'cookie']);

/**
 * The event in payload format 2.0, with the members that API Gateway's HTTP API sends. It leaves out what the request
 * does not have.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
 */
export function buildEvent(gateway: GatewayRequest): GatewayEvent {
  const { request, target, routeKey, pathParameters, claims, now } = gateway;
  const path = decodeURIComponent(target.path);
  const headers = collectHeaders(request);
  const cookies = request.headers.cookie?.split(/; */);
  const query = collectQuery(target.query);
  return {
    version: '2.0',
    routeKey,
    // API Gateway decodes it, in spite of the name.
    rawPath: path,
    rawQueryString: target.query,
    ...(cookies === undefined ? {} : { cookies }),
    headers,
    ...(hasNone(query) ? {} : { queryStringParameters: query }),
    requestContext: {
      accountId: '000000000000',
      apiId: 'local',
      ...(claims === null ? {} : { authorizer: { jwt: { claims, scopes: null } } }),
      domainName: 'local.execute-api.localhost',
      domainPrefix: 'local',
      http: {
        method: request.method ?? '',
        path,
        protocol: `HTTP/${request.httpVersion}`,
        sourceIp: request.socket.remoteAddress ?? '',
        userAgent: headers['user-agent'] ?? '',
      },
      requestId: randomUUID(),
      routeKey,
      stage: '$default',
      time: toLogTime(now),
      timeEpoch: now,
    },
    ...(hasNone(pathParameters) ? {} : { pathParameters }),
    ...encodeBody(gateway.body, headers['content-type']),
  };
}

/** Names in lower case; values of the same name joined with commas. */
function collectHeaders(request: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, values] of Object.entries(request.headersDistinct)) {
    if (!NOT_HANDED_ON.has(name) && values !== undefined) {
      headers[name] = values.join(',');
    }
  }
  const { remoteAddress, localPort } = request.socket;
  return {
    ...headers,
    'x-forwarded-for': remoteAddress ?? '',
    'x-forwarded-port': String(localPort),
    'x-forwarded-proto': 'http',
  };
}

/** Decoded; values of the same name joined with commas. */
function collectQuery(query: string): Record<string, string> {
  const parameters: Record<string, string> = {};
  for (const [name, value] of new URLSearchParams(query)) {
    const earlier = parameters[name];
    parameters[name] = earlier === undefined ? value : `${earlier},${value}`;
  }
  return parameters;
}

function hasNone(values: object): boolean {
  return Object.keys(values).length === 0;
}

/**
 * Text stays as it is; everything else becomes base64, also a body without a content type. API Gateway does not document
 * which types are text; this list comes from a real one: https://github.com/ministackorg/ministack/pull/766
 * Text that is not UTF-8 becomes base64 too, which is a guess: so the function gets it undamaged, and refuses it.
 */
function encodeBody(
  body: Buffer,
  contentType: string | undefined,
): Pick<APIGatewayProxyEventV2, 'body' | 'isBase64Encoded'> {
  if (body.length === 0) {
    return { isBase64Encoded: false };
  }
  const mediaType = (contentType ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
  const isText = /^(text\/.+|application\/(json|xml|javascript))$/.test(mediaType) && isUtf8(body);
  return { body: body.toString(isText ? 'utf8' : 'base64'), isBase64Encoded: !isText };
}

/** `12/Mar/2026:19:03:58 +0000` */
function toLogTime(instant: Instant): string {
  const [, day, month, year, time] =
    /^\w+, (\d+) (\w+) (\d+) ([\d:]+)/.exec(new Date(instant).toUTCString()) ?? [];
  return `${day ?? ''}/${month ?? ''}/${year ?? ''}:${time ?? ''} +0000`;
}
