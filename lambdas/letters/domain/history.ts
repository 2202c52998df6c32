import { type Account, type ClosedPeriod } from '../../domain/account.ts';
import { type Instant, toIso } from '../../domain/instants.ts';
import { boundaryAtOrBefore } from '../../domain/periods.ts';

export interface HistoricalUsage {
  /** The instant at which the period began. */
  period: string;
  lettersCreated: number;
  emailsSent: number;
  mailsSent: number;
  mailCreditsUsed: number;
}

type KeptPeriod = Pick<
  ClosedPeriod,
  'periodStart' | 'periodEnd' | 'anchor' | 'letters' | 'emails' | 'mails' | 'creditsUsed'
>;

/**
 * The last `count` closed periods, newest first. Periods without use and without movement have no item; they are
 * shown as zeros, as far back as the account's beginning.
 *
 * @param kept the account's newest kept periods, newest first: `count` of them, or all where there are fewer
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
      history.push(unused(newer.start));
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
    lettersCreated: period.letters,
    emailsSent: period.emails,
    mailsSent: period.mails,
    mailCreditsUsed: period.creditsUsed,
  };
}

function unused(periodStart: Instant): HistoricalUsage {
  return {
    period: toIso(periodStart),
    lettersCreated: 0,
    emailsSent: 0,
    mailsSent: 0,
    mailCreditsUsed: 0,
  };
}
