import { setTimeout as wait } from 'node:timers/promises';
import { type Deadline } from '../../domain/deadline.ts';
import { publishFigures } from '../../runtime/figures.ts';
import { optionalVariable } from '../../wiring/environment.ts';
import { BUSY_METRICS } from '../../wiring/metrics.ts';
import { TRY_TIMEOUT_MS } from './store.ts';
import { failureOf, TableFailure } from './table-failure.ts';

/** DynamoDB was busy for as long as the request could wait. The cause says with what. */
export class BusyError extends Error {
  override name = 'BusyError';
}

/** Somebody else has written, or is writing, what the attempt was about. */
export const TRY_AGAIN = Symbol('try again');

const FIRST_DELAY_MS = { conflict: 25, throttled: 100, unavailable: 25 };
const LONGEST_DELAY_MS = 1_000;
/** With less than this left, another try would not be answered in time. */
const SHORTEST_TRY_MS = 50;
/** Of one request that DynamoDB throttles or does not answer, the first try among them. */
const MAX_TRIES = 4;

/**
 * What a process may spend on repetitions, as the standard mode of the SDKs has it since 2026: tokens that an answer
 * brings back (https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html; the figures are those of
 * `Retry` in @smithy/core). A table that is over its limit for longer gets one try per request, and no storm.
 */
export class RetryTokens {
  static readonly MOST = 500;
  static readonly COSTS = { throttled: 5, unavailable: 14 };
  #left = RetryTokens.MOST;

  /** Whether there are enough tokens; then they are spent. */
  take(cost: number): boolean {
    const isEnough = this.#left >= cost;
    this.#left -= isEnough ? cost : 0;
    return isEnough;
  }

  giveBack(tokens: number): void {
    this.#left = Math.min(RetryTokens.MOST, this.#left + tokens);
  }
}

/** Those of this process. */
export const PROCESS_TOKENS = new RetryTokens();

/**
 * Tries until there is an answer, with a growing, jittered pause in between so that requests that collided do not
 * collide again (https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter).
 *
 * Conflicts are nearly always between one user's own requests, and go on until the deadline. A DynamoDB that throttles,
 * fails or is silent gets four tries and the tokens of the process: repetitions must not turn a hot table into an outage.
 *
 * An attempt whose answer was lost may have taken effect: attempts must be safe to repeat. Those that write are, by
 * the conditions on their records and versions.
 *
 * @throws BusyError when the deadline, the tries or the tokens end first
 */
export async function retrying<Answer>(
  deadline: Deadline,
  attempt: (abortSignal: AbortSignal) => Promise<Answer | typeof TRY_AGAIN>,
  tokens = PROCESS_TOKENS,
): Promise<Answer> {
  let last = new TableFailure('unavailable', 'There was no time for a try.');
  let failures = 0;
  let spent = 0;
  for (let tries = 0; ; tries += 1) {
    const remainingMs = deadline.remainingMs();
    if (remainingMs < SHORTEST_TRY_MS) {
      throw busyWith(last);
    }
    const answer = await attemptOnce(attempt, Math.min(remainingMs, TRY_TIMEOUT_MS));
    if (!(answer instanceof TableFailure)) {
      tokens.giveBack(Math.max(spent, 1));
      return answer;
    }
    last = answer;
    const { weight } = last;
    if (weight !== 'conflict') {
      failures += 1;
      spent = RetryTokens.COSTS[weight];
      if (failures === MAX_TRIES || !tokens.take(spent)) {
        throw busyWith(last);
      }
    }
    const longestMs = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS[weight] * 2 ** tries);
    await wait(Math.min(Math.random() * longestMs, Math.max(0, deadline.remainingMs())));
  }
}

async function attemptOnce<Answer>(
  attempt: (abortSignal: AbortSignal) => Promise<Answer | typeof TRY_AGAIN>,
  timeoutMs: number,
): Promise<Answer | TableFailure> {
  try {
    const answer = await attempt(AbortSignal.timeout(Math.ceil(timeoutMs)));
    return answer === TRY_AGAIN ? new TableFailure('conflict') : answer;
  } catch (error) {
    const failure = failureOf(error);
    if (failure === null) {
      throw error;
    }
    return failure;
  }
}

/** Counts what it was for the alarms, and says it to the log by its cause. */
function busyWith(failure: TableFailure): BusyError {
  const stage = optionalVariable('stage');
  if (stage !== null) {
    publishFigures(stage, [[BUSY_METRICS[failure.kind], 1]]);
  }
  return new BusyError('DynamoDB was busy for as long as the request could wait.', { cause: failure });
}
