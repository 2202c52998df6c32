/** What Postage counts for the owner of the app: per UTC day, over all users. Deleting and erasing lower nothing. */
import { type ClosedPeriod } from './account.ts';
import { arrived, type Change, type ChangeOf, type RecordChange } from './changes.ts';
import { MOVEMENT_COUNTER, type Movement } from './credits.ts';
import { DAY_MS, type Instant, utcDay } from './instants.ts';
import { isPaidNow } from './purchase-events.ts';
import { PLANS } from './plans.ts';
import { type Use } from './usage.ts';

export const TOTALS = [
  'letters',
  'emails',
  'mails',
  'creditsGranted',
  'creditsUsed',
  'creditsExpired',
  'creditsTakenBack',
  /** Credits of bundles that were paid, and those that were taken back for refunds and disputes. */
  'creditsBought',
  'creditsRefunded',
  /** What was paid for bundles, and what of it has gone back; the second is not subtracted from the first. */
  'bundleRevenueCents',
  'bundleRefundsCents',
  /** Mails that a card has paid for, and what cards were charged for them. */
  'cardMails',
  'cardRevenueCents',
  /** Charges that came to nothing: the bank declined, or nobody authenticated in time. */
  'cardPaymentsFailed',
  /** Refunds of charges, and what has gone back. It is not subtracted from the revenue. */
  'cardRefunds',
  'cardRefundsCents',
  /** Mails that were sent with a credit, and those that a card has paid for; one that came back counts no more. */
  'creditMailsSent',
  'cardMailsSent',
  /** Periods of plans that give credits, on the day on which they ended. */
  'subscriberPeriods',
  /** Those that used up their credits, and those of them in which a card paid for a mail. */
  'exhaustedPeriods',
  'convertedPeriods',
  /** What subscribers' periods had used of their credits of every kind when they ended, and what was left. */
  'periodCreditsUsed',
  'periodCreditsLeft',
  /** Periods of Pro, and the mails in them. */
  'proPeriods',
  'proPeriodMails',
] as const;

export type Totals = Record<(typeof TOTALS)[number], number>;

export const NO_TOTALS = Object.fromEntries(TOTALS.map((name) => [name, 0])) as Totals;

/** Totals of one UTC day, and how many different users have used something on it. */
export interface DayStatistics extends Totals {
  /** `2026-11-24`. */
  day: string;
  activeUsers: number;
}

/** What one change adds to the statistics. */
export interface Counted {
  /** Names the counted thing, so that it counts once: `letter:<id>`. Unique among its user's. */
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

function countedConsumption(change: Change<'consumption'>): Counted | null {
  const consumption = arrived(change);
  return consumption === null
    ? null
    : used(change, `usage:${consumption.id}`, consumption.createdAt, consumption.consumed);
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

/** What the period of a plan that gives credits tells of them. */
function subscribed({ plan, mails, cardMails, creditsUsed, creditsLeft }: ClosedPeriod): Partial<Totals> {
  if (PLANS[plan].mailCreditsPerPeriod === 0) {
    return {};
  }
  const isExhausted = creditsUsed > 0 && creditsLeft === 0;
  return {
    subscriberPeriods: 1,
    exhaustedPeriods: isExhausted ? 1 : 0,
    convertedPeriods: isExhausted && cardMails > 0 ? 1 : 0,
    periodCreditsUsed: creditsUsed,
    periodCreditsLeft: creditsLeft,
    ...(plan === 'pro' ? { proPeriods: 1, proPeriodMails: mails } : {}),
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
  totals: Partial<Totals>,
): Counted {
  return { subject, userId, day: utcDay(at), totals: { ...NO_TOTALS, ...totals }, isUse: false, writtenAt };
}

/** Counts a use. */
export function used(change: Written, subject: string, at: Instant, totals: Use & Partial<Totals>): Counted {
  return { ...counted(change, subject, at, totals), isUse: true };
}

const TOTAL_OF_COUNTER = {
  granted: 'creditsGranted',
  used: 'creditsUsed',
  expired: 'creditsExpired',
  takenBack: 'creditsTakenBack',
} as const;

/** Movements move the lifetime counters of their account (G4), and the totals in the same way. */
function moved(movements: readonly Movement[]): Partial<Totals> {
  const totals = { creditsGranted: 0, creditsUsed: 0, creditsExpired: 0, creditsTakenBack: 0 };
  for (const { kind, amount } of movements) {
    const counter = MOVEMENT_COUNTER[kind];
    totals[TOTAL_OF_COUNTER[counter]] += counter === 'granted' ? amount : -amount;
  }
  return totals;
}

export function addTotals(one: Totals, other: Totals): Totals {
  const sum = { ...one };
  for (const name of TOTALS) {
    sum[name] += other[name];
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
