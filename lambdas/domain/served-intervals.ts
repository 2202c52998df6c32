/** What subscriptions have used of intervals that go on, so that none of them brings its allowance twice. */
import { type Account, isLive, type ServedInterval } from './account.ts';
import { type Instant } from './instants.ts';

type ServedIntervals = Account['servedIntervals'];

/** Nobody should have two subscriptions, and each that is kept makes the account's item longer. */
const MOST_SUBSCRIPTIONS = 3;

/** Keeps an interval in place of the one that its subscription had before: the latest of those that go on. */
export function withServed(account: Account, interval: ServedInterval, at: Instant): ServedIntervals {
  const others = withoutServed(account, interval.subscriptionId).filter(({ endsAt }) => at < endsAt);
  return [...others, interval].slice(-MOST_SUBSCRIPTIONS);
}

export function withoutServed({ servedIntervals }: Account, id: string): ServedIntervals {
  return servedIntervals.filter(({ subscriptionId }) => subscriptionId !== id);
}

/** What the live subscription has used of its interval before the open period. */
export function servedBefore(account: Account): ServedInterval | null {
  return isLive(account.subscription) ? servedOf(account, account.subscription.id) : null;
}

export function servedOf(
  { servedIntervals }: Pick<Account, 'servedIntervals'>,
  id: string,
): ServedInterval | null {
  return servedIntervals.find(({ subscriptionId }) => subscriptionId === id) ?? null;
}

/** Those that still matter after the boundary of a period: the live subscription begins a new interval there. */
export function servedAfter(account: Account, boundary: Instant): ServedIntervals {
  const { subscription, servedIntervals } = account;
  const others = isLive(subscription) ? withoutServed(account, subscription.id) : servedIntervals;
  return others.filter(({ endsAt }) => boundary < endsAt);
}
