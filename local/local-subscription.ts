import { randomUUID } from 'node:crypto';
import { readAccount } from '../lambdas/adapters/dynamodb/accounts.ts';
import { retrying, TRY_AGAIN } from '../lambdas/adapters/dynamodb/retry.ts';
import type { Store } from '../lambdas/adapters/dynamodb/store.ts';
import { writeLesson } from '../lambdas/commands/apply-subscription.ts';
import { writeChange } from '../lambdas/commands/change-account.ts';
import type { Account } from '../lambdas/domain/account.ts';
import type { Deadline } from '../lambdas/domain/deadline.ts';
import type { Instant } from '../lambdas/domain/instants.ts';
import type { BillingInterval } from '../lambdas/domain/plans.ts';
import type { LiveFacts, SubscriptionFacts } from '../lambdas/domain/subscriptions.ts';

export interface LocalSubscription {
  plan: LiveFacts['plan'];
  interval: BillingInterval;
  anchor: Instant;
}

/**
 * A user's subscription on this machine. It keeps its id, as one at Stripe does: another plan changes it, and another
 * anchor moves it.
 */
export function localSubscription(userId: string, { plan, interval, anchor }: LocalSubscription): LiveFacts {
  return {
    plan,
    anchor,
    subscription: { status: 'active', id: `sub_dev_${userId}`, interval, endsAt: null },
  };
}

/**
 * Brings an account to a subscription as the worker does that follows Stripe: a new user has a free account first.
 *
 * @throws ErasedAccountError
 * @throws BusyError
 */
export async function givePlan(
  store: Store,
  userId: string,
  facts: SubscriptionFacts,
  now: Instant,
  deadline: Deadline,
): Promise<Account> {
  const event = { id: `evt_dev_${randomUUID()}`, type: 'dev', outcome: 'followed', at: now };
  const chosen = { facts, hadSubscription: facts !== null };
  return retrying(deadline, async (abortSignal) => {
    const { account } = await readAccount(store, userId, now, deadline);
    if (account.version === 0) {
      const created = { account, closed: [], movements: [] };
      await writeChange(store, created, null, { id: event.id, at: now }, abortSignal);
    }
    const { billingVersion } = account;
    const outcome = await writeLesson(store, { userId, billingVersion, chosen, event }, deadline);
    return outcome === 'written' || outcome === 'processed before'
      ? (await readAccount(store, userId, now, deadline)).account
      : TRY_AGAIN;
  });
}
