/** What subscriptions have used of intervals that go on, so that none of them brings its allowance twice. */
import { type Account, isLive, type ServedInterval } from './account.ts';
import { type Instant } from './instants.ts';

type ServedIntervals = Account['servedIntervals'];

/** Nobody should have two subscriptions, and each that is kept makes the account's item longer. */
const MOST_SUBSCRIPTIONS = 3;

/** Puts an interval in place of the one that its subscription had before; the latest ones are kept. */
export function withServed(intervals: ServedIntervals, interval: ServedInterval): ServedIntervals {
  return [...withoutServed(intervals, interval.subscriptionId), interval].slice(-MOST_SUBSCRIPTIONS);
}

export function withoutServed(intervals: ServedIntervals, id: string): ServedIntervals {
  return intervals.filter(({ subscriptionId }) => subscriptionId !== id);
}

/** What the live subscription has used of its interval before the open period. */
export function servedBefore({ subscription, servedIntervals }: Account): ServedInterval | null {
  return isLive(subscription) ? servedTo(servedIntervals, subscription.id) : null;
}

export function servedTo(intervals: ServedIntervals, id: string): ServedInterval | null {
  return intervals.find(({ subscriptionId }) => subscriptionId === id) ?? null;
}

/** Those that still matter after the boundary of a period: the live subscription begins a new interval there. */
export function servedAfter({ subscription, servedIntervals }: Account, boundary: Instant): ServedIntervals {
  const others = isLive(subscription) ? withoutServed(servedIntervals, subscription.id) : servedIntervals;
  return others.filter(({ endsAt }) => boundary < endsAt);
}
