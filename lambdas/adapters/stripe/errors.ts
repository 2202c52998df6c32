import { Stripe } from 'stripe';

/** Stripe did not answer, or not sensibly, or only that it is busy: the same may be asked again. */
export class StripeUnavailableError extends Error {
  override name = 'StripeUnavailableError';
}

/** Stripe has failed at a request. If it has an idempotency key, Stripe may repeat this answer under it for a day. */
export class StripeFailedError extends StripeUnavailableError {}

/** Stripe can't be used until the operator of Postage has set its keys and prices. */
export class NotConfiguredError extends Error {
  override name = 'NotConfiguredError';
}

/** An idempotency key came again with other parameters. */
class StripeIdempotencyError extends Error {
  override name = 'StripeIdempotencyError';
}

/** An object that was named does not exist at Stripe, or exists no more. */
export class StripeMissingError extends Error {
  override name = 'StripeMissingError';
  /** The parameter that named it. */
  readonly param: string | null;

  constructor(message: string, param: string | null) {
    super(message);
    this.param = param;
  }
}

/** Null: Stripe does not know the object that was asked for, or not any more. */
export async function orNull<Answer>(answer: Promise<Answer>): Promise<Answer | null> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof StripeMissingError) {
      return null;
    }
    throw error;
  }
}

/**
 * Stripe keeps every object that an event names, and remembers that a customer was deleted. If it does not know one, its
 * keys are another account's, or of the other mode: the event waits until they are right (G12).
 *
 * @throws NotConfiguredError
 */
export async function requireKnown<Answer>(answer: Promise<Answer>): Promise<Answer> {
  try {
    return await answer;
  } catch (error) {
    throw error instanceof StripeMissingError
      ? new NotConfiguredError("Stripe does not know what it tells of: are its keys another account's?", {
          cause: error,
        })
      : error;
  }
}

/** The card was not charged: its bank or Stripe has declined, or its holder has to authenticate. */
export class StripeDeclinedError extends Error {
  override name = 'StripeDeclinedError';
}

/** Stripe refuses a request that it has understood: the object's state forbids it, or it is a mistake of ours. */
export class StripeRejectedError extends Error {
  override name = 'StripeRejectedError';
  /** Stripe's code, `charge_already_refunded`; null: it gives none. */
  readonly code: string | null;
  /** The parameter that it refuses. */
  readonly param: string | null;

  constructor(message: string, code: string | null = null, param: string | null = null) {
    super(message);
    this.code = code;
    this.param = param;
  }
}

/** From the SDK's errors to ours. Other errors come back as they are. */
export function toOurError(error: unknown): unknown {
  if (!(error instanceof Stripe.errors.StripeError)) {
    return error;
  }
  const { message, code, statusCode = 0, requestId = 'none' } = error;
  // Stripe's Dashboard tells all about a request. The SDK's error itself may hold a customer's data, and would be logged.
  const about = `Stripe: ${message} (request ${requestId})`;
  // 409: another request is changing the same object, or has the same key and is under way.
  const isBusy = statusCode === 0 || statusCode === 409 || statusCode === 429;
  if (statusCode >= 500) {
    return new StripeFailedError(about);
  }
  if (isBusy || error instanceof Stripe.errors.StripeRateLimitError) {
    return new StripeUnavailableError(about);
  }
  if (statusCode === 401 || statusCode === 403) {
    return new NotConfiguredError(about);
  }
  if (error instanceof Stripe.errors.StripeIdempotencyError) {
    return new StripeIdempotencyError(about);
  }
  if (error instanceof Stripe.errors.StripeCardError) {
    return new StripeDeclinedError(about);
  }
  return code === 'resource_missing'
    ? new StripeMissingError(about, error.param ?? null)
    : new StripeRejectedError(about, code ?? null, error.param ?? null);
}
