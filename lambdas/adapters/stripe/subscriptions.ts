import { type Stripe } from 'stripe';
import { type Deadline } from '../../domain/deadline.ts';
import { type Catalogue } from '../../domain/catalogue.ts';
import { type Instant } from '../../domain/instants.ts';
import { type BilledSubscription } from '../../domain/live-subscription.ts';
import { idOf, type StripeConnection, toInstant, toInstantOrNull } from './connection.ts';
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
    const hasUnpaid = items.some(({ status }) => status === 'past_due');
    const unpaidSince = hasUnpaid ? await listUnpaid(connection, customerId, deadline) : NOTHING_UNPAID;
    return { asOf, subscriptions: items.map((item) => toBilled(item, catalogue, unpaidSince)) };
  } catch (error) {
    if (error instanceof StripeMissingError) {
      return null;
    }
    throw error;
  }
}

const NOTHING_UNPAID: ReadonlyMap<string, Instant> = new Map();

/** When the oldest open invoice of each subscription was finalized. */
async function listUnpaid(
  connection: StripeConnection,
  customerId: string,
  deadline: Deadline,
): Promise<ReadonlyMap<string, Instant>> {
  const { items } = await listAll(connection, deadline, (stripe, paging, options) =>
    stripe.invoices.list({ customer: customerId, status: 'open', ...paging }, options),
  );
  const oldest = new Map<string, Instant>();
  for (const { parent, status_transitions: transitions } of items) {
    const subscriptionId = idOf(parent?.subscription_details?.subscription);
    const finalizedAt = toInstantOrNull(transitions.finalized_at);
    if (subscriptionId !== null && finalizedAt !== null) {
      oldest.set(subscriptionId, Math.min(finalizedAt, oldest.get(subscriptionId) ?? Infinity));
    }
  }
  return oldest;
}

function toBilled(
  subscription: Stripe.Subscription,
  catalogue: Catalogue,
  unpaidSince: ReadonlyMap<string, Instant>,
): BilledSubscription {
  const { id, status, created, items } = subscription;
  return {
    id,
    status,
    createdAt: toInstant(created),
    offer: offerOf(
      items.data.map(({ price }) => price),
      catalogue,
    ),
    anchor: toInstant(subscription.billing_cycle_anchor),
    cancelAt: toInstantOrNull(subscription.cancel_at),
    trialEndsAt: toInstantOrNull(subscription.trial_end),
    endsWithTrial: goesOnlyWithPayment(subscription) && !hasPaymentMethod(subscription),
    unpaidSince: unpaidSince.get(id) ?? null,
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
