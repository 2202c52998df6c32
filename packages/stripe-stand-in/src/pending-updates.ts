import { type Stripe } from 'stripe';
import { invalidRequest } from './api-error.ts';
import { HOUR, type Seconds } from './calendar.ts';
import { keepForNextInvoice } from './invoice-lines.ts';
import { closeInvoice, intentOf } from './invoices.ts';
import { type Sandbox } from './sandbox.ts';
import { syncCurrentPhase } from './schedule-object.ts';
import { type HeldUpdate } from './state.ts';
import { changeSubscription, itemOf } from './subscription-object.ts';
import { mergeMetadata } from './values.ts';

// Updates with `payment_behavior: pending_if_incomplete`, which hold once their invoice is paid.

// Source: https://docs.stripe.com/billing/subscriptions/pending-updates
const LASTS: Seconds = 23 * HOUR;

// Source: https://docs.stripe.com/billing/subscriptions/pending-updates-reference
const SUPPORTED = ['billing_cycle_anchor', 'items', 'payment_behavior', 'proration_behavior', 'trial_end'];
// Guess: `off_session` goes with a pending update.
const TOLERATED = ['off_session'];

// Source: https://docs.stripe.com/billing/subscriptions/pending-updates
const METHODS = ['card', 'link'];

/** @throws ApiError for the first parameter that a pending update can't hold */
export function requireSupportedParams(sandbox: Sandbox, asked: object): void {
  const taken = sandbox.settings.pendingUpdateMetadata === 'held' ? ['metadata'] : [];
  const allowed = [...SUPPORTED, ...TOLERATED, ...taken];
  const other = Object.keys(asked).find((name) => !allowed.includes(name));
  if (other !== undefined) {
    throw invalidRequest(
      `When \`payment_behavior\` is set to \`pending_if_incomplete\`, you can only pass supported params. \`${other}\` is not supported. See https://stripe.com/docs/billing/subscriptions/pending-updates-reference#supported-attributes for more details.`,
      { param: other },
    );
  }
}

// Guess: the words of these refusals, and that a subscription without any method can have a pending update.
/** @throws ApiError for a subscription by invoice, or by a method of which Stripe can't say at once whether it has paid */
export function requirePendable(
  sandbox: Sandbox,
  subscription: Stripe.Subscription,
  methodId: string | null,
): void {
  const type = methodId === null ? null : sandbox.get('payment_method', methodId).type;
  const isCharged = subscription.collection_method === 'charge_automatically';
  if (!isCharged || (type !== null && !METHODS.includes(type))) {
    const reason = isCharged
      ? `the payment method type \`${type ?? ''}\``
      : '`collection_method=send_invoice`';
    throw invalidRequest(
      `\`payment_behavior=pending_if_incomplete\` is not supported for subscriptions with ${reason}.`,
      { param: 'payment_behavior' },
    );
  }
}

function heldUpdateOf(sandbox: Sandbox, subscription: Stripe.Subscription): HeldUpdate | null {
  return sandbox.get('subscription_record', subscription.id).pendingUpdate;
}

export function isHeldBy(
  sandbox: Sandbox,
  subscription: Stripe.Subscription,
  invoice: Stripe.Invoice,
): boolean {
  return heldUpdateOf(sandbox, subscription)?.invoice === invoice.id;
}

/** From now on the payment of the invoice applies the update. */
export function holdUpdate(sandbox: Sandbox, subscription: Stripe.Subscription, held: HeldUpdate): void {
  sandbox.get('subscription_record', subscription.id).pendingUpdate = held;
}

