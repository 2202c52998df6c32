import { type Deadline } from '../domain/deadline.ts';

/** One request may take this long, retries included. The function has 25 s, and the gateway 30 s. */
const REQUEST_TIME_MS = 20_000;
/** The part of the function's own time that is left for the answer. */
const MARGIN_MS = 500;

/** The part of Lambda's context that counts. The local gateway and tests give one of their own. */
export interface TimeLimit {
  getRemainingTimeInMillis(): number;
}

/** Counts from now, by a clock that nobody sets. */
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
