import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Instant } from '../lambdas/domain/instants.ts';
import { type Access } from '../lambdas/http/routes.ts';
import { type Answer, answerFromGateway } from './answers.ts';
import type { LocalApp } from './apps.ts';
import { answerPreflight, corsHeaders } from './cors.ts';
import type { Authorization } from './authorizer.ts';
import { type FunctionLoaders, invokeFunction } from './functions.ts';
import { buildEvent } from './gateway-event.ts';
import { closeServer, listenLocally } from './http-server.ts';
import { answerLocally, type LocalRoute } from './local-routes.ts';
import { type PageRequest, pageRequest } from './page-request.ts';
import { orTimeout } from './or-timeout.ts';
import { matchRoute, parseTarget, type Target } from './routing.ts';

/** API Gateway's limits for HTTP APIs. */
const MAX_BODY_BYTES = 10 * 1024 * 1024;
const MAX_HEADER_BYTES = 10_240;
const INTEGRATION_TIMEOUT_MS = 30_000;

/** The gateway checks the token of these. */
const TOKEN_ACCESS: ReadonlySet<Access> = new Set(['user', 'usage:read', 'usage:write', 'admin']);

export interface GatewayOptions {
  routes: LocalApp['routes'];
  functions: FunctionLoaders;
  /** Routes that exist only on this machine. They come first. */
  localRoutes: readonly LocalRoute[];
  /** Pages for browsers, which come before all routes; null: there is none at this address. */
  pages?: ((request: PageRequest) => Promise<Answer | null>) | undefined;
  authorize: (header: string | undefined) => Promise<Authorization>;
  /** Of pages that may call from a browser. */
  origins: readonly string[];
  now: () => Instant;
  onAnswer?: (request: { method: string; path: string; status: number; tookMs: number }) => void;
  /** Takes internal errors, which the caller does not get to see. */
  onError: (error: unknown) => void;
}

export interface Gateway {
  url: string;
  /** Begins to answer, also the requests that are waiting. */
  serve(options: GatewayOptions): void;
  /** Lets the requests under way finish, if they are quick. */
  stop(): Promise<void>;
}

/**
 * Plays an HTTP API of API Gateway on 127.0.0.1: its routes, authorizer, limits, events and own answers.
 *
 * @throws UsageError when the port is taken
 */
export async function openGateway(port: number): Promise<Gateway> {
  const configured = Promise.withResolvers<GatewayOptions>();
  const server = createServer({ maxHeaderSize: MAX_HEADER_BYTES }, (request, response) => {
    void configured.promise.then((options) => serve(request, response, options));
  });
  // Longer than clients keep a connection: they must not send into one that has just closed.
  server.keepAliveTimeout = 65_000;
  const { url } = await listenLocally(server, port);
  return { url, serve: configured.resolve, stop: () => closeServer(server) };
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  options: GatewayOptions,
): Promise<void> {
  const startedAt = performance.now();
  const target = parseTarget(request.url ?? '/');
  const answer = await answerTo(request, target, options).catch((error: unknown) => {
    options.onError(error);
    return answerFromGateway(500, 'Internal Server Error');
  });
  send(response, { ...answer, headers: { ...answer.headers, ...corsHeaders(request, options.origins) } });
  options.onAnswer?.({
    method: request.method ?? '',
    path: target.path,
    status: answer.status,
    tookMs: performance.now() - startedAt,
  });
}

async function answerTo(request: IncomingMessage, target: Target, options: GatewayOptions): Promise<Answer> {
  const body = await readBody(request);
  if (body === 'too large') {
    return answerFromGateway(413, 'Request Entity Too Large');
  }
  const preflight = answerPreflight(request, options.origins);
  if (preflight !== null) {
    return preflight;
  }
  const method = request.method ?? '';
  try {
    decodeURIComponent(target.path);
  } catch {
    return answerFromGateway(400, 'Bad Request');
  }
  const page = (await options.pages?.(pageRequest(request, target, body))) ?? null;
  if (page !== null) {
    return page;
  }
  const local = matchRoute(options.localRoutes, method, target.path);
  if (local !== null) {
    return answerLocally(local, target, body);
  }
  const match = matchRoute(options.routes, method, target.path);
  return match === null
    ? answerFromGateway(404, 'Not Found')
    : callFunction(match, request, target, body, options);
}

async function callFunction(
  { route, parameters }: { route: LocalApp['routes'][number]; parameters: Record<string, string> },
  request: IncomingMessage,
  target: Target,
  body: Buffer,
  options: GatewayOptions,
): Promise<Answer> {
  const authorization = TOKEN_ACCESS.has(route.access)
    ? await options.authorize(request.headers.authorization)
    : null;
  if (authorization?.outcome === 'unauthorized') {
    const headers = { 'www-authenticate': authorization.challenge };
    return answerFromGateway(401, 'Unauthorized', headers);
  }
  const event = buildEvent({
    request,
    target,
    body,
    routeKey: `${route.method} ${route.path}`,
    pathParameters: parameters,
    claims: authorization?.claims ?? null,
    now: options.now(),
  });
  const invocation = options.functions[route.group]().then(({ handler }) =>
    invokeFunction(`postage-${route.group}`, handler, event),
  );
  return orTimeout(invocation, INTEGRATION_TIMEOUT_MS, () => answerFromGateway(503, 'Service Unavailable'));
}

/** Reads a body that is too large to its end without keeping it: only then does the caller read the answer. */
async function readBody(request: IncomingMessage): Promise<Buffer | 'too large'> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= MAX_BODY_BYTES) {
      chunks.push(chunk);
    }
  }
  return size <= MAX_BODY_BYTES ? Buffer.concat(chunks) : 'too large';
}

function send(response: ServerResponse, answer: Answer): void {
  if (response.destroyed) {
    return;
  }
  const { status, headers, cookies = [], body } = answer;
  response.writeHead(status, {
    ...headers,
    'content-length': Buffer.byteLength(body),
    ...(cookies.length === 0 ? {} : { 'set-cookie': [...cookies] }),
  });
  response.end(body);
}
