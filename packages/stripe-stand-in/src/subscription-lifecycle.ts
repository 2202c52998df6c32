import { type Stripe } from 'stripe';
import { DAY, HOUR, periodEndAfter, type Seconds } from './calendar.ts';
import { fullPeriodLine } from './invoice-lines.ts';
import { methodFor } from './invoice-routes.ts';
import {
  attemptInvoice,
  closeInvoice,
  draftInvoice,
  finalizeInvoice,
  intentOf,
  subscriptionIdOf,
} from './invoices.ts';
import { defaultMethodOf } from './payment-methods.ts';
import { type Sandbox } from './sandbox.ts';
import { refId } from './state.ts';
import { endSubscription, expireSubscription } from './subscription-end.ts';
import { cadenceOf, changeSubscription, isOver, itemOf, itemsWith, planOf } from './subscription-object.ts';

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
  if (subscription.cancel_at !== null) {
    const run = (): void => endSubscription(sandbox, subscription, 'cancellation_requested');
    candidates.push({ at: subscription.cancel_at, run });
  }
  if (subscription.status === 'trialing') {
    candidates.push(...duringTrial(sandbox, subscription));
  } else if (subscription.status !== 'paused') {
    const at = itemOf(subscription).current_period_end;
    candidates.push({ at, run: () => renew(sandbox, subscription) });
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

// Source: https://docs.stripe.com/billing/subscriptions/trials/free-trials#create-free-trials-without-payment
function endTrial(sandbox: Sandbox, subscription: Stripe.Subscription): void {
  const customer = sandbox.customer(refId(subscription.customer));
  const hasMethod =
    subscription.default_payment_method !== null || defaultMethodOf(sandbox, customer) !== null;
  const behavior = subscription.trial_settings?.end_behavior.missing_payment_method ?? 'create_invoice';
  if (!hasMethod && behavior === 'cancel') {
    endSubscription(sandbox, subscription, null);
    return;
  }
  if (!hasMethod && behavior === 'pause') {
    const previous = sandbox.assign(subscription, { status: 'paused' });
    sandbox.emit('customer.subscription.updated', subscription, previous ?? {});
    sandbox.emit('customer.subscription.paused', subscription);
    return;
  }
  openPeriod(sandbox, subscription, { status: 'active' });
}

function renew(sandbox: Sandbox, subscription: Stripe.Subscription): void {
  const record = sandbox.get('subscription_record', subscription.id);
  const { scheduledPrice } = record;
  if (scheduledPrice === null) {
    openPeriod(sandbox, subscription, {});
    return;
  }
  record.scheduledPrice = null;
  const price = sandbox.get('price', scheduledPrice);
  openPeriod(sandbox, subscription, { schedule: null }, { price, plan: planOf(price) });
}

// Source: https://docs.stripe.com/invoicing/integration/automatic-advancement-collection
/** The period after the one that has just ended: it begins at once, and is invoiced an hour later. */
function openPeriod(
  sandbox: Sandbox,
  subscription: Stripe.Subscription,
  changes: Partial<Stripe.Subscription>,
  itemChanges: Partial<Stripe.SubscriptionItem> = {},
): void {
  const item = itemOf(subscription);
  const start = item.current_period_end;
  const cadence = cadenceOf(itemChanges.price ?? item.price);
  const end = periodEndAfter(subscription.billing_cycle_anchor, cadence, start);
  const items = itemsWith(subscription, {
    ...itemChanges,
    current_period_start: start,
    current_period_end: end,
  });
  // Source: https://docs.stripe.com/billing/subscriptions/overview#subscription-statuses
  const collects = subscription.status !== 'unpaid';
  const [renewed] = items.data;
  const invoice = draftInvoice(sandbox, {
    customer: sandbox.customer(refId(subscription.customer)),
    subscription,
    lines: [...takePendingLines(sandbox, subscription.id), fullPeriodLine(sandbox, renewed ?? item)],
    reason: 'subscription_cycle',
    period: { start: item.current_period_start, end: start },
    finalizesAt: collects ? sandbox.now() + sandbox.settings.draftSeconds : null,
  });
  invoice.auto_advance = collects;
  const cancelAt = subscription.cancel_at_period_end ? end : subscription.cancel_at;
  changeSubscription(sandbox, subscription, {
    ...changes,
    items,
    latest_invoice: invoice.id,
    cancel_at: cancelAt,
  });
}

export function takePendingLines(sandbox: Sandbox, subscriptionId: string): Stripe.InvoiceLineItem[] {
  const pending = [...sandbox.state.pending_line.values()].filter(
    (line) => line.subscription === subscriptionId,
  );
  for (const { id } of pending) {
    sandbox.state.pending_line.delete(id);
  }
  return pending.map(({ line }) => line);
}

/** The next thing that happens to an invoice by itself. */
export function nextOfInvoice(sandbox: Sandbox, invoice: Stripe.Invoice): Due | null {
  if (invoice.auto_advance !== true) {
    return null;
  }
  if (invoice.status === 'draft' && invoice.automatically_finalizes_at !== null) {
    return { at: invoice.automatically_finalizes_at, run: () => finalizeAndCollect(sandbox, invoice) };
  }
  if (invoice.status === 'open' && invoice.next_payment_attempt !== null) {
    return { at: invoice.next_payment_attempt, run: () => collect(sandbox, invoice) };
  }
  return null;
}

// Source: https://docs.stripe.com/billing/subscriptions/pause-payment
function finalizeAndCollect(sandbox: Sandbox, invoice: Stripe.Invoice): void {
  const subscription = sandbox.state.subscription.get(subscriptionIdOf(invoice) ?? '');
  const behavior = subscription?.pause_collection?.behavior;
  if (behavior === 'keep_as_draft') {
    sandbox.assign(invoice, { auto_advance: false, automatically_finalizes_at: null });
    return;
  }
  finalizeInvoice(sandbox, invoice);
  if (behavior !== undefined && invoice.status === 'open') {
    closeInvoice(sandbox, invoice, behavior === 'void' ? 'void' : 'uncollectible');
  } else {
    collect(sandbox, invoice);
  }
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
  const subscriptionOf = (invoice: Stripe.Invoice): Stripe.Subscription | null => {
    const subscription = sandbox.state.subscription.get(subscriptionIdOf(invoice) ?? '');
    return subscription !== undefined && refId(subscription.latest_invoice) === invoice.id
      ? subscription
      : null;
  };

  sandbox.on('invoice.paid', (invoice) => {
    const subscription = subscriptionOf(invoice);
    if (subscription !== null) {
      activate(sandbox, subscription, invoice);
    }
  });
  sandbox.on('invoice.payment_failed', (invoice) => {
    const subscription = subscriptionOf(invoice);
    if (subscription?.status === 'active') {
      changeSubscription(sandbox, subscription, { status: 'past_due' });
    }
    if (subscription?.status === 'past_due' && invoice.attempt_count > sandbox.settings.retryDays.length) {
      giveUp(sandbox, subscription);
    }
  });
  // Guess: a past due subscription is active again when its open invoice is voided or written off.
  // Guess: a paused subscription stays paused when its invoice is written off, and its invoice stays open.
  for (const type of ['invoice.voided', 'invoice.marked_uncollectible'] as const) {
    sandbox.on(type, (invoice) => {
      const subscription = subscriptionOf(invoice);
      if (subscription?.status === 'past_due') {
        changeSubscription(sandbox, subscription, { status: 'active' });
      } else if (subscription?.status === 'incomplete') {
        expireSubscription(sandbox, subscription);
      }
    });
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
function giveUp(sandbox: Sandbox, subscription: Stripe.Subscription): void {
  const { afterRetries } = sandbox.settings;
  if (afterRetries === 'canceled') {
    endSubscription(sandbox, subscription, 'payment_failed');
  } else {
    changeSubscription(sandbox, subscription, { status: afterRetries });
  }
}
