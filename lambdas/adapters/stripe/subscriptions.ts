import { type Stripe } from 'stripe';
import { type Deadline } from '../../domain/deadline.ts';
import { type Catalogue } from '../../domain/catalogue.ts';
import { type Instant } from '../../domain/instants.ts';
import { type BilledSubscription, type Offer } from '../../domain/live-subscription.ts';
import { idOf, readStripe, type StripeConnection, toInstant, toInstantOrNull } from './connection.ts';
import { StripeMissingError } from './errors.ts';
import { listAll } from './lists.ts';
import { offerOf } from './prices.ts';

export interface CustomerSubscriptions {
  /** By Stripe's clock. */
  asOf: Instant;
  subscriptions: readonly BilledSubscription[];
}

/**
 * All subscriptions that a customer has or had.
 *
 * @returns null: Stripe does not know the customer, or not any more
 * @throws StripeUnavailableError, NotConfiguredError
 */
export async function listSubscriptions(
  connection: StripeConnection,
  customerId: string,
  catalogue: Catalogue,
  deadline: Deadline,
): Promise<CustomerSubscriptions | null> {
  try {
    const { items, asOf } = await listAll(connection, deadline, (stripe, paging, options) =>
      stripe.subscriptions.list(
        { customer: customerId, status: 'all', expand: ['data.customer'], ...paging },
        options,
      ),
    );
    const offers = new Map(items.map((item) => [item.id, offerOf(pricesIn(item), catalogue)]));
    const pastDue = items.filter(({ status }) => status === 'past_due');
    const billing = { connection, catalogue, deadline };
    const unpaidSince = await listUnpaid(billing, customerId, pastDue);
    const paidOffers = new Map<string, Offer>();
    for (const subscription of pastDue) {
      const { id } = subscription;
      const paid = offers.get(id) === null ? null : await newestPaid(billing, subscription);
      if (paid !== null) {
        paidOffers.set(id, paid);
      }
    }
    const subscriptions = items.map((item) => ({
      ...toBilled(item, offers.get(item.id) ?? null),
      unpaidSince: unpaidSince.get(item.id) ?? null,
      paidOffer: paidOffers.get(item.id) ?? null,
    }));
    return { asOf, subscriptions };
  } catch (error) {
    if (error instanceof StripeMissingError) {
      return null;
    }
    throw error;
  }
}

interface Billing {
  connection: StripeConnection;
  catalogue: Catalogue;
  deadline: Deadline;
}

function pricesIn({ items }: Stripe.Subscription): Stripe.Price[] {
  return items.data.map(({ price }) => price);
}

/** Since when the oldest open invoice of each subscription is owed. */
async function listUnpaid(
  { connection, deadline }: Billing,
  customerId: string,
  pastDue: readonly Stripe.Subscription[],
): Promise<ReadonlyMap<string, Instant>> {
  if (pastDue.length === 0) {
    return new Map();
  }
  const { items } = await listAll(connection, deadline, (stripe, paging, options) =>
    stripe.invoices.list({ customer: customerId, status: 'open', ...paging }, options),
  );
  const owed = pastDue.flatMap((subscription) => {
    const finalized = ({ status_transitions: { finalized_at: at } }: Stripe.Invoice): number =>
      at ?? Infinity;
    const [oldest] = invoicesOf(subscription, items).sort((one, other) => finalized(one) - finalized(other));
    const since = toInstantOrNull(oldest?.due_date ?? oldest?.status_transitions.finalized_at);
    return since === null ? [] : [[subscription.id, since] as const];
  });
  return new Map(owed);
}

/**
 * A subscription's open invoices, as Stripe lists them: the newest first. The invoice of a pending update is not among them:
 * what it is for does not hold before it is paid, and Stripe voids it when the update expires. It is the newest that an
 * update has made.
 */
function invoicesOf(
  { id, pending_update: pending }: Stripe.Subscription,
  open: readonly Stripe.Invoice[],
): Stripe.Invoice[] {
  const own = open.filter(({ parent }) => idOf(parent?.subscription_details?.subscription) === id);
  const ofUpdate = own.find(({ billing_reason: reason }) => reason === 'subscription_update');
  return pending === null ? own : own.filter((invoice) => invoice !== ofUpdate);
}

/** Somebody who adds things to a subscription's invoices by hand hardly adds ten invoices without a price of ours. */
const NEWEST_PAID = 10;

/**
 * What the newest paid invoice of a subscription was for. A line that is credited, such as the unused time of a former
 * price, was not paid.
 */
async function newestPaid(billing: Billing, subscription: Stripe.Subscription): Promise<Offer | null> {
  const { connection, catalogue, deadline } = billing;
  const { data } = await readStripe(connection, deadline, (stripe, options) =>
    stripe.invoices.list({ subscription: subscription.id, status: 'paid', limit: NEWEST_PAID }, options),
  );
  const known = new Map(pricesIn(subscription).map((price) => [price.id, price]));
  for (const { lines } of data) {
    const paid = lines.data.filter(({ amount }) => amount >= 0);
    const ids = paid.flatMap(({ pricing }) => idOf(pricing?.price_details?.price) ?? []);
    const prices = await readPrices(billing, [...new Set(ids)], known);
    const offer = offerOf(prices, catalogue);
    if (offer !== null) {
      return offer;
    }
  }
  return null;
}

/** The prices of these ids. A line of an invoice names a price by its id alone. */
async function readPrices(
  { connection, deadline }: Billing,
  ids: readonly string[],
  known: Map<string, Stripe.Price>,
): Promise<Stripe.Price[]> {
  const prices: Stripe.Price[] = [];
  for (const id of ids) {
    const price =
      known.get(id) ??
      (await readStripe(connection, deadline, (stripe, options) => stripe.prices.retrieve(id, {}, options)));
    known.set(id, price);
    prices.push(price);
  }
  return prices;
}

function toBilled(
  subscription: Stripe.Subscription,
  offer: Offer | null,
): Omit<BilledSubscription, 'unpaidSince' | 'paidOffer'> {
  const { id, status, created } = subscription;
  return {
    id,
    status,
    createdAt: toInstant(created),
    offer,
    anchor: toInstant(subscription.billing_cycle_anchor),
    cancelAt: toInstantOrNull(subscription.cancel_at),
    trialEndsAt: toInstantOrNull(subscription.trial_end),
    endsWithTrial: goesOnlyWithPayment(subscription) && !hasPaymentMethod(subscription),
  };
}

/** Without a payment method, the trial's end cancels or pauses it. Stripe's third choice invoices, so grace begins. */
function goesOnlyWithPayment({ trial_settings: settings }: Stripe.Subscription): boolean {
  const behavior = settings?.end_behavior.missing_payment_method;
  return behavior === 'cancel' || behavior === 'pause';
}

function hasPaymentMethod(subscription: Stripe.Subscription): boolean {
  const { customer, default_payment_method: method, default_source: source } = subscription;
  if (method !== null || source !== null) {
    return true;
  }
  return (
    typeof customer === 'object' &&
    customer.deleted !== true &&
    (customer.invoice_settings.default_payment_method !== null || customer.default_source !== null)
  );
}
