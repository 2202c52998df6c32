import type { Stripe } from 'stripe';

type ErrorType =
  'api_error' | 'authentication_error' | 'card_error' | 'idempotency_error' | 'invalid_request_error';

/** What stands under `error` in an answer of Stripe's that is not 2xx. */
export interface ApiErrorBody {
  type: ErrorType;
  message: string;
  code?: string;
  param?: string;
  decline_code?: string;
  charge?: string;
  doc_url?: string;
  payment_intent?: Stripe.PaymentIntent;
  payment_method?: Stripe.PaymentMethod;
  advice_code?: string;
}

/** An answer other than 2xx. The effects that came before it stand: a decline leaves a failed charge. */
export class ApiError extends Error {
  readonly status: number;
  readonly body: ApiErrorBody;
  // Source: https://docs.stripe.com/api/idempotent_requests
  /** Whether an idempotency key remembers it. Stripe keeps what an endpoint decided, not what stopped it from starting. */
  readonly isDecided: boolean;
  readonly headers: Record<string, string>;

  constructor(status: number, body: ApiErrorBody, isDecided = true, headers: Record<string, string> = {}) {
    super(body.message);
    this.name = 'ApiError';
    this.status = status;
    const { code } = body;
    const documentation =
      code === undefined
        ? {}
        : { doc_url: `https://stripe.com/docs/error-codes/${code.replaceAll('_', '-')}` };
    this.body = { ...documentation, ...body };
    this.isDecided = isDecided;
    this.headers = headers;
  }
}

// Source: https://docs.stripe.com/api/errors
/** A request that the state of things does not allow. */
export function invalidRequest(
  message: string,
  details: Partial<Pick<ApiErrorBody, 'code' | 'param' | 'payment_intent'>> = {},
): ApiError {
  return new ApiError(400, { type: 'invalid_request_error', message, ...details });
}

/** A parameter that can't be read at all: the endpoint did not start, and no idempotency key remembers it. */
export function invalidParameter(message: string, param: string, code?: string): ApiError {
  return new ApiError(
    400,
    { type: 'invalid_request_error', message, param, ...(code === undefined ? {} : { code }) },
    false,
  );
}

// Guess: an object that the path names and that is not there is 404, and one that a parameter names is 400.
/**
 * An object that is not there: 404 for the object that the path names, 400 for one that a parameter names.
 */
export function resourceMissing(kind: string, id: string, param = 'id', hint = ''): ApiError {
  return new ApiError(param === 'id' ? 404 : 400, {
    type: 'invalid_request_error',
    code: 'resource_missing',
    message: `No such ${kind}: '${id}'${hint}`,
    param,
  });
}
