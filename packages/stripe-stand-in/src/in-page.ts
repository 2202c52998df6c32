import { readFileSync } from 'node:fs';
import { ApiError, invalidParameter } from './api-error.ts';
import { type Form } from './form.ts';
import { type Route } from './route.ts';

// Source: https://docs.stripe.com/js/including
/** Stripe.js's double, and the page's questions whether it may ask. Null for what is neither. */
export function answerPage(
  method: string,
  path: string,
): { status: number; headers: Record<string, string>; body: string } | null {
  if (method === 'OPTIONS' && path.startsWith('/v1/')) {
    return { status: 204, headers: CORS_HEADERS, body: '' };
  }
  if (method === 'GET' && /^\/(v3|[a-z]+)\/stripe\.js$/.test(path)) {
    const headers = { ...CORS_HEADERS, 'content-type': 'text/javascript; charset=utf-8' };
    return {
      status: 200,
      headers,
      body: readFileSync(new URL('browser/stripe.js', import.meta.url), 'utf8'),
    };
  }
  return null;
}

export const CORS_HEADERS = {
  'access-control-allow-origin': '*',
  'access-control-allow-methods': 'GET, HEAD, POST, DELETE',
  'access-control-allow-headers': 'authorization, content-type, idempotency-key, stripe-version',
  'access-control-expose-headers': 'Request-Id, Stripe-Should-Retry',
};

// Source: https://docs.stripe.com/keys
// Guess: what needs a secret key answers 403 to a publishable one.
/** @throws ApiError for what a page may not ask, or when it names no client secret */
export function requirePublic({ isPublic }: Route, form: Form): void {
  if (!isPublic) {
    throw new ApiError(
      403,
      {
        type: 'invalid_request_error',
        code: 'secret_key_required',
        message:
          'This API call cannot be made with a publishable API key. Please use a secret API key. You can find a list of your API keys at https://dashboard.stripe.com/account/apikeys.',
      },
      false,
    );
  }
  if (form['client_secret'] === undefined) {
    throw invalidParameter('Missing required param: client_secret.', 'client_secret', 'parameter_missing');
  }
}

// Source: https://docs.stripe.com/api/payment_intents/object
/** "If you retrieve a PaymentIntent with a publishable key, it only returns a subset of the fields." */
export function publicPart(intent: object): object {
  return Object.fromEntries(Object.entries(intent).filter(([name]) => PUBLIC.has(name)));
}

const PUBLIC = new Set([
  'id',
  'object',
  'amount',
  'amount_details',
  'automatic_payment_methods',
  'canceled_at',
  'cancellation_reason',
  'capture_method',
  'client_secret',
  'confirmation_method',
  'created',
  'currency',
  'description',
  'last_payment_error',
  'livemode',
  'next_action',
  'payment_method',
  'payment_method_configuration_details',
  'payment_method_types',
  'processing',
  'receipt_email',
  'setup_future_usage',
  'shipping',
  'source',
  'status',
]);
