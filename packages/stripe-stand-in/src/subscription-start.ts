import { type Stripe } from 'stripe';
import { invalidRequest } from './api-error.ts';
import { DAY, periodEndAfter, type Seconds } from './calendar.ts';
import { fullPeriodLine, type Period, prorationLine, trialLine } from './invoice-lines.ts';
import { noMethod } from './invoice-routes.ts';
import { attemptInvoice, draftInvoice, finalizeInvoice } from './invoices.ts';
import { cardError, defaultMethodOf } from './payment-methods.ts';
import { declineOf, MINIMUM_CENTS, type Presence } from './payments.ts';
import { type Sandbox } from './sandbox.ts';
import { cadenceOf, itemOf, newSubscription } from './subscription-object.ts';

export type PaymentBehavior = 'allow_incomplete' | 'default_incomplete' | 'error_if_incomplete';

export interface SubscriptionOrder {
  customer: Stripe.Customer;
  price: Stripe.Price;
  quantity: number;
  metadata: Stripe.Metadata;
  description: string | null;
  /** In the future; null for none. */
  trialEnd: Seconds | null;
  /** In the future, for a first period that is shorter; null for now. */
  anchor: Seconds | null;
  prorates: boolean;
  defaultMethod: string | null;
  missingPaymentMethod: string;
  billingMode: string;
  savesMethod: boolean;
  /** For a subscription by invoice; null, or none, for one that is charged. */
  daysUntilDue?: number | null;
  paymentBehavior: PaymentBehavior;
  presence: Presence;
}

// Source: https://docs.stripe.com/api/subscriptions
const LONGEST_TRIAL = 730 * DAY;

// Source: https://docs.stripe.com/billing/subscriptions/overview#subscription-statuses
/**
 * A subscription begins: it is `incomplete` until its first invoice is paid, which may be at once, or `trialing`.
 *
 * @throws ApiError before anything is made, when it can't be paid and the order says so
 */
export function startSubscription(sandbox: Sandbox, order: SubscriptionOrder): Stripe.Subscription {
  const now = sandbox.now();
  const { customer, price, trialEnd } = order;
  if (trialEnd !== null && (trialEnd <= now || trialEnd > now + LONGEST_TRIAL)) {
    throw invalidRequest(
      'Invalid timestamp: must be an integer Unix timestamp in the future, and at most two years.',
      {
        param: 'trial_end',
      },
    );
  }
  const anchor = trialEnd ?? order.anchor ?? now;
  const period = { start: now, end: trialEnd ?? firstPeriodEnd(sandbox, price, anchor) };
  const methodId = order.defaultMethod ?? defaultMethodOf(sandbox, customer)?.id ?? null;
  const due = trialEnd === null ? (price.unit_amount ?? 0) * order.quantity + customer.balance : 0;
  const daysUntilDue = order.daysUntilDue ?? null;
  const isSent = daysUntilDue !== null;
  if (due >= MINIMUM_CENTS && !isSent) {
    requirePayable(sandbox, methodId, order.paymentBehavior);
  }
  const subscription = newSubscription(sandbox, {
    ...order,
    daysUntilDue,
    period,
    anchor,
    status: trialEnd === null ? (isSent ? 'active' : 'incomplete') : 'trialing',
  });
  sandbox.state.subscription.set(subscription.id, subscription);
  sandbox.state.subscription_record.set(subscription.id, {
    id: subscription.id,
    toldOfTrialEnd: null,
    pendingUpdate: null,
    overdueInvoice: null,
    finalizationFails: false,
    toldOfScheduleEnd: null,
    portalSchedule: null,
  });
  customer.currency = price.currency;
  sandbox.emit('customer.subscription.created', subscription);
  const line =
    trialEnd === null ? firstLine(sandbox, subscription, order) : trialLine(sandbox, itemOf(subscription));
  const invoice = draftInvoice(sandbox, {
    customer,
    subscription,
    lines: [line],
    reason: 'subscription_create',
    period: { start: now, end: now },
    finalizesAt: isSent ? now + sandbox.settings.draftSeconds : null,
  });
  subscription.latest_invoice = invoice.id;
  // Source: https://docs.stripe.com/api/subscriptions/object#subscription_object-collection_method
  // Guess: the first invoice that is sent stays a draft as long as that of a renewal.
  if (isSent) {
    return subscription;
  }
  finalizeInvoice(sandbox, invoice);
  if (invoice.status === 'open' && order.paymentBehavior !== 'default_incomplete') {
    attemptInvoice(sandbox, invoice, { method: methodId, presence: order.presence, isAutomatic: true });
  }
  return subscription;
}

// Guess: nothing is made when there is no method, nor, with `error_if_incomplete`, when the card will be declined.
/** @throws ApiError when there is nothing to charge, or the card would be declined and `error_if_incomplete` was asked for */
export function requirePayable(sandbox: Sandbox, methodId: string | null, behavior: PaymentBehavior): void {
  if (behavior === 'default_incomplete') {
    return;
  }
  if (methodId === null) {
    throw noMethod();
  }
  const decline = declineOf(sandbox, sandbox.get('payment_method', methodId, 'default_payment_method'));
  if (behavior === 'error_if_incomplete' && decline !== null) {
    throw cardError(decline);
  }
}

// Source: https://docs.stripe.com/billing/subscriptions/billing-cycle
function firstPeriodEnd(sandbox: Sandbox, price: Stripe.Price, anchor: Seconds): Seconds {
  const now = sandbox.now();
  const natural = periodEndAfter(now, cadenceOf(price), now);
  if (anchor < now || anchor > natural) {
    throw invalidRequest(
      `billing_cycle_anchor must be in the future and cannot be later than next natural billing date (${natural}) for plan`,
      { param: 'billing_cycle_anchor' },
    );
  }
  return anchor === now ? natural : anchor;
}

function firstLine(
  sandbox: Sandbox,
  subscription: Stripe.Subscription,
  { anchor, price, prorates }: SubscriptionOrder,
): Stripe.InvoiceLineItem {
  const item = itemOf(subscription);
  if (anchor === null || anchor === sandbox.now()) {
    return fullPeriodLine(sandbox, item);
  }
  if (!prorates) {
    return { ...fullPeriodLine(sandbox, item), amount: 0, subtotal: 0 };
  }
  const whole = { ...item, current_period_start: wholePeriodBefore(price, anchor, sandbox.now()).start };
  return prorationLine(sandbox, whole, price, sandbox.now(), 1);
}

/** The period that would have ended at the anchor; the shorter one is a share of it. */
function wholePeriodBefore(price: Stripe.Price, anchor: Seconds, now: Seconds): Period {
  const cadence = cadenceOf(price);
  const length = periodEndAfter(now, cadence, now) - now;
  return { start: anchor - length, end: anchor };
}
