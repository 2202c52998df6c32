import { createHash, randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Stripe } from 'stripe';
import { accountRoutes } from './account.ts';
import { ApiError, type ApiErrorBody, invalidParameter } from './api-error.ts';
import { catalogRoutes } from './catalog.ts';
import { chargeRoutes } from './charges.ts';
import { checkoutRoutes } from './checkout.ts';
import { couponRoutes } from './coupons.ts';
import { customerRoutes } from './customers.ts';
import { disputeRoutes } from './disputes.ts';
import { eventRoutes } from './events.ts';
import { expand } from './expand.ts';
import { type ApiFault, type Faults } from './faults.ts';
import { type Form, type FormValue, parseForm } from './form.ts';
import { type KeptAnswer } from './idempotency.ts';
import { CORS_HEADERS, publicPart, requirePublic } from './in-page.ts';
import { previewRoutes } from './invoice-preview.ts';
import { invoiceRoutes } from './invoice-routes.ts';
import { type Access, accessBy, type Account, lacksRight } from './keys.ts';
import { paymentIntentRoutes } from './payment-intents.ts';
import { paymentMethodRoutes } from './payment-methods.ts';
import { portalRoutes } from './portal.ts';
import { type Random } from './random.ts';
import { type RateLimiter, tooMany } from './rate-limits.ts';
import { record } from './recorder.ts';
import { refundRoutes } from './refunds.ts';
import { type Route } from './route.ts';
import { matchRoute, parseTarget } from './router.ts';
import { scheduleRoutes } from './schedules.ts';
import { subscriptionRoutes } from './subscriptions.ts';
import { taxRateRoutes } from './tax-rates.ts';
import { webhookEndpointRoutes } from './webhook-endpoints.ts';

const ROUTES: readonly Route[] = [
  ...accountRoutes,
  ...catalogRoutes,
  ...chargeRoutes,
  ...checkoutRoutes,
  ...couponRoutes,
  ...customerRoutes,
  ...disputeRoutes,
  ...eventRoutes,
  ...previewRoutes,
  ...invoiceRoutes,
  ...paymentIntentRoutes,
  ...paymentMethodRoutes,
  ...portalRoutes,
  ...refundRoutes,
  ...scheduleRoutes,
  ...subscriptionRoutes,
  ...taxRateRoutes,
  ...webhookEndpointRoutes,
];

