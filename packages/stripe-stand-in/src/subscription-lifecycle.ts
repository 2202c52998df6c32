import { type Stripe } from 'stripe';
import { DAY, HOUR, type Seconds } from './calendar.ts';
import { methodFor } from './invoice-routes.ts';
import {
  attemptInvoice,
  closeInvoice,
  finalizeInvoice,
  intentOf,
  invoicesOf,
  isSent,
  subscriptionIdOf,
} from './invoices.ts';
import { applyUpdate, expireUpdate, expiryOf, forgetUpdate, isHeldBy } from './pending-updates.ts';
import { type Sandbox } from './sandbox.ts';
import { duesOfSchedule } from './schedule-phases.ts';
import { refId } from './state.ts';
import { endSubscription, expireSubscription } from './subscription-end.ts';
import { changeSubscription, isOver, itemOf } from './subscription-object.ts';
import { endTrial, openPeriod } from './subscription-periods.ts';

/** Something that the server will do by itself. */
export interface Due {
  at: Seconds;
  run: () => void;
}

// Source: https://docs.stripe.com/billing/subscriptions/overview#subscription-statuses
const INCOMPLETE_FOR = 23 * HOUR;
// Source: https://docs.stripe.com/billing/subscriptions/trials/free-trials
const TRIAL_NOTICE = 3 * DAY;

// Guess: an ending wins over a renewal at the same instant.
/** The next thing that happens to a subscription by itself. An ending wins over a renewal at the same instant. */
export function nextOfSubscription(sandbox: Sandbox, subscription: Stripe.Subscription): Due | null {
  if (isOver(subscription)) {
    return null;
  }
  if (subscription.status === 'incomplete') {
    const invoice = sandbox.state.invoice.get(refId(subscription.latest_invoice) ?? '');
    // Guess: a subscription whose first payment is processing stays incomplete for more than 23 hours.
    if (invoice !== undefined && intentOf(sandbox, invoice)?.status === 'processing') {
      return null;
    }
    const at = subscription.created + INCOMPLETE_FOR;
    return { at, run: () => expireSubscription(sandbox, subscription) };
  }
  const candidates: Due[] = [];
  const expiry = expiryOf(sandbox, subscription);
  if (expiry !== null) {
    candidates.push({ at: expiry, run: () => expireUpdate(sandbox, subscription) });
  }
  // Guess: the schedule of a paused subscription waits.
  if (subscription.status !== 'paused') {
    candidates.push(...duesOfSchedule(sandbox, subscription));
  }
  if (subscription.cancel_at !== null) {
    const run = (): void => endSubscription(sandbox, subscription, 'cancellation_requested');
    candidates.push({ at: subscription.cancel_at, run });
  }
  if (subscription.status === 'trialing') {
    candidates.push(...duringTrial(sandbox, subscription));
  } else if (subscription.status !== 'paused') {
    const at = itemOf(subscription).current_period_end;
    candidates.push({ at, run: () => openPeriod(sandbox, subscription, {}) });
  }
  const resumesAt = subscription.pause_collection?.resumes_at ?? null;
  if (resumesAt !== null) {
    const run = (): void => changeSubscription(sandbox, subscription, { pause_collection: null });
    candidates.push({ at: resumesAt, run });
  }
  return candidates.reduce<Due | null>(
    (first, due) => (first === null || due.at < first.at ? due : first),
    null,
  );
}

function duringTrial(sandbox: Sandbox, subscription: Stripe.Subscription): Due[] {
  const trialEnd = subscription.trial_end ?? sandbox.now();
  const record = sandbox.get('subscription_record', subscription.id);
  const end: Due = { at: trialEnd, run: () => endTrial(sandbox, subscription) };
  if (record.toldOfTrialEnd === trialEnd) {
    return [end];
  }
  const tell = (): void => {
    record.toldOfTrialEnd = trialEnd;
    sandbox.emit('customer.subscription.trial_will_end', subscription);
  };
  return [{ at: Math.max(subscription.created, trialEnd - TRIAL_NOTICE), run: tell }, end];
}

/** The next thing that happens to an invoice by itself. */
export function nextOfInvoice(sandbox: Sandbox, invoice: Stripe.Invoice): Due | null {
  if (invoice.auto_advance !== true) {
    return null;
  }
  if (invoice.status === 'draft' && invoice.automatically_finalizes_at !== null) {
    return { at: invoice.automatically_finalizes_at, run: () => finalizeAndCollect(sandbox, invoice) };
  }
  if (invoice.status === 'open' && isSent(invoice)) {
    return nextOfSent(sandbox, invoice);
  }
  if (invoice.status === 'open' && invoice.next_payment_attempt !== null) {
    return { at: invoice.next_payment_attempt, run: () => collect(sandbox, invoice) };
  }
  return null;
}