/** What could not be paid at once is shown as `pending_update`, and the subscription stays what it was. */
export function showUnpaidUpdate(
  sandbox: Sandbox,
  subscription: Stripe.Subscription,
  trialEnd: Seconds | null,
): void {
  const held = heldUpdateOf(sandbox, subscription);
  if (held === null) {
    return;
  }
  const { changes, metadata } = held;
  const ends = [itemOf(subscription).current_period_end, subscription.trial_end ?? Infinity];
  const future = ends.filter((end) => end > sandbox.now());
  changeSubscription(sandbox, subscription, {
    latest_invoice: held.invoice,
    pending_update: {
      billing_cycle_anchor: changes.billing_cycle_anchor ?? null,
      cancel_at_period_end: null,
      discount: null,
      discounts: null,
      expires_at: Math.min(sandbox.now() + LASTS, ...future),
      metadata: metadata ?? null,
      subscription_items: changes.items?.data ?? null,
      trial_end: trialEnd,
      trial_from_plan: null,
    },
  });
}

// Guess: an update that is paid at once is no pending one, and has no event of its own.
// Guess: an update that is paid later keeps the anchor and the period of its request.
/** Its invoice is paid: the update holds. */
export function applyUpdate(sandbox: Sandbox, subscription: Stripe.Subscription): void {
  const held = heldUpdateOf(sandbox, subscription);
  if (held === null) {
    return;
  }
  const wasPending = subscription.pending_update !== null;
  sandbox.get('subscription_record', subscription.id).pendingUpdate = null;
  const isOwing = subscription.status === 'past_due' || subscription.status === 'unpaid';
  const periodEnd = held.changes.items?.data[0]?.current_period_end;
  changeSubscription(sandbox, subscription, {
    ...(isOwing ? { status: 'active' as const } : {}),
    ...(subscription.cancel_at_period_end && periodEnd !== undefined ? { cancel_at: periodEnd } : {}),
    ...held.changes,
    metadata: mergeMetadata(subscription.metadata, held.metadata),
    latest_invoice: held.invoice,
    pending_update: null,
  });
  syncCurrentPhase(sandbox, subscription);
  if (wasPending) {
    sandbox.emit('customer.subscription.pending_update_applied', subscription);
  }
}

// Guess: lines that waited for the next invoice wait again when the invoice of a pending update is voided.
// Guess: the invoice of a dropped update stays the latest one.
/** Its invoice is void or written off: the update is dropped. */
export function forgetUpdate(sandbox: Sandbox, subscription: Stripe.Subscription): void {
  const record = sandbox.get('subscription_record', subscription.id);
  keepForNextInvoice(sandbox, subscription.id, record.pendingUpdate?.takenLines ?? []);
  record.pendingUpdate = null;
  changeSubscription(sandbox, subscription, { pending_update: null });
}

/** Voids the invoice, which drops the update: for a newer one, an ending, or because somebody takes it back. */
export function voidUpdate(sandbox: Sandbox, subscription: Stripe.Subscription): void {
  const held = heldUpdateOf(sandbox, subscription);
  if (held !== null) {
    closeInvoice(sandbox, sandbox.get('invoice', held.invoice), 'void');
  }
}

// Guess: `pending_update_expired` comes when Stripe drops an update by itself, and not when its owner voids the invoice.
/** Nobody has paid in time, or a phase of a schedule begins. */
export function expireUpdate(sandbox: Sandbox, subscription: Stripe.Subscription): void {
  if (heldUpdateOf(sandbox, subscription) !== null && !isBeingPaid(sandbox, subscription)) {
    voidUpdate(sandbox, subscription);
    sandbox.emit('customer.subscription.pending_update_expired', subscription);
  }
}

/** When a pending update ends by itself; null without one, and while its payment is on its way. */
export function expiryOf(sandbox: Sandbox, subscription: Stripe.Subscription): Seconds | null {
  return isBeingPaid(sandbox, subscription) ? null : (subscription.pending_update?.expires_at ?? null);
}

function isBeingPaid(sandbox: Sandbox, subscription: Stripe.Subscription): boolean {
  const invoice = sandbox.state.invoice.get(heldUpdateOf(sandbox, subscription)?.invoice ?? '');
  return invoice !== undefined && intentOf(sandbox, invoice)?.status === 'processing';
}
