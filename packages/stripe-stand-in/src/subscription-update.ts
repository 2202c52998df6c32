import { type Stripe } from 'stripe';
import { invalidRequest } from './api-error.ts';
import { periodEndAfter, type Seconds } from './calendar.ts';
import {
  fullPeriodLine,
  keepForNextInvoice,
  prorationLine,
  takePendingLines,
  trialLine,
} from './invoice-lines.ts';
import { attemptInvoice, draftInvoice, finalizeInvoice, isSent } from './invoices.ts';
import { defaultMethodOf } from './payment-methods.ts';
import { MINIMUM_CENTS } from './payments.ts';
import { holdUpdate, requirePendable, showUnpaidUpdate, voidUpdate } from './pending-updates.ts';
import { type Sandbox } from './sandbox.ts';
import { syncCurrentPhase } from './schedule-object.ts';
import { refId } from './state.ts';
import {
  cadenceOf,
  changeSubscription,
  isSameCadence,
  itemOf,
  itemsWith,
  planOf,
} from './subscription-object.ts';
import { type PaymentBehavior, requirePayable } from './subscription-start.ts';

/** A change of what a subscription costs. */
export interface BillingChange {
  price: Stripe.Price;
  quantity: number;
  /** Whether a new period begins now. */
  movesAnchor: boolean;
  /** Null leaves the trial as it is; a second in the past or now ends it. */
  trialEnd: Seconds | null;
  proration: 'create_prorations' | 'always_invoice' | 'none';
  paymentBehavior: PaymentBehavior | 'pending_if_incomplete';
  /** Metadata that holds with a pending update. */
  heldMetadata?: Record<string, string> | null | undefined;
}

/** What the subscription will be, and what has to be paid for that. */
interface Outcome {
  changes: Partial<Stripe.Subscription>;
  lines: Stripe.InvoiceLineItem[];
  /** Whether the lines are paid now or with the next invoice. */
  isInvoiced: boolean;
}

// Source: https://docs.stripe.com/billing/subscriptions/prorations
// Source: https://docs.stripe.com/billing/subscriptions/pending-updates
/**
 * Changes price, quantity, anchor or trial, and invoices what that costs.
 *
 * @param also other changes of the same request, so that one event tells of all
 * @throws ApiError before any effect, when `error_if_incomplete` was asked for and the payment would fail
 */
export function changeBilling(
  sandbox: Sandbox,
  subscription: Stripe.Subscription,
  change: BillingChange,
  also: Partial<Stripe.Subscription>,
): void {
  const { changes, lines, isInvoiced } = outcomeOf(sandbox, subscription, change);
  const all = { ...also, ...changes, ...followPeriod(subscription, { ...also, ...changes }) };
  const customer = sandbox.customer(refId(subscription.customer));
  const { default_payment_method: own = subscription.default_payment_method } = all;
  const method = refId(own) ?? defaultMethodOf(sandbox, customer)?.id ?? null;
  const behavior = change.paymentBehavior;
  if (behavior === 'pending_if_incomplete') {
    requirePendable(sandbox, subscription, method);
  }
  const total = lines.reduce((sum, line) => sum + line.amount, customer.balance);
  const isCharged = subscription.collection_method === 'charge_automatically';
  if (isInvoiced && isCharged && total >= MINIMUM_CENTS && behavior === 'error_if_incomplete') {
    requirePayable(sandbox, method, behavior);
  }
  if (isChange(subscription, change)) {
    // Guess: any later change of what a subscription costs drops the pending one, as a later pending one does.
    voidUpdate(sandbox, subscription);
  }
  if (!isInvoiced) {
    keepForNextInvoice(sandbox, subscription.id, lines);
    changeSubscription(sandbox, subscription, all);
    syncCurrentPhase(sandbox, subscription);
    return;
  }
  const takenLines = takePendingLines(sandbox, subscription.id);
  const invoice = draftInvoice(sandbox, {
    customer,
    subscription,
    lines: [...takenLines, ...lines],
    reason: 'subscription_update',
    period: { start: itemOf(subscription).current_period_start, end: sandbox.now() },
    finalizesAt: null,
  });
  if (behavior === 'pending_if_incomplete') {
    // Guess: nobody but the customer tries to pay the invoice of a pending update again.
    invoice.auto_advance = false;
    const metadata = change.heldMetadata;
    holdUpdate(sandbox, subscription, { invoice: invoice.id, changes, metadata, takenLines });
  } else {
    changeSubscription(sandbox, subscription, { ...all, latest_invoice: invoice.id });
    syncCurrentPhase(sandbox, subscription);
  }
  finalizeInvoice(sandbox, invoice);
  collectNow(sandbox, subscription, invoice, { method, behavior });
  if (behavior === 'pending_if_incomplete') {
    showUnpaidUpdate(sandbox, subscription, change.trialEnd);
  }
}

// Source: https://docs.stripe.com/api/subscriptions/update#update_subscription-payment_behavior
// Guess: `off_session` changes nothing: a bank that asks for the holder of a card is waited for.
function collectNow(
  sandbox: Sandbox,
  subscription: Stripe.Subscription,
  invoice: Stripe.Invoice,
  { method, behavior }: { method: string | null; behavior: BillingChange['paymentBehavior'] },
): void {
  if (invoice.status !== 'open' || isSent(invoice)) {
    return;
  }
  if (behavior !== 'default_incomplete') {
    attemptInvoice(sandbox, invoice, { method, presence: 'billing', isAutomatic: true });
  } else if (subscription.status === 'active') {
    changeSubscription(sandbox, subscription, { status: 'past_due' });
  }
}

