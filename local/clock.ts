import { z } from 'zod';
import type { Instant } from '../lambdas/domain/instants.ts';
import type { DataDirectory } from './data-directory.ts';

/** The local "now": real time, moved ahead. Requests and tokens are judged by it, as by API Gateway's clock. */
export interface Clock {
  now: () => Instant;
  /** Moves ahead. @returns false, without effect, when that would be backwards */
  moveTo: (now: Instant) => boolean;
}

const storedClock = z.object({ aheadMs: z.number().int().nonnegative() });

/** A data directory keeps how far the clock is ahead, so that time never runs backwards for the data. */
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
