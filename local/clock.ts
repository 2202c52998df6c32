import { z } from 'zod';
import type { Instant } from '../lambdas/domain/instants.ts';
import type { DataDirectory } from './data-directory.ts';

/** The local "now": real time, moved ahead. It plays the gateway's clock, by which requests and tokens are judged. */
export interface Clock {
  now: () => Instant;
  /** Moves ahead; false, and nothing happens, when that would be backwards. */
  moveTo: (now: Instant) => boolean;
}

const storedClock = z.object({ aheadMs: z.number().int().nonnegative() });

/** With a data directory the clock keeps what it is ahead, so that kept data never sees time run backwards. */
export function createClock(data: DataDirectory): Clock {
  const stored = storedClock.safeParse(data.read('clock'));
  let aheadMs = stored.success ? stored.data.aheadMs : 0;
  const now = (): Instant => Date.now() + aheadMs;
  return {
    now,
    moveTo: (instant) => {
      const stepMs = instant - now();
      if (stepMs < 0) {
        return false;
      }
      aheadMs += stepMs;
      data.write('clock', { aheadMs });
      return true;
    },
  };
}
