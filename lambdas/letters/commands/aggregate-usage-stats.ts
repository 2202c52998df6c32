import { type Store } from '../../adapters/dynamodb/store.ts';
import { countUsers, getDailyStatistics, sumOf } from '../../commands/usage-statistics.ts';
import { type Deadline } from '../../domain/deadline.ts';
import { type DayRange, usedTotal } from '../../domain/statistics.ts';

export interface AggregateUsageStats {
  totalLetters: number;
  totalEmails: number;
  totalMails: number;
  totalMailCreditsUsed: number;
  /** Exact where only one day of the range has any; else within 2%. */
  uniqueUsers: number;
}

/**
 * What has been used on all days of a range, by everybody. It reads in proportion to the days: a year takes two
 * requests, ten years fewer than ten.
 *
 * @param range as `judgeDayRange` accepts it
 * @throws BusyError
 */
export async function getAggregateUsageStats(
  store: Store,
  range: DayRange,
  deadline: Deadline,
): Promise<AggregateUsageStats> {
  const days = await getDailyStatistics(store, range, deadline);
  const totals = sumOf(days);
  return {
    totalLetters: totals[usedTotal('letters')] ?? 0,
    totalEmails: totals[usedTotal('emails')] ?? 0,
    totalMails: totals[usedTotal('mails')] ?? 0,
    totalMailCreditsUsed: totals['creditsUsed'] ?? 0,
    uniqueUsers: await countUsers(store, range, days, deadline),
  };
}
