import { type Store } from '../../adapters/dynamodb/store.ts';
import { getUsageStats, type UsageStats } from '../../commands/usage-statistics.ts';
import { type Deadline } from '../../domain/deadline.ts';
import { type DayRange } from '../../domain/statistics.ts';

export interface AggregateUsageStats extends Pick<UsageStats, 'uniqueUsers'> {
  totalLetters: number;
  totalEmails: number;
  totalMails: number;
  totalMailCreditsUsed: number;
}

/**
 * The core's statistics in the letters app's own words.
 *
 * @param range as `judgeDayRange` accepts it
 * @throws BusyError
 */
export async function getAggregateUsageStats(
  store: Store,
  range: DayRange,
  deadline: Deadline,
): Promise<AggregateUsageStats> {
  const { used, creditsUsed, uniqueUsers } = await getUsageStats(store, range, deadline);
  return {
    totalLetters: used['letters'] ?? 0,
    totalEmails: used['emails'] ?? 0,
    totalMails: used['mails'] ?? 0,
    totalMailCreditsUsed: creditsUsed,
    uniqueUsers,
  };
}
