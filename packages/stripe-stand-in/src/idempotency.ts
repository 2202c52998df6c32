import { ApiError } from './api-error.ts';

/** An answer as it was first given. */
export interface KeptAnswer {
  status: number;
  body: string;
  requestId: string;
}

interface Entry {
  key: string;
  fingerprint: string;
  path: string;
  /** Milliseconds of the sandbox's clock. */
  at: number;
  /** Null while the first request is under way. */
  answer: KeptAnswer | null;
}

// Guess: a key is forgotten after 24 hours sharp, where Stripe says after at least 24 hours.
const KEPT_FOR_MS = 24 * 3_600_000;
const MAX_LENGTH = 255;

// Source: https://docs.stripe.com/api/idempotent_requests
/** Stripe's idempotency keys: a key has one answer for 24 hours, also when that is an error. */
export class IdempotencyKeys {
  readonly #entries = new Map<string, Entry>();

  /**
   * Takes a key for a request.
   *
   * @returns the answer when there has been one, null when the request is to be carried out, and then `keep` or
   *   `release` must follow
   * @throws ApiError when the key belongs to another request, or its request is still under way
   */
  take(key: string, path: string, fingerprint: string, nowMs: number): KeptAnswer | null {
    if (key.length > MAX_LENGTH) {
      throw new ApiError(400, {
        type: 'idempotency_error',
        message: `Idempotency keys must be at most ${MAX_LENGTH} characters long.`,
      });
    }
    const entry = this.#entries.get(key);
    if (entry === undefined || nowMs - entry.at >= KEPT_FOR_MS) {
      this.#entries.set(key, { key, fingerprint, path, at: nowMs, answer: null });
      return null;
    }
    if (entry.path !== path) {
      throw mismatch(
        `Keys for idempotent requests can only be used for the same endpoint they were first used for ('${entry.path}' instead of '${path}'). Try using a key other than '${key}' if you meant to execute a different request.`,
      );
    }
    if (entry.fingerprint !== fingerprint) {
      throw mismatch(
        `Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key other than '${key}' if you meant to execute a different request.`,
      );
    }
    if (entry.answer === null) {
      throw new ApiError(409, {
        type: 'idempotency_error',
        code: 'idempotency_key_in_use',
        message: `There is currently another in-progress request using this Idempotent Key (that probably means you submitted twice, and the other request is still going through): ${key}. Please try again later.`,
      });
    }
    return entry.answer;
  }

  keep(key: string, answer: KeptAnswer): void {
    const entry = this.#entries.get(key);
    if (entry !== undefined) {
      entry.answer = answer;
    }
  }

  /** Nothing was carried out: the key is as if it had never been used. */
  release(key: string): void {
    this.#entries.delete(key);
  }

  clear(): void {
    this.#entries.clear();
  }

  /** What is kept over restarts. A request that is under way is left out. */
  snapshot(): Entry[] {
    return [...this.#entries.values()].filter(({ answer }) => answer !== null);
  }

  restore(entries: readonly Entry[]): void {
    for (const entry of entries) {
      this.#entries.set(entry.key, entry);
    }
  }
}

function mismatch(message: string): ApiError {
  return new ApiError(400, { type: 'idempotency_error', message });
}
