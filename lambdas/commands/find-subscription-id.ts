import { listSubscriptions } from '../adapters/stripe/subscriptions.ts';
import { type Account, isLive } from '../domain/account.ts';
import { type Deadline } from '../domain/deadline.ts';
import { SUBSCRIBED } from '../domain/live-subscription.ts';
import { GIVING } from '../domain/plan-changes.ts';
import { type CustomerServices } from './with-customer.ts';

/**
 * The subscription that a user can change: the account's, else one at Stripe of which the account does not know yet, or
 * not any more. After the days of grace Stripe may go on trying to charge one, and its user must be able to cancel it.
 *
 * @returns null: there is none
 * @throws StripeUnavailableError, NotConfiguredError
 */
export async function findSubscriptionId(
  { store, stripe }: CustomerServices,
  { subscription, customerId }: Pick<Account, 'subscription' | 'customerId'>,
  { deadline }: { deadline: Deadline },
): Promise<string | null> {
  if (isLive(subscription)) {
    return subscription.id;
  }
  const listed =
    customerId === null ? null : await listSubscriptions(stripe, customerId, store.catalogue, deadline);
  const own = listed?.subscriptions.filter(({ offer }) => offer !== null) ?? [];
  const found =
    own.find(({ status }) => GIVING.includes(status)) ??
    own.find(({ status }) => SUBSCRIBED.includes(status));
  return found?.id ?? null;
}
