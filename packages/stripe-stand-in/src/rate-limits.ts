import { ApiError } from './api-error.ts';

// Source: https://docs.stripe.com/rate-limits
/** How many requests Stripe takes in a second. In a sandbox it takes 25 altogether, in live mode 100. */
export interface RateLimits {
  /** For one endpoint, whichever object the path names. Stripe: 25. */
  endpoint: number;
  /** For all endpoints of the account. */
  global: number;
  /** The seconds of the process, or those of the stand-in's clock. */
  by: 'process' | 'clock';
}

/** Counts the requests of the present second. */
export class RateLimiter {
  readonly #limits: RateLimits;
  readonly #now: () => number;
  #second = -1;
  #counts = new Map<string, number>();

  constructor(limits: RateLimits, clock: { now(): number }) {
    this.#limits = limits;
    this.#now = limits.by === 'clock' ? () => clock.now() : () => performance.now();
  }

  // Source: https://docs.stripe.com/rate-limits
  // Guess: seconds are counted from full second to full second, and a refused request does not count.
  /** @throws ApiError for one request too many */
  count(endpoint: string): void {
    const second = Math.floor(this.#now() / 1_000);
    if (second !== this.#second) {
      this.#second = second;
      this.#counts = new Map();
    }
    const all = this.#counts.get('') ?? 0;
    const own = this.#counts.get(endpoint) ?? 0;
    if (all >= this.#limits.global) {
      throw tooMany('global-rate');
    }
    if (own >= this.#limits.endpoint) {
      throw tooMany('endpoint-rate');
    }
    this.#counts.set('', all + 1);
    this.#counts.set(endpoint, own + 1);
  }
}

// Source: https://docs.stripe.com/rate-limits
export function tooMany(reason: 'global-rate' | 'endpoint-rate'): ApiError {
  return new ApiError(
    429,
    {
      type: 'invalid_request_error',
      code: 'rate_limit',
      message:
        'Request rate limit exceeded. Learn more about rate limits here https://stripe.com/docs/rate-limits.',
    },
    false,
    { 'stripe-rate-limited-reason': reason },
  );
}
