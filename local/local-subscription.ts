import { randomUUID } from 'node:crypto';
import { readAccount } from '../lambdas/commands/read-account.ts';
import { retrying, TRY_AGAIN } from '../lambdas/adapters/dynamodb/retry.ts';
import type { Store } from '../lambdas/adapters/dynamodb/store.ts';
import { applySubscription } from '../lambdas/commands/apply-subscription.ts';
import { changeAccount, refuseErased } from '../lambdas/commands/change-account.ts';
import { type Account, newAccount } from '../lambdas/domain/account.ts';
import type { Deadline } from '../lambdas/domain/deadline.ts';
import type { Instant } from '../lambdas/domain/instants.ts';
import type { BillingInterval } from '../lambdas/domain/catalogue.ts';
import type { LiveFacts, SubscriptionFacts } from '../lambdas/domain/subscriptions.ts';

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
  return retrying(deadline, async () => {
    const request = { userId, now, deadline, ifErased: refuseErased };
    const billingVersion = await changeAccount<number>(store, request, (before) => {
      const account = before ?? newAccount(userId, now, store.catalogue);
      const answer = account.billingVersion;
      return before === null
        ? {
            write: {
              change: { account, closed: [], movements: [] },
              cause: { id: event.id, at: now },
              answer,
            },
          }
        : { answer };
    });
    const outcome = await applySubscription(store, { userId, billingVersion, chosen, event }, deadline);
    return outcome === 'written' || outcome === 'processed before'
      ? (await readAccount(store, userId, now, deadline)).account
      : TRY_AGAIN;
  });
}
