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
import { book, type Credits, type CreditsChange, left, sumLots } from './credits.ts';
import { type Instant } from './instants.ts';
import { boundaryAfter, boundaryAtOrBefore, yearAfter } from './periods.ts';

/**
 * Up to when Stripe has told of the account's periods. A trial was told of to its end, and a yearly subscription was paid for
 * to the end of its year.
 */
export function toldUntil({ subscription, anchor, toldAt }: Account): Instant {
  if (toldAt === null) {
    return Infinity;
  }
  const told = Math.max(toldAt, anchor - 1);
  return isLive(subscription) && subscription.interval === 'year' ? yearAfter(anchor, told) - 1 : told;
}

/** Whether the open period has begun after the last one that was paid for. */
export function isUnpaid({ anchor, periodStart }: Account, paidUntil: Instant): boolean {
  return boundaryAtOrBefore(anchor, periodStart) > paidUntil;
}

/** The account without what is carried of periods that have begun after the last one that was paid for. */
export function expireUnpaid(account: Account, paidUntil: Instant, source: string): AccountChange {
  const lots = countClosed(account, paidUntil);
  const { credits, movements } = expireYoungestLots(account.credits, lots, source);
  return { account: { ...account, credits }, closed: [], movements };
}

/** How many periods have begun after an instant and have closed. */
function countClosed({ anchor, periodStart }: Account, after: Instant): number {
  let closed = 0;
  if (after < periodStart) {
    for (let start = boundaryAfter(anchor, after); start < periodStart; closed += 1) {
      start = boundaryAfter(anchor, start);
    }
  }
  return closed;
}

/** Expires what is left of so many lots, from the youngest on. */
export function expireYoungestLots(credits: Credits, count: number, source: string): CreditsChange {
  const first = Math.max(0, credits.lots.length - count);
  const unspent = left(credits).lots.map((lot, index) => (index < first ? 0 : lot));
  const lots = credits.lots.map((lot, index) => lot - (unspent[index] ?? 0));
  return book({ ...credits, lots }, credits, 'expiry', -sumLots(unspent), source);
}
