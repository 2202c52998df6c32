import { type Stripe } from 'stripe';
import { type Catalogue } from '../../domain/catalogue.ts';
import { type Deadline } from '../../domain/deadline.ts';
import { type Instant } from '../../domain/instants.ts';
import { type ChangeableSubscription, isSameOffer, type PendingUpdate } from '../../domain/plan-changes.ts';
import {
  answeredAt,
  callStripe,
  idOf,
  readStripe,
  type StripeConnection,
  toInstant,
  toInstantOrNull,
} from './connection.ts';
import { orNull, StripeRejectedError } from './errors.ts';
import { offerOf } from './prices.ts';

/** A subscription, its schedule and its pending update, as they are at Stripe now. */
export interface FoundSubscription {
  facts: ChangeableSubscription;
  /** By Stripe's clock. */
  asOf: Instant;
  /** The one that gives the plan. A subscription may have others, whatever they are for. */
  item: Stripe.SubscriptionItem;
  subscription: Stripe.Subscription;
  schedule: Stripe.SubscriptionSchedule | null;
}

const PARTS = ['schedule.phases.items.price', 'default_payment_method', 'customer'];

/**
 * @returns null: Stripe does not know it any more
 * @throws StripeUnavailableError, NotConfiguredError
 */
export async function readChangeable(
  connection: StripeConnection,
  subscriptionId: string,
  catalogue: Catalogue,
  deadline: Deadline,
): Promise<FoundSubscription | null> {
  const subscription = await orNull(
    readStripe(connection, deadline, (stripe, options) =>
      stripe.subscriptions.retrieve(subscriptionId, { expand: PARTS }, options),
    ),
  );
  if (subscription === null) {
    return null;
  }
  const items = subscription.items.data;
  const offer = offerOf(
    items.map(({ price }) => price),
    catalogue,
  );
  const item = items.find(({ price }) => isSameOffer(offerOf([price], catalogue), offer));
  if (item === undefined) {
    return null;
  }
  const schedule = typeof subscription.schedule === 'object' ? subscription.schedule : null;
  const [next] = schedule === null ? [] : laterPhases(schedule);
  const facts: ChangeableSubscription = {
    id: subscription.id,
    status: subscription.status,
    offer,
    periodEndsAt: toInstant(item.current_period_end),
    cancelAt: toInstantOrNull(subscription.cancel_at),
    scheduled:
      next === undefined
        ? null
        : { offer: offerOf(pricesOf(next), catalogue), at: toInstant(next.start_date) },
    pending: await readPending(connection, subscription, catalogue, deadline),
    isInvoiced: subscription.collection_method === 'send_invoice',
    methodType: await readMethodType(connection, subscription, deadline),
  };
  return { facts, asOf: answeredAt(subscription), item, subscription, schedule };
}

/** The phases that are yet to come. */
export function laterPhases(schedule: Stripe.SubscriptionSchedule): Stripe.SubscriptionSchedule.Phase[] {
  const { current_phase: current, phases } = schedule;
  return current === null ? [] : phases.filter(({ start_date: start }) => start >= current.end_date);
}

function pricesOf({ items }: Stripe.SubscriptionSchedule.Phase): Stripe.Price[] {
  return items.flatMap(({ price }) => (typeof price === 'object' && price.deleted !== true ? [price] : []));
}

/** The subscription's method comes before its customer's. */
async function readMethodType(
  connection: StripeConnection,
  { default_payment_method: own, customer }: Stripe.Subscription,
  deadline: Deadline,
): Promise<string | null> {
  if (typeof own === 'object' && own !== null) {
    return own.type;
  }
  const method =
    typeof customer === 'object' && customer.deleted !== true
      ? idOf(customer.invoice_settings.default_payment_method)
      : null;
  if (method === null) {
    return null;
  }
  const found = await orNull(
    readStripe(connection, deadline, (stripe, options) =>
      stripe.paymentMethods.retrieve(method, {}, options),
    ),
  );
  return found?.type ?? null;
}

const INVOICE_PARTS = ['confirmation_secret', 'payments.data.payment.payment_intent'];

async function readPending(
  connection: StripeConnection,
  subscription: Stripe.Subscription,
  catalogue: Catalogue,
  deadline: Deadline,
): Promise<PendingUpdate | null> {
  const { pending_update: update } = subscription;
  const invoiceId = update === null ? null : await findUpdateInvoice(connection, subscription, deadline);
  if (update === null || invoiceId === null) {
    return null;
  }
  const invoice = await readStripe(connection, deadline, (stripe, options) =>
    stripe.invoices.retrieve(invoiceId, { expand: INVOICE_PARTS }, options),
  );
  const intent = invoice.payments?.data.map(({ payment }) => payment.payment_intent).find(isIntent);
  const payment = paymentOf(intent);
  return {
    offer: offerOf(
      (update.subscription_items ?? []).map(({ price }) => price),
      catalogue,
    ),
    invoiceId,
    payment,
    clientSecret: payment === 'needs_holder' ? (invoice.confirmation_secret?.client_secret ?? null) : null,
    declineCode: intent?.last_payment_error?.decline_code ?? null,
    expiresAt: toInstant(update.expires_at),
  };
}

/** Nobody adds so many invoices to a subscription by hand while an update waits, which is a day at most. */
const NEWEST = 20;

/**
 * The invoice of a pending update: the newest that an update has made. The subscription's latest invoice may be another
 * one, such as the owner's own.
 */
async function findUpdateInvoice(
  connection: StripeConnection,
  { id }: Stripe.Subscription,
  deadline: Deadline,
): Promise<string | null> {
  const { data } = await readStripe(connection, deadline, (stripe, options) =>
    stripe.invoices.list({ subscription: id, limit: NEWEST }, options),
  );
  return data.find(({ billing_reason: reason }) => reason === 'subscription_update')?.id ?? null;
}

function isIntent(intent: string | Stripe.PaymentIntent | null | undefined): intent is Stripe.PaymentIntent {
  return typeof intent === 'object' && intent !== null;
}

/**
 * On session, a card that needs its holder stays on its intent, `requires_action`. A bank that asks for the holder of a charge without
 * them leaves the intent without a method, and the holder can't authenticate with the secret alone: that is a decline.
 */
function paymentOf(intent: Stripe.PaymentIntent | undefined): PendingUpdate['payment'] {
  const status = intent?.status ?? 'processing';
  if (status === 'requires_action' || status === 'requires_confirmation') {
    return 'needs_holder';
  }
  return status === 'requires_payment_method' || status === 'canceled' ? 'declined' : 'under_way';
}

/**
 * Voids the invoice of a pending update, so that nobody pays it any more, and Stripe drops the update. One that was paid
 * in the meantime is left as it is.
 *
 * @throws StripeUnavailableError, NotConfiguredError
 */
export async function voidPending(
  connection: StripeConnection,
  { invoiceId }: PendingUpdate,
  deadline: Deadline,
): Promise<void> {
  try {
    await callStripe(connection, deadline, (stripe, options) =>
      stripe.invoices.voidInvoice(invoiceId, {}, options),
    );
  } catch (error) {
    if (!(error instanceof StripeRejectedError)) {
      throw error;
    }
  }
}
