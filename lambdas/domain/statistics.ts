/** What Postage counts for the owner of the app: per UTC day, over all users. Deleting and erasing lower nothing. */
import { type ClosedPeriod } from './account.ts';
import { arrived, type Change, type ChangeOf, type RecordChange } from './changes.ts';
import { MOVEMENT_COUNTER, type Movement } from './credits.ts';
import { DAY_MS, type Instant, utcDay } from './instants.ts';
import { isPaidNow } from './purchase-events.ts';
import { type Counts } from './usage.ts';

/**
 * Totals by name; one that is not there is zero. Beside those named here, there is one of each meter (`usedTotal`), and
 * an app on top of the core may add its own.
 */
export type Totals = Readonly<Record<string, number>>;

export type CoreTotal =
  | (typeof TOTAL_OF_COUNTER)[keyof typeof TOTAL_OF_COUNTER]
  /** Credits of bundles that were paid, and those that were taken back for refunds and disputes. */
  | 'creditsBought'
  | 'creditsRefunded'
  /** What was paid for bundles, and what of it has gone back; the second is not subtracted from the first. */
  | 'bundleRevenueCents'
  | 'bundleRefundsCents'
  /** Periods that included credits, on the day on which they ended. */
  | 'creditPeriods'
  /** Those that used up their credits, and those of them in which money paid for a use in place of a credit. */
  | 'exhaustedPeriods'
  | 'convertedPeriods'
  /** What those periods had used of their credits of every kind when they ended, and what was left. */
  | 'periodCreditsUsed'
  | 'periodCreditsLeft';

type CoreTotals = Readonly<Partial<Record<CoreTotal, number>>>;

/** The name of the total of a meter, or of a level that was consumed. */
function usedTotal(meter: string): string {
  return `used:${meter}`;
}

/** The totals of what a use has consumed. */
export function usedTotals(consumed: Counts): Totals {
  return Object.fromEntries(Object.entries(consumed).map(([id, count]) => [usedTotal(id), count]));
}

/** What was used, by meter. */
export function usedOf(totals: Totals): Record<string, number> {
  const prefix = usedTotal('');
  return Object.fromEntries(
    Object.entries(totals).flatMap(([name, count]) =>
      name.startsWith(prefix) ? [[name.slice(prefix.length), count]] : [],
    ),
  );
}

/** Totals of one UTC day, and how many different users have used something on it. */
export interface DayStatistics {
  /** `2026-11-24`. */
  day: string;
  totals: Totals;
  activeUsers: number;
}

/** What one change adds to the statistics. */
export interface Counted {
  /** Names the counted thing, so that it counts once: `usage:<id>`. Unique among its user's. */
  subject: string;
  userId: string;
  /** The day of the thing itself, whenever it is counted. */
  day: string;
  totals: Totals;
  /** Whether its user has used something, and so is one of the day's active users. */
  isUse: boolean;
  /** When the change was written. */
  writtenAt: Instant;
}

/** What a change of the core's adds to the statistics; null: nothing. */
export function countedOf(change: RecordChange): Counted | null {
  switch (change.kind) {
    case 'consumption':
      return countedConsumption(change);
    case 'movement':
      return countedMovement(change);
    case 'period':
      return countedPeriod(change);
    case 'purchase':
      return countedPurchase(change);
    case 'gift':
    case 'account':
      return null;
  }
}

/** Giving back takes it off again, on the day on which it is given back. */
function countedConsumption(change: Change<'consumption'>): Counted | null {
  const { before, after } = change;
  if (after === null) {
    return null;
  }
  const { id, consumed, createdAt, givenBackAt } = after;
  if (before === null) {
    return used(change, `usage:${id}`, createdAt, usedTotals(consumed));
  }
  const taken = Object.entries(usedTotals(consumed)).map(([name, count]): [string, number] => [name, -count]);
  return givenBackAt === null || givenBackAt === before.givenBackAt
    ? null
    : counted(change, `given-back:${id}`, givenBackAt, Object.fromEntries(taken));
}

function countedMovement(change: Change<'movement'>): Counted | null {
  const movement = arrived(change);
  return movement === null
    ? null
    : counted(change, `movement:${movement.id}`, movement.at, moved([movement]));
}

function countedPeriod(change: Change<'period'>): Counted | null {
  const period = arrived(change);
  return period === null
    ? null
    : counted(change, `period:${period.periodStart}`, period.periodEnd, {
        ...moved(period.movements),
        ...subscribed(period),
      });
}