// Source: https://docs.stripe.com/api/subscriptions/object#subscription_object-status
// Source: https://docs.stripe.com/api/events/types#event_types-invoice.overdue
/** What follows when an invoice that was sent is not paid: past due, told of as overdue, and given up. */
function nextOfSent(sandbox: Sandbox, invoice: Stripe.Invoice): Due | null {
  const subscription = subscriptionOf(sandbox, invoice);
  const { due_date: due } = invoice;
  if (subscription === null || due === null || !decides(sandbox, subscription, invoice)) {
    return null;
  }
  const { overdueDays, deadlineDays, afterRetries } = sandbox.settings;
  if (subscription.status === 'active') {
    return { at: due, run: () => changeSubscription(sandbox, subscription, { status: 'past_due' }) };
  }
  if (subscription.status !== 'past_due') {
    return null;
  }
  const record = sandbox.get('subscription_record', subscription.id);
  const tell = (): void => {
    record.overdueInvoice = invoice.id;
    sandbox.emit('invoice.overdue', invoice);
  };
  const dues: Due[] = [];
  if (overdueDays !== null && record.overdueInvoice !== invoice.id) {
    dues.push({ at: due + overdueDays * DAY, run: tell });
  }
  if (afterRetries !== 'past_due') {
    dues.push({ at: due + deadlineDays * DAY, run: () => giveUp(sandbox, subscription, invoice) });
  }
  return dues.sort((one, other) => one.at - other.at)[0] ?? null;
}

// Source: https://docs.stripe.com/billing/subscriptions/pause-payment
function finalizeAndCollect(sandbox: Sandbox, invoice: Stripe.Invoice): void {
  const subscription = sandbox.state.subscription.get(subscriptionIdOf(invoice) ?? '');
  const behavior = subscription?.pause_collection?.behavior;
  if (behavior === 'keep_as_draft') {
    sandbox.assign(invoice, { auto_advance: false, automatically_finalizes_at: null });
    return;
  }
  const record = sandbox.state.subscription_record.get(subscription?.id ?? '');
  if (record?.finalizationFails === true) {
    record.finalizationFails = false;
    failFinalization(sandbox, invoice);
    return;
  }
  finalizeInvoice(sandbox, invoice);
  if (behavior !== undefined && invoice.status === 'open') {
    closeInvoice(sandbox, invoice, behavior === 'void' ? 'void' : 'uncollectible', 'subscription_paused');
  } else if (!isSent(invoice)) {
    collect(sandbox, invoice);
  }
}

// Source: https://docs.stripe.com/api/events/types#event_types-invoice.finalization_failed
// Guess: an invoice that can't be finalized stays a draft until somebody finalizes it, and its subscription as it is.
function failFinalization(sandbox: Sandbox, invoice: Stripe.Invoice): void {
  sandbox.assign(invoice, {
    auto_advance: false,
    automatically_finalizes_at: null,
    last_finalization_error: {
      type: 'invalid_request_error',
      code: 'customer_tax_location_invalid',
      message:
        "The customer's location isn't recognized. Set a valid customer address in order to automatically calculate tax.",
    },
  });
  sandbox.emit('invoice.finalization_failed', invoice);
}

function collect(sandbox: Sandbox, invoice: Stripe.Invoice): void {
  attemptInvoice(sandbox, invoice, {
    method: methodFor(sandbox, invoice),
    presence: 'billing',
    isAutomatic: true,
  });
}

// Source: https://docs.stripe.com/billing/subscriptions/overview#subscription-statuses
/** A subscription follows its latest invoice: active when that is paid, past due when a try fails, and over after the last try. */
export function listenForInvoices(sandbox: Sandbox): void {
  sandbox.on('invoice.paid', (invoice) => {
    const subscription = subscriptionOf(sandbox, invoice);
    if (subscription === null || isOver(subscription)) {
      return;
    }
    if (isHeldBy(sandbox, subscription, invoice)) {
      applyUpdate(sandbox, subscription);
    } else if (decides(sandbox, subscription, invoice)) {
      activate(sandbox, subscription, invoice);
    }
  });
  sandbox.on('invoice.payment_failed', (invoice) => {
    const subscription = subscriptionOf(sandbox, invoice);
    if (subscription === null || !decides(sandbox, subscription, invoice)) {
      return;
    }
    if (subscription.status === 'active') {
      changeSubscription(sandbox, subscription, { status: 'past_due' });
    }
    if (subscription.status === 'past_due' && invoice.attempt_count > sandbox.settings.retryDays.length) {
      giveUp(sandbox, subscription, invoice);
    }
  });
  for (const type of ['invoice.voided', 'invoice.marked_uncollectible'] as const) {
    sandbox.on(type, (invoice) => followClosed(sandbox, invoice));
  }
}

