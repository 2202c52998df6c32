import { setTimeout as sleep } from 'node:timers/promises';

/** A promise's value, or that of `onTimeout` when it takes longer. Leaves no timer behind. */
export async function orTimeout<Value>(
  promise: Promise<Value>,
  timeoutMs: number,
  onTimeout: () => Value,
): Promise<Value> {
  const ending = new AbortController();
  try {
    return await Promise.race([promise, sleep(timeoutMs, undefined, ending).then(onTimeout)]);
  } finally {
    ending.abort();
  }
}
