/**
 * Periods that nobody has paid for. An account opens its periods by itself, also while no word comes from Stripe. Once it
 * hears that meanwhile the anchor has moved or the plan has become smaller, Stripe never had the periods since:
 *
 *     Stripe    |31 Jan: enterprise          |28 Feb: pro
 *     account   |31 Jan: enterprise          |28 Feb: enterprise   |31 Mar: enterprise   |2 Apr: hears of pro
 *
 * So nothing is carried of what they leave: here the 10 of March. What was spent of them by then was spent on trust.
 */
import { type Account, type AccountChange, isLive } from './account.ts';
import { book, type Credits, type CreditsChange, left } from './credits.ts';
import { type Lots, sumLots, takeFromLots, withoutYoungest } from './lots.ts';
import { type Instant } from './instants.ts';
import { boundaryAfter, boundaryAtOrBefore, yearAfter } from './periods.ts';

/**
 * Up to when the account's periods are known to be paid for. A trial is one period, of which Stripe has told to its end, and a
 * yearly subscription was paid for to the end of its year.
 */
export function toldUntil({
  subscription,
  anchor,
  toldAt,
}: Pick<Account, 'subscription' | 'anchor' | 'toldAt'>): Instant {
  if (toldAt === null) {
    return Infinity;
  }
  const told = Math.max(toldAt, anchor - 1);
  return isLive(subscription) && subscription.interval === 'year' ? yearAfter(anchor, told) - 1 : told;
}

/** Whether the open period has begun after the last one that was paid for. */
export function isOpenUnpaid({ anchor, periodStart }: Account, paidUntil: Instant): boolean {
  return boundaryAtOrBefore(anchor, periodStart) > paidUntil;
}

/** How many periods have begun after the last one that was paid for, and have closed. */
export function countClosedUnpaid({ anchor, periodStart }: Account, paidUntil: Instant): number {
  if (paidUntil >= periodStart) {
    return 0;
  }
  let closed = 0;
  let start = boundaryAfter(anchor, paidUntil);
  while (start < periodStart) {
    closed += 1;
    start = boundaryAfter(anchor, start);
  }
  return closed;
}

/** The account without what is carried of periods that nobody has paid for: it expires. */
export function expireUnpaid(account: Account, paidUntil: Instant, source: string): AccountChange {
  const lots = countClosedUnpaid(account, paidUntil);
  const { credits, movements } = expireYoungestLots(account.credits, lots, source);
  return { account: { ...account, credits }, closed: [], movements };
}

/** Expires what is left of so many lots, from the youngest on. */
export function expireYoungestLots(credits: Credits, count: number, source: string): CreditsChange {
  const rest = left(credits).lots;
  const unpaid = sumLots(rest) - sumLots(withoutYoungest(rest, count));
  const lots = takeFromLots(credits.lots, unpaid, 'youngest first');
  return book({ ...credits, lots }, credits, 'expiry', -unpaid, source);
}

/** What an ending expires of the carried credits, and a return brings back: nothing of periods that nobody has paid for. */
export function paidLots(account: Account): Lots {
  const unpaid = countClosedUnpaid(account, toldUntil(account));
  return withoutYoungest(left(account.credits).lots, unpaid);
}
