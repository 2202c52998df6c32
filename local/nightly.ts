import { nextUtcDay, toIso } from '../lambdas/domain/instants.ts';
import type { Clock } from './clock.ts';
import type { RolloverMachine } from './state-machine.ts';

const TICK_MS = 1_000;

/**
 * Starts the rollover at each midnight (UTC) that the local clock ticks past, as the schedule in AWS does. A midnight
 * that the clock was moved over does not count: whoever moves it decides when the rollover runs.
 *
 * @returns what ends it
 */
export function scheduleNightly(clock: Clock, rollover: RolloverMachine): () => void {
  let last = clock.now();
  const timer = setInterval(() => {
    const now = clock.now();
    const midnight = nextUtcDay(last);
    // Twice a tick, for a busy machine; more is a move.
    if (midnight <= now && now - last < 2 * TICK_MS) {
      rollover.start(JSON.stringify({ now: toIso(midnight) }));
    }
    last = now;
  }, TICK_MS);
  timer.unref();
  return () => clearInterval(timer);
}
