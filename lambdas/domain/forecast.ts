import { type Account } from './account.ts';
import { DAY_MS, type Instant } from './instants.ts';
import { CREDITS, limitedUses } from './limited-meters.ts';

/** How fast a meter, or the credits of the period, are used. */
export interface Pace {
  /** The meter, or `credits`. */
  meter: string;
  perDay: number;
  /** When nothing is left at that pace; null: not in this period. */
  runsOutAt: Instant | null;
}

/**
 * How fast the user uses each meter and the credits, and when they run out at that pace. The first day of a period counts
 * as a whole day, so that a single use at its start does not mean a wild pace. Levels have no pace.
 */
export function forecast(account: Account, now: Instant): Pace[] {
  const days = Math.max(1, (now - account.periodStart) / DAY_MS);
  const limited = limitedUses(account).filter(({ kind }) => kind !== 'levels');
  const limits = new Map(limited.map(({ of, used, limit }) => [of, limit - used]));
  const uses = [
    ...Object.entries(account.meters).map(([meter, { used }]) => ({ meter, used })),
    { meter: CREDITS, used: account.credits.usedThisPeriod },
  ];
  return uses.map(({ meter, used }) => {
    const perDay = used / days;
    const rest = limits.get(meter);
    const runsOutAt =
      rest === undefined || perDay === 0 ? Infinity : now + (Math.max(0, rest) / perDay) * DAY_MS;
    return {
      meter,
      perDay: Math.round(perDay * 100) / 100,
      runsOutAt: runsOutAt < account.periodEnd ? Math.round(runsOutAt) : null,
    };
  });
}
