import { createHash, randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Stripe } from 'stripe';
import { ApiError, type ApiErrorBody, invalidParameter } from './api-error.ts';
import { catalogRoutes } from './catalog.ts';
import { chargeRoutes } from './charges.ts';
import { checkoutRoutes } from './checkout.ts';
import { customerRoutes } from './customers.ts';
import { disputeRoutes } from './disputes.ts';
import { eventRoutes } from './events.ts';
import { expand } from './expand.ts';
import { type ApiFault, type Faults } from './faults.ts';
import { type Form, type FormValue, parseForm } from './form.ts';
import { type IdempotencyKeys, type KeptAnswer } from './idempotency.ts';
import { previewRoutes } from './invoice-preview.ts';
import { invoiceRoutes } from './invoice-routes.ts';
import { type Lifecycle } from './lifecycle.ts';
import { paymentIntentRoutes } from './payment-intents.ts';
import { paymentMethodRoutes } from './payment-methods.ts';
import { portalRoutes } from './portal.ts';
import { type Random } from './random.ts';
import { refundRoutes } from './refunds.ts';
import { type Route } from './route.ts';
import { matchRoute, parseTarget } from './router.ts';
import { type Sandbox } from './sandbox.ts';
import { scheduleRoutes } from './schedules.ts';
import { subscriptionRoutes } from './subscriptions.ts';

const ROUTES: readonly Route[] = [
  ...catalogRoutes,
  ...chargeRoutes,
  ...checkoutRoutes,
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
  sandbox: Sandbox;
  lifecycle: Lifecycle;
  idempotency: IdempotencyKeys;
  random: Random;
  secretKey: string;
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
  try {
    requireKey(request, parts.secretKey);
    requireVersion(request);
    const key = request.method === 'POST' ? headerOf(request, 'idempotency-key') : null;
    return await (key === null
      ? attempt(parts, request, requestId, null)
      : attemptOnce(parts, request, requestId, key));
  } catch (error) {
    return answerError(parts, requestId, error);
  }
}

async function attemptOnce(
  parts: ApiParts,
  request: ApiRequest,
  requestId: string,
  key: string,
): Promise<ApiOutcome> {
  const { path } = parseTarget(request.target);
  const fingerprint = createHash('sha256')
    .update(canonical(parseForm(request.body)))
    .digest('hex');
  const kept = parts.idempotency.take(key, path, fingerprint, parts.now());
  if (kept !== null) {
    return parts.random.happens(parts.faults().dropAfterEffect)
      ? 'cut'
      : answer(parts, requestId, kept, {
          'idempotency-key': key,
          'idempotent-replayed': 'true',
          'original-request': kept.requestId,
        });
  }
  return attempt(parts, request, requestId, key);
}

async function attempt(
  parts: ApiParts,
  request: ApiRequest,
  requestId: string,
  key: string | null,
): Promise<ApiOutcome> {
  const { latencyMs, errorRate, errors, dropAfterEffect } = parts.faults();
  if (latencyMs > 0) {
    await sleep(latencyMs);
  }
  const release = (): void => (key === null ? undefined : parts.idempotency.release(key));
  // Guess: a 500 or 429 comes before anything has begun, so that the idempotency key stays free.
  if (parts.random.happens(errorRate)) {
    release();
    return failed(parts, requestId, errors[parts.random.index(errors.length)] ?? 'server_error');
  }
  const { status, body, isDecided } = carryOut(parts, request, requestId, key);
  if (!isDecided) {
    release();
  } else if (key !== null) {
    parts.idempotency.keep(key, { status, body, requestId });
  }
  if (request.method !== 'GET') {
    parts.onChange();
    if (parts.random.happens(dropAfterEffect)) {
      return 'cut';
    }
  }
  return answer(
    parts,
    requestId,
    { status, body, requestId },
    key === null ? {} : { 'idempotency-key': key },
  );
}

/** It awaits nothing, so that requests are carried out one after the other. */
function carryOut(
  { sandbox, lifecycle }: ApiParts,
  request: ApiRequest,
  requestId: string,
  key: string | null,
): { status: number; body: string; isDecided: boolean } {
  const { path, query } = parseTarget(request.target);
  lifecycle.advance();
  sandbox.request = { id: requestId, idempotency_key: key };
  try {
    const match = matchRoute(ROUTES, request.method, path);
    if (match === null) {
      throw unknownUrl(request.method, path);
    }
    const { expand: expanded = [], ...form } = parseForm(request.method === 'POST' ? request.body : query);
    const result = match.route.answer(sandbox, form, match.parameters);
    // The answer shows what follows at once, such as a trial that ends within the same second.
    const body = JSON.stringify(expand(sandbox, result, expandPaths(expanded)), null, 2);
    return { status: 200, body, isDecided: true };
  } catch (error) {
    if (error instanceof ApiError) {
      return { status: error.status, body: errorBody(error.body, requestId), isDecided: error.isDecided };
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

// Source: https://stripe.com/docs/api#authentication
function requireKey(request: ApiRequest, secretKey: string): void {
  const header = headerOf(request, 'authorization') ?? '';
  const [scheme = '', credentials = ''] = header.split(' ');
  const key =
    scheme === 'Basic' ? Buffer.from(credentials, 'base64').toString('utf8').split(':')[0] : credentials;
  if (key === undefined || key === '') {
    throw new ApiError(
      401,
      {
        type: 'invalid_request_error',
        message:
          "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY'). See https://stripe.com/docs/api#authentication for details, or we can help at https://support.stripe.com/.",
      },
      false,
    );
  }
  if (key !== secretKey) {
    const shown = `${key.slice(0, 8)}${'*'.repeat(Math.max(0, key.length - 12))}${key.slice(-4)}`;
    throw new ApiError(
      401,
      { type: 'invalid_request_error', message: `Invalid API Key provided: ${shown}` },
      false,
    );
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

function failed(parts: ApiParts, requestId: string, fault: ApiFault): ApiOutcome {
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
      return answerError(parts, requestId, tooMany());
    case 'server_error':
      return answerError(parts, requestId, serverError());
  }
}

// Source: https://docs.stripe.com/rate-limits
function tooMany(): ApiError {
  return new ApiError(429, {
    type: 'invalid_request_error',
    code: 'rate_limit',
    message:
      'Request rate limit exceeded. Learn more about rate limits here https://stripe.com/docs/rate-limits.',
  });
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
    {},
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