/** What a period that included credits tells of them. */
function subscribed({ meters, creditsPerPeriod, creditsUsed, creditsLeft }: ClosedPeriod): CoreTotals {
  if (creditsPerPeriod === 0) {
    return {};
  }
  const isExhausted = creditsUsed > 0 && creditsLeft === 0;
  const isPaid = Object.values(meters).some(({ paid }) => paid > 0);
  return {
    creditPeriods: 1,
    exhaustedPeriods: isExhausted ? 1 : 0,
    convertedPeriods: isExhausted && isPaid ? 1 : 0,
    periodCreditsUsed: creditsUsed,
    periodCreditsLeft: creditsLeft,
  };
}

/** The money of a dispute that was won lowers the day's refunds on the day on which it comes back. */
function countedPurchase(change: Change<'purchase'>): Counted | null {
  const { at, before, after } = change;
  if (before === null || after === null) {
    return null;
  }
  const { id, version, settledAt, credits, amountCents } = after;
  const isPaid = isPaidNow(before, after);
  if (!isPaid && after.returnedCents === before.returnedCents) {
    return null;
  }
  return counted(change, `purchase:${id}:${String(version)}`, settledAt ?? at, {
    creditsBought: isPaid ? credits : 0,
    creditsRefunded: after.creditsTaken - before.creditsTaken,
    bundleRevenueCents: isPaid ? amountCents : 0,
    bundleRefundsCents: after.returnedCents - before.returnedCents,
  });
}

type Written = Pick<ChangeOf<string, unknown>, 'userId' | 'at'>;

export function counted(
  { userId, at: writtenAt }: Written,
  subject: string,
  at: Instant,
  totals: Totals & CoreTotals,
): Counted {
  const some = Object.entries(totals).filter(([, count]) => count !== 0);
  return { subject, userId, day: utcDay(at), totals: Object.fromEntries(some), isUse: false, writtenAt };
}

/** Counts a use. */
export function used(change: Written, subject: string, at: Instant, totals: Totals): Counted {
  return { ...counted(change, subject, at, totals), isUse: true };
}

const TOTAL_OF_COUNTER = {
  granted: 'creditsGranted',
  used: 'creditsUsed',
  expired: 'creditsExpired',
  takenBack: 'creditsTakenBack',
} as const;

/** Movements move the lifetime counters of their account (G4), and the totals in the same way. */
function moved(movements: readonly Movement[]): CoreTotals {
  const totals = { creditsGranted: 0, creditsUsed: 0, creditsExpired: 0, creditsTakenBack: 0 };
  for (const { kind, amount } of movements) {
    const counter = MOVEMENT_COUNTER[kind];
    totals[TOTAL_OF_COUNTER[counter]] += counter === 'granted' ? amount : -amount;
  }
  return totals;
}

export function addTotals(one: Totals, other: Totals): Totals {
  const sum: Record<string, number> = { ...one };
  for (const [name, count] of Object.entries(other)) {
    sum[name] = (sum[name] ?? 0) + count;
  }
  return sum;
}

/** Ten years: 3,650 days and the leap days among them. */
const MAX_STATISTICS_DAYS = 3_653;

/** UTC days from the first to the last, both included. */
export interface DayRange {
  first: string;
  last: string;
}

export type DayRangeDecision =
  { outcome: 'accepted' } | { outcome: 'refused'; reason: 'reversed' | 'longer_than_ten_years' };

export function judgeDayRange({ first, last }: DayRange): DayRangeDecision {
  const days = (Date.parse(last) - Date.parse(first)) / DAY_MS + 1;
  if (days < 1) {
    return { outcome: 'refused', reason: 'reversed' };
  }
  return days > MAX_STATISTICS_DAYS
    ? { outcome: 'refused', reason: 'longer_than_ten_years' }
    : { outcome: 'accepted' };
}

/**
 * The least calendar units that make up a range: whole months as `2026-11`, and the days that remain as `2026-11-24`.
 * Ten years are 120 months and at most 60 days.
 */
export function monthsAndDaysOf({ first, last }: DayRange): string[] {
  const units: string[] = [];
  for (let day = first; day <= last;) {
    const month = day.slice(0, 7);
    const endOfMonth = lastDayOf(month);
    const isWholeMonth = day.endsWith('-01') && endOfMonth <= last;
    units.push(isWholeMonth ? month : day);
    day = dayAfter(isWholeMonth ? endOfMonth : day);
  }
  return units;
}

function dayAfter(day: string): string {
  return utcDay(Date.parse(day) + DAY_MS);
}

/** The days of a month, `2026-11`. */
export function daysOf(month: string): DayRange {
  return { first: `${month}-01`, last: lastDayOf(month) };
}

function lastDayOf(month: string): string {
  const day = new Date(`${month}-01`);
  return utcDay(day.setUTCMonth(day.getUTCMonth() + 1, 0));
}
