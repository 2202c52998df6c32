import { setTimeout as wait } from 'node:timers/promises';
import { type Deadline } from '../../domain/deadline.ts';
import { TRY_TIMEOUT_MS } from './store.ts';

/** DynamoDB was busy for as long as the request could wait. */
export class BusyError extends Error {
  override name = 'BusyError';
}

export const TRY_AGAIN = Symbol('try again');

const FIRST_DELAY_MS = 25;
const LONGEST_DELAY_MS = 1_000;
/** With less than this left, another try would not be answered in time. */
const SHORTEST_TRY_MS = 50;

/** Names of failures after which nothing is known, or nothing was done: the same may be asked again. */
const TRANSIENT = new Set([
  'InternalServerError',
  'LimitExceededException',
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'ServiceUnavailable',
  'ThrottlingException',
  'TimeoutError',
  'AbortError',
  'TransactionInProgressException',
]);

/**
 * Tries until there is an answer, with a growing, jittered pause in between so that requests that collided do not
 * collide again (https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter).
 *
 * An attempt whose answer was lost may have taken effect: attempts must be safe to repeat. Those that write are, by
 * the conditions on their records and versions.
 *
 * @throws BusyError when the deadline comes first
 */
export async function retrying<Answer>(
  deadline: Deadline,
  attempt: (abortSignal: AbortSignal) => Promise<Answer | typeof TRY_AGAIN>,
): Promise<Answer> {
  for (let tries = 0; ; tries += 1) {
    const remainingMs = deadline.remainingMs();
    if (remainingMs < SHORTEST_TRY_MS) {
      throw new BusyError();
    }
    const answer = await attemptOnce(attempt, Math.min(remainingMs, TRY_TIMEOUT_MS));
    if (answer !== TRY_AGAIN) {
      return answer;
    }
    const longestMs = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** tries);
    await wait(Math.min(Math.random() * longestMs, Math.max(0, deadline.remainingMs())));
  }
}

async function attemptOnce<Answer>(
  attempt: (abortSignal: AbortSignal) => Promise<Answer | typeof TRY_AGAIN>,
  timeoutMs: number,
): Promise<Answer | typeof TRY_AGAIN> {
  try {
    return await attempt(AbortSignal.timeout(Math.ceil(timeoutMs)));
  } catch (error) {
    if (isTransient(error)) {
      return TRY_AGAIN;
    }
    throw error;
  }
}

/** DynamoDB was throttling, late, cut off or broken. Our own mistakes are not transient: repeating them is in vain. */
function isTransient(error: unknown): boolean {
  if (!(error instanceof Error)) {
    return false;
  }
  const { $metadata, code } = error as { $metadata?: { httpStatusCode?: number }; code?: unknown };
  const isConnectionFailure = typeof code === 'string' && /^(ECONN|EPIPE|ETIMEDOUT|EAI_AGAIN)/.test(code);
  return TRANSIENT.has(error.name) || isConnectionFailure || ($metadata?.httpStatusCode ?? 0) >= 500;
}
