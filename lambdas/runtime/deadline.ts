import { type Deadline } from '../domain/deadline.ts';

/** A job's deadline, which begins now, by a clock that is never set. */
export function deadlineIn(timeoutMs: number): Deadline {
  const endsAt = performance.now() + timeoutMs;
  return { remainingMs: () => endsAt - performance.now(), isPatient: true };
}
