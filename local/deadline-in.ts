import type { Deadline } from '../lambdas/domain/deadline.ts';

export function deadlineIn(timeoutMs: number): Deadline {
  const endsAt = performance.now() + timeoutMs;
  return { remainingMs: () => endsAt - performance.now() };
}
