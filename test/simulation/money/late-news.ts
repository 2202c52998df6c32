/** What a side has let its user have before it heard that nobody has paid for it. */
import type { Stripe } from 'stripe';
import { type Account, isLive } from '../../../lambdas/domain/account.ts';
import { spent } from '../../../lambdas/domain/credits.ts';
import { type Instant } from '../../../lambdas/domain/instants.ts';
import { boundaryAfter, isBoundary } from '../../../lambdas/domain/periods.ts';

/** An account when its side last heard of something. */
export interface Seen {
  subscription: Account['subscription'];
  anchor: Instant;
  periodStart: Instant;
  included: number;
  /** Purchased credits that the period's mails have taken. */
  lent: number;
}

/** Included credits that a side had let its user spend, when it learnt that nobody has paid for them. */
export function spentOnTrust(
  before: Seen,
  { subscription, anchor, credits, servedInterval }: Account,
): number {
  if (subscription.status === 'past_due') {
    return before.subscription.status === 'past_due' ? 0 : spent(credits).included;
  }
  const hasEnded = isLive(before.subscription) && !isLive(subscription);
  // The anchor had moved before the period opened, at a boundary of the former series.
  const neverWas = isLive(subscription) && before.anchor !== anchor && before.periodStart > anchor;
  return hasEnded || neverWas ? (servedInterval?.includedUsed ?? 0) : 0;
}

/** Whether a period of the former series has begun and ended since the anchor moved. */
export function isPeriodLate(before: Seen, { subscription, anchor }: Account, now: Instant): boolean {
  if (!isLive(before.subscription) || !isLive(subscription) || before.anchor === anchor) {
    return false;
  }
  const begins = isBoundary(before.anchor, anchor) ? anchor : boundaryAfter(before.anchor, anchor);
  return boundaryAfter(before.anchor, begins) <= now;
}

/** Whether the anchor has moved twice since then, so that nobody has heard what held in between. */
export function hasMissedMove(
  before: Seen,
  { subscription, anchor }: Account,
  events: readonly Stripe.Event[],
): boolean {
  if (!isLive(before.subscription) || !isLive(subscription)) {
    return false;
  }
  return events.some(({ data: { object } }) => {
    if (object.object !== 'subscription' || object.id !== subscription.id) {
      return false;
    }
    const moved = object.billing_cycle_anchor * 1_000;
    return moved > before.anchor && moved < anchor;
  });
}
