import { type WireItem } from '../adapters/dynamodb/items.ts';
import { STATISTICS_KEY } from '../adapters/dynamodb/keys.ts';
import { type ItemPage, queryPartition } from '../adapters/dynamodb/partitions.ts';
import { keysOfDays, parseDay } from '../adapters/dynamodb/statistics-item.ts';
import { type Store } from '../adapters/dynamodb/store.ts';
import { readSketches } from '../adapters/dynamodb/user-sketches.ts';
import { type Deadline } from '../domain/deadline.ts';
import { estimateUsers } from '../domain/distinct-users.ts';
import {
  addTotals,
  type DayRange,
  type DayStatistics,
  monthsAndDaysOf,
  type Totals,
  usedOf,
} from '../domain/statistics.ts';

/** What was counted on all days of a range, in a request per megabyte: a year takes one. @throws BusyError */
export async function getTotals(store: Store, range: DayRange, deadline: Deadline): Promise<Totals> {
  return sumOf(await getDailyStatistics(store, range, deadline));
}

function sumOf(days: readonly DayStatistics[]): Totals {
  return days.map(({ totals }) => totals).reduce<Totals>(addTotals, {});
}

/** The statistics of each day of a range on which there was something to count, oldest first. @throws BusyError */
export async function getDailyStatistics(
  store: Store,
  range: DayRange,
  deadline: Deadline,
): Promise<DayStatistics[]> {
  const days: DayStatistics[] = [];
  const keys = keysOfDays(range);
  let after: WireItem | null = null;
  do {
    const page: ItemPage = await queryPartition(store, STATISTICS_KEY, { keys, after }, deadline);
    days.push(...page.items.map(parseDay));
    after = page.next;
  } while (after !== null);
  return addParts(days);
}

/** Adds up the parts of each day, which come one after the other. */
function addParts(parts: readonly DayStatistics[]): DayStatistics[] {
  const days = new Map<string, DayStatistics>();
  for (const part of parts) {
    const { day, totals, activeUsers } = part;
    const sum = days.get(day) ?? { totals: {}, activeUsers: 0 };
    days.set(day, {
      day,
      totals: addTotals(sum.totals, totals),
      activeUsers: sum.activeUsers + activeUsers,
    });
  }
  return [...days.values()];
}

export interface UsageStats {
  /** By meter. */
  used: Record<string, number>;
  creditsUsed: number;
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
export async function getUsageStats(store: Store, range: DayRange, deadline: Deadline): Promise<UsageStats> {
  const days = await getDailyStatistics(store, range, deadline);
  const totals = sumOf(days);
  return {
    used: usedOf(totals),
    creditsUsed: totals['creditsUsed'] ?? 0,
    uniqueUsers: await countUsers(store, range, days, deadline),
  };
}

/** How many different users were active on the days of a range. @throws BusyError */
async function countUsers(
  store: Store,
  range: DayRange,
  days: readonly DayStatistics[],
  deadline: Deadline,
): Promise<number> {
  const active = days.map(({ activeUsers }) => activeUsers).filter((users) => users > 0);
  const most = Math.max(0, ...active);
  const sum = active.reduce((total, users) => total + users, 0);
  if (most === sum) {
    return sum;
  }
  const estimate = estimateUsers(await readSketches(store, monthsAndDaysOf(range), deadline));
  // What is known for certain: no fewer than on the busiest day, no more than on all of them together.
  return Math.min(sum, Math.max(most, Math.round(estimate)));
}
