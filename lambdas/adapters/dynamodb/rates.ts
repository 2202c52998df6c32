import { type Deadline } from '../../domain/deadline.ts';
import { type Instant, nextMinute } from '../../domain/instants.ts';
import { countUpTo } from './count-up-to.ts';
import { toWire } from './items.ts';
import { rateKey } from './keys.ts';
import { type Store } from './store.ts';

/** How a count in a minute ends. */
export type RateOutcome = { outcome: 'counted' } | { outcome: 'too_many'; limit: number; resetsAt: Instant };

/**
 * Counts what a user does in a minute of the clock, so that nobody gets in the way of the others.
 *
 * @throws BusyError
 */
export async function countInMinute(
  store: Store,
  { userId, limit, now }: { userId: string; limit: number; now: Instant },
  deadline: Deadline,
): Promise<RateOutcome> {
  const resetsAt = nextMinute(now);
  const key = toWire({ pk: rateKey(userId, resetsAt), sk: 'RATE' });
  const isCounted = await countUpTo(store, key, { limit, until: resetsAt }, deadline);
  return isCounted ? { outcome: 'counted' } : { outcome: 'too_many', limit, resetsAt };
}
