import { type Account, type ClosedPeriod } from '../../domain/account.ts';
import { type Instant, toIso } from '../../domain/instants.ts';
import { boundaryAtOrBefore } from '../../domain/periods.ts';
import { type Meter } from './meters.ts';

export interface HistoricalUsage {
  /** The instant at which the period began. */
  period: string;
  lettersCreated: number;
  emailsSent: number;
  mailsSent: number;
  mailCreditsUsed: number;
}

type KeptPeriod = Pick<ClosedPeriod, 'periodStart' | 'periodEnd' | 'anchor' | 'meters' | 'creditsUsed'>;

/**
 * The last `count` closed periods, newest first. The table has no item of a period without use and without movement: it
 * shows zeros. The list ends where the account began.
 *
 * @param kept the newest kept periods of the account, newest first: `count` of them, or all if there are fewer
 */
export function getUsageByPeriod(
  account: Account,
  kept: readonly KeptPeriod[],
  count: number,
): HistoricalUsage[] {
  const history: HistoricalUsage[] = [];
  let newer: { start: Instant; anchor: Instant } = { start: account.periodStart, anchor: account.anchor };
  for (const period of [...kept, null]) {
    const gapStart = period === null ? account.createdAt : period.periodEnd;
    while (newer.start > gapStart && history.length < count) {
      const start = boundaryAtOrBefore(newer.anchor, newer.start - 1);
      newer = { start: period === null ? start : Math.max(start, gapStart), anchor: newer.anchor };
      history.push({ ...UNUSED, period: toIso(newer.start) });
    }
    if (period !== null && history.length < count) {
      newer = { start: period.periodStart, anchor: period.anchor };
      history.push(used(period));
    }
  }
  return history;
}

function used(period: KeptPeriod): HistoricalUsage {
  return {
    period: toIso(period.periodStart),
    lettersCreated: usedOf(period, 'letters'),
    emailsSent: usedOf(period, 'emails'),
    mailsSent: usedOf(period, 'mails'),
    mailCreditsUsed: period.creditsUsed,
  };
}

function usedOf({ meters }: KeptPeriod, meter: Meter): number {
  return meters[meter]?.used ?? 0;
}

const UNUSED = { lettersCreated: 0, emailsSent: 0, mailsSent: 0, mailCreditsUsed: 0 };
