import { readStoredAccount } from '../adapters/dynamodb/accounts.ts';
import { applySubscription } from './apply-subscription.ts';
import { findUserOfCustomer } from '../adapters/dynamodb/customer-item.ts';
import { linkFirstCustomer } from './link-customer.ts';
import { isProcessed } from '../adapters/dynamodb/processed-events.ts';
import { DeletedCustomer, readOwner } from '../adapters/stripe/customers.ts';
import { listSubscriptions } from '../adapters/stripe/subscriptions.ts';
import { chooseSubscription, ENDED_WITH_CUSTOMER } from '../domain/live-subscription.ts';
import { USER_ID } from '../domain/user-id.ts';
import {
  type EventOutcome,
  type EventRequest,
  OvertakenError,
  type StripeServices,
  unchanged,
} from './stripe-event.ts';

/** Stripe is between two states; asked again later, it has come to one. */
class UnsettledSubscriptionError extends Error {
  override name = 'UnsettledSubscriptionError';
}

const MAX_ROUNDS = 10;

/**
 * Brings an account to what Stripe says of its customer's subscriptions now. The event itself is a hint only: which
 * one it is, and in which order they come, makes no difference (G10).
 *
 * @throws UnsettledSubscriptionError, OvertakenError, BusyError, StripeUnavailableError, NotConfiguredError
 */
export async function syncSubscription(
  services: StripeServices,
  { event, sentAt, deadline }: EventRequest,
): Promise<EventOutcome> {
  const { store, stripe, prices } = services;
  const { customerId } = event;
  if (customerId === null) {
    return unchanged('no_customer', sentAt);
  }
  const owner = await findOwner(services, customerId, { event, sentAt, deadline });
  if (owner.is !== 'known') {
    return owner.is === 'gone'
      ? unchanged('customer_gone', sentAt)
      : { outcome: 'failed', reason: 'customer_without_user' };
  }
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const account = await readStoredAccount(store, owner.userId, deadline);
    if (account?.kind !== 'account') {
      return { outcome: 'failed', reason: 'customer_without_user' };
    }
    if (account.customerId !== customerId) {
      return unchanged('customer_replaced', sentAt);
    }
    const listed = await listSubscriptions(stripe, customerId, prices, deadline);
    if (listed === null) {
      await DeletedCustomer.confirm(stripe, customerId, deadline);
    }
    const now = Math.max(sentAt, listed?.asOf ?? 0);
    const choice =
      listed === null
        ? ENDED_WITH_CUSTOMER
        : chooseSubscription(listed.subscriptions, account.subscription, now);
    if (choice.outcome === 'grace_unknown') {
      throw new UnsettledSubscriptionError(`The customer ${customerId} is past due without an open invoice.`);
    }
    if (choice.outcome === 'unknown_price') {
      return { outcome: 'failed', reason: 'unknown_price' };
    }
    const written = await applySubscription(
      store,
      {
        userId: owner.userId,
        billingVersion: account.billingVersion,
        chosen: choice,
        event: { id: event.id, type: event.type, outcome: 'followed', at: now },
      },
      deadline,
    );
    if (written === 'written') {
      return { outcome: 'done', concerns: choice.concerns };
    }
    // What overtook it may have been its own write, whose answer was lost.
    if (written === 'processed before' || (await isProcessed(store, event.id, deadline))) {
      return { outcome: 'done', concerns: [] };
    }
  }
  throw new OvertakenError(
    `The account of the customer ${customerId} was overtaken ${String(MAX_ROUNDS)} times.`,
  );
}

type Owner = { is: 'known'; userId: string } | { is: 'gone' } | { is: 'unknown' };

/** By our own item, else by the customer's metadata: whoever made the customer elsewhere may have put the user there. */
async function findOwner(
  { store, stripe }: StripeServices,
  customerId: string,
  { sentAt, deadline }: EventRequest,
): Promise<Owner> {
  const known = await findUserOfCustomer(store, customerId, deadline);
  if (known !== null) {
    return { is: 'known', userId: known };
  }
  const owner = await readOwner(stripe, customerId, deadline);
  if (owner === 'gone') {
    return { is: 'gone' };
  }
  const { userId } = owner;
  if (userId === null || !USER_ID.test(userId)) {
    return { is: 'unknown' };
  }
  const account = await readStoredAccount(store, userId, deadline);
  if (account?.kind === 'erased') {
    return { is: 'unknown' };
  }
  const linked = await linkFirstCustomer(store, { userId, customerId }, sentAt, deadline);
  // The user has another customer, and can have but one.
  return linked === customerId ? { is: 'known', userId } : { is: 'unknown' };
}
