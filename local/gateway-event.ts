import type { IncomingMessage } from 'node:http';
import { isUtf8 } from 'node:buffer';
import { randomUUID } from 'node:crypto';
import type { APIGatewayProxyEventV2, APIGatewayProxyEventV2WithJWTAuthorizer } from 'aws-lambda';
import type { Instant } from '../lambdas/domain/instants.ts';
import type { Target } from './routing.ts';

/** What the gateway has found out about a request by the time it calls a function. */
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

/** Headers that belong to a connection, and so end at the gateway; cookies stand beside the headers. */
const NOT_HANDED_ON = new Set(['connection', 'keep-alive', 'transfer-encoding', 'upgrade', 'cookie']);

/**
 * The event of payload format 2.0, with the same members in the same places as API Gateway's HTTP API sends them; what
 * a request does not have is left out.
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
    // The gateway decodes it, whatever the name says.
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
 * Text as it is, everything else in base64, and that includes a body without a content type. API Gateway does not
 * document which types are text; this list was read off a real one: https://github.com/ministackorg/ministack/pull/766
 * Nor does it tell what becomes of text that is not UTF-8: in base64 it reaches the function, which refuses it, unharmed.
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