export interface ApiRequest {
  method: string;
  /** Path and query. */
  target: string;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

export interface ApiAnswer {
  status: number;
  headers: Record<string, string>;
  body: string;
}

/** An answer, a connection that is cut, or silence. */
export type ApiOutcome = ApiAnswer | 'cut' | 'hang';

export interface ApiParts {
  keys: ReadonlyMap<string, Access>;
  random: Random;
  /** Null: no limit. */
  limiter: RateLimiter | null;
  /** The sandbox's clock, in milliseconds. */
  now: () => number;
  faults: () => Faults['api'];
  /** After each request that may have changed something. */
  onChange: () => void;
  /** A mistake of the stand-in's own; the caller gets 500. */
  onError: (error: unknown) => void;
}

/** Stripe's HTTP API: keys, versions, idempotency, faults and errors around the routes. */
export async function answerApi(parts: ApiParts, request: ApiRequest): Promise<ApiOutcome> {
  // It is not one of the sandbox's ids, because reading makes nothing.
  const requestId = `req_${randomBytes(7).toString('hex')}`;
  record(request);
  try {
    const access = accessBy(parts.keys, headerOf(request, 'authorization'));
    requireVersion(request);
    parts.limiter?.count(endpointOf(request));
    requireRight(parts, access, request);
    const key = request.method === 'POST' ? headerOf(request, 'idempotency-key') : null;
    return await (key === null
      ? attempt(parts, access, request, requestId, null)
      : attemptOnce(parts, access, request, requestId, key));
  } catch (error) {
    return answerError(parts, requestId, error);
  }
}

async function attemptOnce(
  parts: ApiParts,
  account: Access,
  request: ApiRequest,
  requestId: string,
  key: string,
): Promise<ApiOutcome> {
  const { path } = parseTarget(request.target);
  const fingerprint = createHash('sha256')
    .update(canonical(parseForm(request.body)))
    .digest('hex');
  const kept = account.idempotency.take(key, path, fingerprint, parts.now());
  if (kept !== null) {
    return parts.random.happens(parts.faults().dropAfterEffect)
      ? 'cut'
      : answer(parts, requestId, kept, {
          'idempotency-key': key,
          'idempotent-replayed': 'true',
          'original-request': kept.requestId,
        });
  }
  return attempt(parts, account, request, requestId, key);
}

async function attempt(
  parts: ApiParts,
  account: Access,
  request: ApiRequest,
  requestId: string,
  key: string | null,
): Promise<ApiOutcome> {
  const { latencyMs, errorRate, errors, dropAfterEffect, errorAfterEffect } = parts.faults();
  if (latencyMs > 0) {
    await sleep(latencyMs);
  }
  const extra: Record<string, string> = key === null ? {} : { 'idempotency-key': key };
  const fault = parts.random.happens(errorRate) ? (errors[parts.random.index(errors.length)] ?? null) : null;
  if (fault !== null && fault !== 'kept_server_error') {
    release(account, key);
    return failed(parts, requestId, fault);
  }
  const carried = fault === null ? carryOut(account, request, requestId, key) : internalError(requestId);
  const isLost = request.method !== 'GET' && parts.random.happens(errorAfterEffect);
  const { status, body, headers, isDecided } = isLost ? internalError(requestId) : carried;
  if (isDecided && key !== null) {
    account.idempotency.keep(key, { status, body, requestId });
  } else {
    release(account, key);
  }
  if (request.method !== 'GET') {
    parts.onChange();
    if (parts.random.happens(dropAfterEffect)) {
      return 'cut';
    }
  }
  return answer(parts, requestId, { status, body, requestId }, { ...headers, ...extra });
}

function release({ idempotency }: Account, key: string | null): void {
  if (key !== null) {
    idempotency.release(key);
  }
}

interface Carried {
  status: number;
  body: string;
  headers: Record<string, string>;
  /** Whether the idempotency key keeps it. */
  isDecided: boolean;
}

// Source: https://docs.stripe.com/api/idempotent_requests
/** A 500 of an endpoint that had begun: its key keeps it. */
function internalError(requestId: string): Carried {
  const { status, body, headers, isDecided } = serverError();
  return { status, body: errorBody(body, requestId), headers, isDecided };
}

/** It awaits nothing, so that requests are carried out one after the other. */
function carryOut(
  { sandbox, lifecycle, isPublishable }: Access,
  request: ApiRequest,
  requestId: string,
  key: string | null,
): Carried {
  const { path, query } = parseTarget(request.target);
  lifecycle.advance();
  sandbox.request = { id: requestId, idempotency_key: key };
  try {
    const match = matchRoute(ROUTES, request.method, path);
    if (match === null) {
      throw unknownUrl(request.method, path);
    }
    const { expand: expanded = [], ...form } = parseForm(request.method === 'POST' ? request.body : query);
    if (isPublishable) {
      requirePublic(match.route, form);
    }
    const answered = match.route.answer(sandbox, form, match.parameters);
    const result = isPublishable ? publicPart(answered) : answered;
    // The answer shows what follows at once, such as a trial that ends within the same second.
    const body = JSON.stringify(expand(sandbox, result, expandPaths(expanded)), null, 2);
    return { status: 200, body: inMode(sandbox.livemode, body), headers: {}, isDecided: true };
  } catch (error) {
    if (error instanceof ApiError) {
      const { status, body, headers, isDecided } = error;
      return { status, body: errorBody(body, requestId), headers, isDecided };
    }
    throw error;
  } finally {
    sandbox.request = null;
  }
}

function expandPaths(value: FormValue): string[] {
  if (!Array.isArray(value)) {
    throw invalidParameter('Invalid array', 'expand');
  }
  return value.filter((path) => typeof path === 'string');
}

/** Objects are made as those of a sandbox. */
function inMode(livemode: boolean, body: string): string {
  return livemode ? body.replaceAll('"livemode": false', '"livemode": true') : body;
}

// Source: https://docs.stripe.com/rate-limits
/** A named operation, whichever object its path names. */
function endpointOf({ method, target }: ApiRequest): string {
  const { path } = parseTarget(target);
  return `${method} ${matchRoute(ROUTES, method, path)?.route.path ?? path}`;
}

function requireRight(parts: ApiParts, { sandbox }: Access, { method, target }: ApiRequest): void {
  const asked = `${method} ${parseTarget(target).path}`;
  if (parts.faults().forbidden.some((one) => asked.startsWith(one))) {
    throw lacksRight(sandbox);
  }
}

function requireVersion(request: ApiRequest): void {
  const version = headerOf(request, 'stripe-version');
  if (version !== null && version !== Stripe.API_VERSION) {
    throw new ApiError(
      400,
      {
        type: 'invalid_request_error',
        message: `Invalid Stripe API version: ${version}. The stand-in speaks ${Stripe.API_VERSION} only.`,
      },
      false,
    );
  }
}

function unknownUrl(method: string, path: string): ApiError {
  return new ApiError(404, {
    type: 'invalid_request_error',
    message: `Unrecognized request URL (${method}: ${path}). Please see https://stripe.com/docs or we can help at https://support.stripe.com/.`,
  });
}

function failed(
  parts: ApiParts,
  requestId: string,
  fault: Exclude<ApiFault, 'kept_server_error'>,
): ApiOutcome {
  switch (fault) {
    case 'cut':
    case 'hang':
      return fault;
    case 'garbage':
      return {
        status: 502,
        headers: { ...headersOf(parts, requestId), 'content-type': 'text/html' },
        body: '<html><body><h1>502 Bad Gateway</h1></body></html>',
      };
    case 'rate_limit':
      return answerError(parts, requestId, tooMany('global-rate'));
    case 'server_error':
      return answerError(parts, requestId, serverError());
  }
}

function serverError(): ApiError {
  return new ApiError(500, {
    type: 'api_error',
    message: 'An unknown error occurred. Please try again, and if the problem persists contact us.',
  });
}

function answerError(parts: ApiParts, requestId: string, error: unknown): ApiAnswer {
  if (!(error instanceof ApiError)) {
    parts.onError(error);
    return answerError(parts, requestId, serverError());
  }
  return answer(
    parts,
    requestId,
    { status: error.status, body: errorBody(error.body, requestId), requestId },
    error.headers,
  );
}

function errorBody(error: ApiErrorBody, requestId: string): string {
  const log = `https://dashboard.stripe.com/test/logs/${requestId}`;
  return JSON.stringify({ error: { ...error, request_log_url: log } }, null, 2);
}

function answer(
  parts: ApiParts,
  requestId: string,
  { status, body }: KeptAnswer,
  extra: Record<string, string>,
): ApiAnswer {
  return { status, headers: { ...headersOf(parts, requestId), ...extra }, body };
}

function headersOf(parts: ApiParts, requestId: string): Record<string, string> {
  return {
    'content-type': 'application/json',
    'request-id': requestId,
    'stripe-version': Stripe.API_VERSION,
    ...CORS_HEADERS,
    // By the sandbox's clock, which is Stripe's time here.
    date: new Date(parts.now()).toUTCString(),
  };
}

function headerOf(request: ApiRequest, name: string): string | null {
  const value = request.headers[name];
  return (Array.isArray(value) ? value[0] : value) ?? null;
}

/** The same text for the same parameters, whatever their order. */
function canonical(value: FormValue): string {
  if (typeof value === 'string') {
    return JSON.stringify(value);
  }
  if (Array.isArray(value)) {
    return `[${value.map(canonical).join(',')}]`;
  }
  const members: Form = value;
  const sorted = Object.keys(members).sort();
  return `{${sorted.map((name) => `${JSON.stringify(name)}:${canonical(members[name] ?? '')}`).join(',')}}`;
}
