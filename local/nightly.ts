import { nextUtcDay, toIso } from '../lambdas/domain/instants.ts';
import type { Clock } from './clock.ts';
import type { RolloverMachine } from './state-machine.ts';

const TICK_MS = 1_000;

/**
 * Starts the rollover whenever the local clock ticks past midnight (UTC), as the schedule in AWS does. When somebody
 * moves the clock past a midnight, they decide when the rollover runs.
 *
 * @returns how to end it
 */
export function scheduleNightly(clock: Clock, rollover: RolloverMachine): () => void {
  let last = clock.now();
  const timer = setInterval(() => {
    const now = clock.now();
    const midnight = nextUtcDay(last);
    // Two ticks on a busy machine; if it is more, somebody has moved the clock.
    if (midnight <= now && now - last < 2 * TICK_MS) {
      rollover.start(JSON.stringify({ now: toIso(midnight) }));
    }
    last = now;
  }, TICK_MS);
  timer.unref();
  return () => clearInterval(timer);
}
