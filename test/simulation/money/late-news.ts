/** What a side has let its user have before it heard that nobody has paid for it. */
import { type Account, isLive } from '../../../lambdas/domain/account.ts';
import { spent } from '../../../lambdas/domain/credits.ts';
import { servedOf } from '../../../lambdas/domain/served-intervals.ts';
import { toldUntil } from '../../../lambdas/domain/unpaid-periods.ts';
import { type Instant } from '../../../lambdas/domain/instants.ts';

/** An account when its side last heard of something. */
export interface Seen {
  subscription: Account['subscription'];
  anchor: Instant;
  periodStart: Instant;
  toldAt: Instant | null;
  included: number;
  /** Purchased credits that the period's mails have taken. */
  lent: number;
}

/** Included credits that a side had let its user spend, when it learnt that nobody has paid for them. */
export function spentOnTrust(
  before: Seen,
  { subscription, anchor, credits, servedIntervals }: Account,
): number {
  if (subscription.status === 'past_due') {
    return before.subscription.status === 'past_due' ? 0 : spent(credits).included;
  }
  const hasEnded = isLive(before.subscription) && !isLive(subscription);
  // The anchor had moved before the period opened, or Stripe had not told of that period.
  const paidUntil = Math.min(anchor, toldUntil(before));
  const neverWas = isLive(subscription) && before.anchor !== anchor && before.periodStart > paidUntil;
  const served = isLive(before.subscription) ? servedOf({ servedIntervals }, before.subscription.id) : null;
  return hasEnded || neverWas ? (served?.includedUsed ?? 0) : 0;
}
