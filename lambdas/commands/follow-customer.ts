import { readStoredAccount } from '../adapters/dynamodb/accounts.ts';
import { findUserOfCustomer } from '../adapters/dynamodb/customer-item.ts';
import { DeletedCustomer, readOwner } from '../adapters/stripe/customers.ts';
import { listSubscriptions } from '../adapters/stripe/subscriptions.ts';
import { type Deadline } from '../domain/deadline.ts';
import { type Instant } from '../domain/instants.ts';
import { chooseSubscription, type Concern, ENDED_WITH_CUSTOMER } from '../domain/live-subscription.ts';
import { isSettled } from '../domain/change-verdicts.ts';
import { USER_ID } from '../domain/user-id.ts';
import { applySubscription, type SubscriptionOutcome, type ToldSubscription } from './apply-subscription.ts';
import { type CustomerLink, linkFirstCustomer } from './link-customer.ts';
import { settleOpenChange, UnsettledChangeError } from './settle-change.ts';
import {
  type EventOutcome,
  type EventRequest,
  type StripeServices,
  unchanged,
  untilWritten,
} from './stripe-handler.ts';

/** Stripe is between two states; asked again later, it has come to one. */
class UnsettledSubscriptionError extends Error {
  override name = 'UnsettledSubscriptionError';
}

/**
 * Brings an account to what Stripe says of its customer's subscriptions now. The event itself is a hint only: which
 * one it is, and in which order they come, makes no difference (G10).
 *
 * @throws UnsettledSubscriptionError, OvertakenError, BusyError, StripeUnavailableError, NotConfiguredError
 */
export async function followCustomer(services: StripeServices, request: EventRequest): Promise<EventOutcome> {
  const { event, sentAt } = request;
  const { customerId } = event;
  if (customerId === null) {
    return unchanged('no_customer', sentAt);
  }
  const owner = await findOwner(services, customerId, request);
  if (owner.is !== 'known') {
    return owner.is === 'gone'
      ? unchanged('customer_gone', sentAt)
      : { outcome: 'failed', reason: 'customer_without_user' };
  }
  const customer = { userId: owner.userId, customerId };
  return untilWritten(services.store, request, () => follow(services, request, customer));
}

async function follow(
  services: StripeServices,
  { event, sentAt, deadline }: EventRequest,
  customer: CustomerLink,
): Promise<EventOutcome | 'overtaken'> {
  const told = await followOnce(
    services,
    customer,
    { now: sentAt, deadline },
    (at) => ({ id: event.id, type: event.type, outcome: 'followed', at }),
    // It tells the account nothing, and comes again until the change that has released the schedule is settled: otherwise
    // what was scheduled would be lost with a change that never reached Stripe.
    event.type === 'subscription_schedule.released',
  );
  switch (told.outcome) {
    case 'written':
      return { outcome: 'done', concerns: told.concerns };
    case 'processed before':
      return { outcome: 'done', concerns: [] };
    case 'overtaken':
    case 'no account':
      return 'overtaken';
    case 'unknown_user':
      return { outcome: 'failed', reason: 'customer_without_user' };
    case 'unknown_price':
      return { outcome: 'failed', reason: 'unknown_price' };
    case 'customer_replaced':
      return unchanged('customer_replaced', sentAt);
  }
}

export type Followed =
  | { outcome: 'written'; concerns: readonly Concern[] }
  | { outcome: Exclude<SubscriptionOutcome, 'written'> }
  | { outcome: 'unknown_user' | 'unknown_price' | 'customer_replaced' };

/**
 * Asks Stripe and writes what it says. The worker does so, and a billing route that has changed something: nothing else
 * writes what Stripe says of a subscription.
 *
 * @param waitsForChange whether a change that has put a schedule aside has to be settled first
 * @throws UnsettledSubscriptionError, UnsettledChangeError, BusyError, StripeUnavailableError, NotConfiguredError
 */
export async function followOnce(
  services: Pick<StripeServices, 'store' | 'stripe'>,
  { userId, customerId }: CustomerLink,
  { now: askedAt, deadline }: { now: Instant; deadline: Deadline },
  eventAt: (at: Instant) => ToldSubscription['event'],
  waitsForChange = false,
): Promise<Followed> {
  const { store, stripe } = services;
  const account = await readStoredAccount(store, userId, deadline);
  if (account?.kind !== 'account') {
    return { outcome: 'unknown_user' };
  }
  if (account.customerId !== customerId) {
    return { outcome: 'customer_replaced' };
  }
  if (account.openChange !== null) {
    const open = await settleOpenChange(services, account, { now: askedAt, deadline });
    if (open !== null && isSettled(open)) {
      return { outcome: 'overtaken' };
    }
    if (waitsForChange && open !== null && open.status === 'asked' && open.aside !== null) {
      throw new UnsettledChangeError(`The change ${open.id} may have to put back what was scheduled.`);
    }
  }
  const listed = await listSubscriptions(stripe, customerId, store.catalogue, deadline);
  if (listed === null) {
    await DeletedCustomer.confirm(stripe, customerId, deadline);
  }
  const asked = Math.max(askedAt, listed?.asOf ?? 0);
  const choice =
    listed === null
      ? ENDED_WITH_CUSTOMER
      : chooseSubscription(listed.subscriptions, account.subscription, asked, store.catalogue);
  if (choice.outcome === 'grace_unknown') {
    throw new UnsettledSubscriptionError(`The customer ${customerId} is past due without an open invoice.`);
  }
  if (choice.outcome === 'unknown_price') {
    return { outcome: 'unknown_price' };
  }
  const { billingVersion } = account;
  const now = Math.max(asked, choice.notBefore);
  const told = { userId, billingVersion, chosen: choice, event: eventAt(now) };
  const outcome = await applySubscription(store, told, deadline);
  return outcome === 'written' ? { outcome, concerns: choice.concerns } : { outcome };
}

type Owner = { is: 'known'; userId: string } | { is: 'gone' } | { is: 'unknown' };

/** By our own item, else by the customer's metadata: somebody may have made the customer elsewhere, for this user. */
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
  // Otherwise the user has another customer, and can have only one.
  return linked === customerId ? { is: 'known', userId } : { is: 'unknown' };
}
