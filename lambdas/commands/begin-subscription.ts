import { checkOutSubscription, expireSession } from '../adapters/stripe/checkout.ts';
import { findPrice } from '../adapters/stripe/prices.ts';
import { listSubscriptions } from '../adapters/stripe/subscriptions.ts';
import { isLive } from '../domain/account.ts';
import { NEVER_BEGAN, type Offer, SUBSCRIBED } from '../domain/live-subscription.ts';
import { type CommandContext } from './command-context.ts';
import { readAccount } from './read-account.ts';
import { type CustomerServices, withCustomer } from './with-customer.ts';

/**
 * Begins a Checkout of a subscription, in place of one that the user has begun before. Subscriptions to other products of
 * the owner's don't matter.
 *
 * @returns the address of its page; null if the user subscribes already, whether or not Stripe's event has come
 * @throws BusyError, ErasedAccountError, StripeUnavailableError
 * @throws NotConfiguredError when Stripe has not the catalogue's price
 */
export async function beginSubscription(
  services: CustomerServices & { appUrl: string },
  {
    userId,
    id,
    now,
    deadline,
    idempotencyKey,
    email = null,
  }: CommandContext & { idempotencyKey: string | null; email?: string | null },
  offer: Offer,
): Promise<string | null> {
  const { store, stripe, appUrl } = services;
  const { account } = await readAccount(store, userId, now, deadline);
  if (isLive(account.subscription)) {
    return null;
  }
  const priceId = await findPrice(stripe, offer, store.catalogue, deadline);
  return withCustomer({ store, stripe }, { ...account, email }, now, deadline, async (customerId) => {
    const statusesOf = async (): Promise<string[]> => {
      // Stripe does not know a customer who was deleted. The Checkout below replaces them.
      const listed = await listSubscriptions(stripe, customerId, store.catalogue, deadline);
      return (
        listed?.subscriptions.flatMap(({ offer: known, status }) => (known === null ? [] : [status])) ?? []
      );
    };
    const statuses = await statusesOf();
    if (statuses.some(isSubscribed)) {
      return null;
    }
    const isFirst = statuses.every((status) => NEVER_BEGAN.includes(status));
    const days = isFirst ? store.catalogue.trialDays : 0;
    const requestId = idempotencyKey === null ? null : id;
    const { checkout } = store.catalogue;
    const order = { userId, customerId, priceId, trialDays: days, appUrl, checkout, requestId };
    const session = await checkOutSubscription(stripe, order, deadline);
    // An older page may have been paid before it could expire.
    if ((await statusesOf()).some(isSubscribed)) {
      await expireSession(stripe, session.id, deadline);
      return null;
    }
    return session.url;
  });
}

function isSubscribed(status: string): boolean {
  return SUBSCRIBED.includes(status);
}
