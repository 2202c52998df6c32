import { setTimeout as wait } from 'node:timers/promises';

const PAUSE_MS = 200;
const WITHIN_MS = 30_000;

/** Asks until there is an answer, for what takes its time. @throws Error when the deadline comes first */
export async function eventually<Found>(
  what: string,
  find: () => Promise<Found | null>,
  withinMs = WITHIN_MS,
): Promise<Found> {
  const startedAt = performance.now();
  for (;;) {
    const found = await find();
    if (found !== null) {
      return found;
    }
    if (performance.now() - startedAt > withinMs) {
      throw new Error(`Within ${withinMs / 1_000} s there was still not ${what}.`);
    }
    await wait(PAUSE_MS);
  }
}