function isChange(subscription: Stripe.Subscription, { price, quantity, ...change }: BillingChange): boolean {
  const item = itemOf(subscription);
  const isSame = price.id === item.price.id && quantity === item.quantity;
  return !isSame || change.movesAnchor || change.trialEnd !== null;
}

// Guess: an end at the period's end moves with the period.
/** `cancel_at_period_end` means the end of whatever period there is. */
function followPeriod(
  subscription: Stripe.Subscription,
  changes: Partial<Stripe.Subscription>,
): Partial<Stripe.Subscription> {
  const follows = changes.cancel_at_period_end ?? subscription.cancel_at_period_end;
  const [item] = (changes.items ?? subscription.items).data;
  return follows && item !== undefined ? { cancel_at: item.current_period_end } : {};
}

export function outcomeOf(
  sandbox: Sandbox,
  subscription: Stripe.Subscription,
  change: BillingChange,
): Outcome {
  const now = sandbox.now();
  const item = itemOf(subscription);
  const { price, quantity, trialEnd } = change;
  const isTrialing = subscription.status === 'trialing';
  const startsTrial = trialEnd !== null && trialEnd > now;
  const bought = { price, plan: planOf(price), quantity };
  // Guess: a change in a trial costs nothing, and keeps the trial.
  if (isTrialing && trialEnd === null && !change.movesAnchor) {
    return { changes: { items: itemsWith(subscription, bought) }, lines: [], isInvoiced: false };
  }
  const unused =
    isTrialing || change.proration === 'none' ? [] : [prorationLine(sandbox, item, item.price, now, -1)];
  if (startsTrial) {
    const start = isTrialing ? item.current_period_start : now;
    const items = itemsWith(subscription, {
      ...bought,
      current_period_start: start,
      current_period_end: trialEnd,
    });
    return {
      changes: {
        items,
        status: 'trialing',
        billing_cycle_anchor: trialEnd,
        trial_end: trialEnd,
        trial_start: subscription.trial_start ?? now,
      },
      lines: isTrialing ? [] : [...unused, trialLine(sandbox, items.data[0] ?? item)],
      isInvoiced: !isTrialing,
    };
  }
  // Source: https://docs.stripe.com/billing/subscriptions/change-price#changing
  const resets = isTrialing || change.movesAnchor || !isSameCadence(price, item.price);
  if (resets) {
    const end = periodEndAfter(now, cadenceOf(price), now);
    const items = itemsWith(subscription, { ...bought, current_period_start: now, current_period_end: end });
    return {
      changes: {
        items,
        billing_cycle_anchor: now,
        ...(isTrialing ? { status: 'active' as const, trial_end: now } : {}),
      },
      lines: [...unused, fullPeriodLine(sandbox, items.data[0] ?? item)],
      isInvoiced: true,
    };
  }
  const isSame = price.id === item.price.id && quantity === item.quantity;
  const rest = { ...item, ...bought };
  return {
    changes: { items: itemsWith(subscription, bought) },
    lines: unused.length === 0 || isSame ? [] : [...unused, prorationLine(sandbox, rest, price, now, 1)],
    isInvoiced: change.proration === 'always_invoice' && !isSame,
  };
}

// Source: https://docs.stripe.com/api/subscriptions/resume
/** A paused subscription begins a new period, and is active once that is paid. */
export function resumeSubscription(
  sandbox: Sandbox,
  subscription: Stripe.Subscription,
  movesAnchor: boolean,
): Stripe.Subscription {
  if (subscription.collection_method === 'send_invoice') {
    throw invalidRequest('Only subscriptions with `collection_method=charge_automatically` can be resumed.');
  }
  if (subscription.status !== 'paused') {
    throw invalidRequest(
      `Subscription ${subscription.id} has a status of ${subscription.status}; only a paused subscription can be resumed.`,
    );
  }
  const now = sandbox.now();
  const item = itemOf(subscription);
  const anchor = movesAnchor ? now : subscription.billing_cycle_anchor;
  const end = periodEndAfter(anchor, cadenceOf(item.price), now);
  const items = itemsWith(subscription, { current_period_start: now, current_period_end: end });
  const line = movesAnchor
    ? fullPeriodLine(sandbox, items.data[0] ?? item)
    : prorationLine(sandbox, items.data[0] ?? item, item.price, now, 1);
  const customer = sandbox.customer(refId(subscription.customer));
  const invoice = draftInvoice(sandbox, {
    customer,
    subscription,
    lines: [line],
    reason: 'subscription_update',
    period: { start: now, end: now },
    finalizesAt: null,
  });
  changeSubscription(sandbox, subscription, {
    items,
    billing_cycle_anchor: anchor,
    latest_invoice: invoice.id,
  });
  finalizeInvoice(sandbox, invoice);
  const method = refId(subscription.default_payment_method) ?? defaultMethodOf(sandbox, customer)?.id ?? null;
  attemptInvoice(sandbox, invoice, { method, presence: 'billing', isAutomatic: true });
  return subscription;
}
