import type { Instant } from '../lambdas/domain/instants.ts';
import type { BillingInterval } from '../lambdas/domain/plans.ts';
import type { LiveFacts } from '../lambdas/domain/subscriptions.ts';

export interface LocalSubscription {
  plan: LiveFacts['plan'];
  interval: BillingInterval;
  anchor: Instant;
}

/**
 * A user's subscription on this machine. It keeps its id, as at Stripe: another plan changes it, another anchor moves
 * it.
 */
export function localSubscription(userId: string, { plan, interval, anchor }: LocalSubscription): LiveFacts {
  return {
    plan,
    anchor,
    subscription: { status: 'active', id: `sub_dev_${userId}`, interval, endsAt: null },
  };
}
