/** What is counted for the owner of the app: per UTC day, over all users. Deleting and erasing lower nothing. */
import { arrived, type Change, isScheduledNow, type RecordChange, scheduledAt } from './changes.ts';
import { MOVEMENT_COUNTER, type Movement } from './credits.ts';
import { costOf } from './deliveries.ts';
import { paymentFactOf } from './delivery-payment.ts';
import { DAY_MS, type Instant, utcDay } from './instants.ts';
import { isPaidNow } from './purchase-events.ts';
import { type Use } from './usage.ts';

export interface Totals {
  letters: number;
  emails: number;
  mails: number;
  creditsGranted: number;
  creditsUsed: number;
  creditsExpired: number;
  creditsTakenBack: number;
  /** Credits of bundles that were paid, and those that were taken back for refunds and disputes. */
  creditsBought: number;
  creditsRefunded: number;
  /** What was paid for bundles, and what of it has gone back; the second is not subtracted from the first. */
  bundleRevenueCents: number;
  bundleRefundsCents: number;
  /** Mails that a card has paid for; charges that came to nothing, declined or not authenticated in time; refunds. */
  cardMails: number;
  cardPaymentsFailed: number;
  cardRefunds: number;
  /** What cards were charged for mails, and what of it has gone back; the second is not subtracted from the first. */
  cardRevenueCents: number;
  cardRefundsCents: number;
}

export const NO_TOTALS: Totals = {
  letters: 0,
  emails: 0,
  mails: 0,
  creditsGranted: 0,
  creditsUsed: 0,
  creditsExpired: 0,
  creditsTakenBack: 0,
  creditsBought: 0,
  creditsRefunded: 0,
  bundleRevenueCents: 0,
  bundleRefundsCents: 0,
  cardMails: 0,
  cardRevenueCents: 0,
  cardPaymentsFailed: 0,
  cardRefunds: 0,
  cardRefundsCents: 0,
};

export const TOTALS = Object.keys(NO_TOTALS) as (keyof Totals)[];

/** Totals of one UTC day, and how many different users have used something on it. */
export interface DayStatistics extends Totals {
  /** `2026-11-24`. */
  day: string;
  activeUsers: number;
}

/** What one change adds to the statistics. */
export interface Counted {
  /** What is counted, so that it is counted once: `LETTER:<id>`. Unique among its user's. */
  subject: string;
  userId: string;
  /** The day of the thing itself, not that on which it is counted. */
  day: string;
  totals: Totals;
  /** Whether it makes its user one of the day's active ones: whoever has used something. */
  isUse: boolean;
  /** When the change was written. */
  writtenAt: Instant;
}

/** What a change adds to the statistics; null: nothing. */
export function countedOf(change: RecordChange): Counted | null {
  switch (change.kind) {
    case 'letter':
      return countedLetter(change);
    case 'delivery':
      return countedDelivery(change);
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
    case 'text':
      return null;
  }
}

function countedLetter(change: Change<'letter'>): Counted | null {
  const letter = arrived(change);
  return letter === null
    ? null
    : used(change, `letter:${letter.id}`, letter.createdAt, { letters: 1, emails: 0, mails: 0 });
}

function countedDelivery(change: Change<'delivery'>): Counted | null {
  if (!isScheduledNow(change)) {
    return countedPayment(change);
  }
  const { id, channel, payment } = change.after;
  const counted = used(change, `delivery:${id}`, scheduledAt(change), costOf(channel));
  const byCard = payment === null ? {} : { cardMails: 1, cardRevenueCents: payment.price.amountCents };
  return { ...counted, totals: { ...counted.totals, ...byCard } };
}

/** What has become of the money, apart from a mail that is scheduled with it. */
function countedPayment({ userId, at, before, after }: Change<'delivery'>): Counted | null {
  if (before === null || !after?.payment) {
    return null;
  }
  const { price, intentId } = after.payment;
  const counted = (what: string, totals: Partial<Totals>): Counted => ({
    subject: `${what}:${after.id}`,
    userId,
    day: utcDay(at),
    totals: { ...NO_TOTALS, ...totals },
    isUse: false,
    writtenAt: at,
  });
  switch (paymentFactOf(before, after)?.fact) {
    case undefined:
      return null;
    case 'charged':
      return counted('charge', { cardRevenueCents: price.amountCents });
    case 'failed':
      // Without an intent, no card was asked.
      return intentId === null ? null : counted('failed-payment', { cardPaymentsFailed: 1 });
    case 'refunded':
      return counted('refund', { cardRefunds: 1, cardRefundsCents: price.amountCents });
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
  return movement === null ? null : moved(change, `movement:${movement.id}`, movement.at, [movement]);
}

function countedPeriod(change: Change<'period'>): Counted | null {
  const period = arrived(change);
  return period === null
    ? null
    : moved(change, `period:${period.periodStart}`, period.periodEnd, period.movements);
}

/** Money that comes back, of a dispute that was won, lowers what went back on the day on which it comes. */
function countedPurchase({ userId, at, before, after }: Change<'purchase'>): Counted | null {
  if (before === null || after === null) {
    return null;
  }
  const { id, version, settledAt, credits, amountCents } = after;
  const isPaid = isPaidNow(before, after);
  if (!isPaid && after.returnedCents === before.returnedCents) {
    return null;
  }
  return {
    subject: `purchase:${id}:${String(version)}`,
    userId,
    day: utcDay(settledAt ?? at),
    totals: {
      ...NO_TOTALS,
      creditsBought: isPaid ? credits : 0,
      creditsRefunded: after.creditsTaken - before.creditsTaken,
      bundleRevenueCents: isPaid ? amountCents : 0,
      bundleRefundsCents: after.returnedCents - before.returnedCents,
    },
    isUse: false,
    writtenAt: at,
  };
}

function used({ userId, at: writtenAt }: RecordChange, subject: string, at: Instant, use: Use): Counted {
  return { subject, userId, day: utcDay(at), totals: { ...NO_TOTALS, ...use }, isUse: true, writtenAt };
}

const TOTAL_OF_COUNTER = {
  granted: 'creditsGranted',
  used: 'creditsUsed',
  expired: 'creditsExpired',
  takenBack: 'creditsTakenBack',
} as const;

/** Movements move the lifetime counters of their account (G4), and the totals in the same way. */
function moved(
  { userId, at: writtenAt }: RecordChange,
  subject: string,
  at: Instant,
  movements: readonly Movement[],
): Counted {
  const totals = { ...NO_TOTALS };
  for (const { kind, amount } of movements) {
    const counter = MOVEMENT_COUNTER[kind];
    totals[TOTAL_OF_COUNTER[counter]] += counter === 'granted' ? amount : -amount;
  }
  return { subject, userId, day: utcDay(at), totals, isUse: false, writtenAt };
}

export function addTotals(one: Totals, other: Totals): Totals {
  const sum = { ...one };
  for (const name of TOTALS) {
    sum[name] += other[name];
  }
  return sum;
}

/** Days are asked for up to ten years at once: 3,650 days and the leap days among them. */
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

function lastDayOf(month: string): string {
  const first = new Date(`${month}-01`);
  return utcDay(Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + 1, 0));
}