function subscriptionOf(sandbox: Sandbox, invoice: Stripe.Invoice): Stripe.Subscription | null {
  return sandbox.state.subscription.get(subscriptionIdOf(invoice) ?? '') ?? null;
}

// Guess: invoices that were voided or written off, and those of pending updates, don't count as the latest.
/** Whether the subscription's status follows this invoice: the latest that counts. */
function decides(sandbox: Sandbox, subscription: Stripe.Subscription, invoice: Stripe.Invoice): boolean {
  const latest = invoicesOf(sandbox, subscription.id).find(
    (one) => one === invoice || (!isClosed(one) && !isHeldBy(sandbox, subscription, one)),
  );
  return latest === invoice && !isHeldBy(sandbox, subscription, invoice);
}

function isClosed({ status }: Stripe.Invoice): boolean {
  return status === 'void' || status === 'uncollectible';
}

// Source: https://docs.stripe.com/billing/subscriptions/overview#voiding-invoice
// Source: https://docs.stripe.com/api/subscriptions/resume
// Guess: a past due subscription stays so when an earlier invoice is open, once its latest is voided or written off.
function followClosed(sandbox: Sandbox, invoice: Stripe.Invoice): void {
  const subscription = subscriptionOf(sandbox, invoice);
  if (subscription === null || isOver(subscription)) {
    return;
  }
  if (isHeldBy(sandbox, subscription, invoice)) {
    forgetUpdate(sandbox, subscription);
    return;
  }
  if (!decides(sandbox, subscription, invoice)) {
    return;
  }
  if (subscription.status === 'past_due') {
    const isOwed = invoicesOf(sandbox, subscription.id).some(
      (one) => one.status === 'open' && !isHeldBy(sandbox, subscription, one),
    );
    changeSubscription(sandbox, subscription, isOwed ? {} : { status: 'active' });
  } else if (subscription.status === 'incomplete') {
    expireSubscription(sandbox, subscription);
  } else if (subscription.status === 'paused' && invoice.status === 'uncollectible') {
    activate(sandbox, subscription, invoice);
  }
}

function activate(sandbox: Sandbox, subscription: Stripe.Subscription, invoice: Stripe.Invoice): void {
  switch (subscription.status) {
    case 'incomplete': {
      const saves = subscription.payment_settings?.save_default_payment_method === 'on_subscription';
      const paidWith = refId(intentOf(sandbox, invoice)?.payment_method);
      const changes = saves && paidWith !== null ? { default_payment_method: paidWith } : {};
      changeSubscription(sandbox, subscription, { status: 'active', ...changes });
      return;
    }
    case 'past_due':
    case 'unpaid':
      changeSubscription(sandbox, subscription, { status: 'active' });
      return;
    case 'paused': {
      const previous = sandbox.assign(subscription, { status: 'active' });
      sandbox.emit('customer.subscription.updated', subscription, previous ?? {});
      sandbox.emit('customer.subscription.resumed', subscription);
      return;
    }
    case 'active':
    case 'trialing':
    case 'canceled':
    case 'incomplete_expired':
    default:
  }
}

// Source: https://docs.stripe.com/billing/revenue-recovery/smart-retries
function giveUp(sandbox: Sandbox, subscription: Stripe.Subscription, invoice: Stripe.Invoice): void {
  const { afterRetries, unpaidInvoices } = sandbox.settings;
  if (afterRetries === 'canceled') {
    endSubscription(sandbox, subscription, 'payment_failed');
  } else {
    changeSubscription(sandbox, subscription, { status: afterRetries });
  }
  if (unpaidInvoices === 'uncollectible') {
    const reason = isSent(invoice) ? 'payment_not_received' : 'max_payment_attempts';
    closeInvoice(sandbox, invoice, 'uncollectible', reason);
  }
}
