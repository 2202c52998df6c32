import { type Deadline } from '../domain/deadline.ts';

/** All that one request may take, retries included: the function has 25 s and the gateway 30. */
const REQUEST_TIME_MS = 20_000;
/** Left of the function's own time for the answer. */
const MARGIN_MS = 500;

/** What a Lambda context tells; the local gateway and tests give one of their own. */
export interface TimeLimit {
  getRemainingTimeInMillis(): number;
}

/** Counts from now on by a clock that is never set. */
export function requestDeadline(limit: TimeLimit): Deadline {
  const startedAt = performance.now();
  return {
    remainingMs: () =>
      Math.min(
        REQUEST_TIME_MS - (performance.now() - startedAt),
        limit.getRemainingTimeInMillis() - MARGIN_MS,
      ),
  };
}
