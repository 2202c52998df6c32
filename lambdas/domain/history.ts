import { type Account, type ClosedPeriod } from './account.ts';
import { type Instant } from './instants.ts';
import { boundaryAtOrBefore } from './periods.ts';
import { type Counts } from './usage.ts';

/** A period that has ended, as its user is shown it. */
export interface PastPeriod {
  periodStart: Instant;
  periodEnd: Instant;
  /** By meter; what is not there was not used. */
  used: Counts;
  creditsUsed: number;
}

type KeptPeriod = Pick<ClosedPeriod, 'periodStart' | 'periodEnd' | 'anchor' | 'meters' | 'creditsUsed'>;

/**
 * The last `count` closed periods, newest first. The table has no item of a period without use and without movement: it
 * shows zeros. The list ends where the account began.
 *
 * @param kept the newest kept periods of the account, newest first: `count` of them, or all if there are fewer
 */
export function pastPeriods(account: Account, kept: readonly KeptPeriod[], count: number): PastPeriod[] {
  const history: PastPeriod[] = [];
  let newer: { start: Instant; anchor: Instant } = { start: account.periodStart, anchor: account.anchor };
  for (const period of [...kept, null]) {
    const gapStart = period === null ? account.createdAt : period.periodEnd;
    while (newer.start > gapStart && history.length < count) {
      const start = boundaryAtOrBefore(newer.anchor, newer.start - 1);
      const periodStart = period === null ? start : Math.max(start, gapStart);
      history.push({ periodStart, periodEnd: newer.start, used: {}, creditsUsed: 0 });
      newer = { start: periodStart, anchor: newer.anchor };
    }
    if (period !== null && history.length < count) {
      newer = { start: period.periodStart, anchor: period.anchor };
      history.push(shown(period));
    }
  }
  return history;
}

function shown({ periodStart, periodEnd, meters, creditsUsed }: KeptPeriod): PastPeriod {
  const used = Object.fromEntries(Object.entries(meters).map(([id, count]) => [id, count.used]));
  return { periodStart, periodEnd, used, creditsUsed };
}
