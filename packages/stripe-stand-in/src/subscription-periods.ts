import { type Stripe } from 'stripe';
import { periodEndAfter } from './calendar.ts';
import { fullPeriodLine, takePendingLines } from './invoice-lines.ts';
import { draftInvoice } from './invoices.ts';
import { defaultMethodOf } from './payment-methods.ts';
import { type Sandbox } from './sandbox.ts';
import { refId } from './state.ts';
import { endSubscription } from './subscription-end.ts';
import { cadenceOf, changeSubscription, isSameCadence, itemOf, itemsWith } from './subscription-object.ts';

// Source: https://docs.stripe.com/billing/subscriptions/trials/free-trials#create-free-trials-without-payment
export function endTrial(sandbox: Sandbox, subscription: Stripe.Subscription): void {
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

// Source: https://docs.stripe.com/invoicing/integration/automatic-advancement-collection
/** The period after the one that has just ended: it begins at once, and is invoiced an hour later. */
export function openPeriod(
  sandbox: Sandbox,
  subscription: Stripe.Subscription,
  changes: Partial<Stripe.Subscription>,
  itemChanges: Partial<Stripe.SubscriptionItem> = {},
): void {
  const item = itemOf(subscription);
  const start = item.current_period_end;
  const price = itemChanges.price ?? item.price;
  // Source: https://docs.stripe.com/billing/subscriptions/change-price#changing
  const keepsAnchor = changes.billing_cycle_anchor === undefined && isSameCadence(price, item.price);
  const anchor = keepsAnchor ? subscription.billing_cycle_anchor : start;
  const end = periodEndAfter(anchor, cadenceOf(price), start);
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
    cancel_at: cancelAt,
    ...changes,
    items,
    billing_cycle_anchor: anchor,
    latest_invoice: invoice.id,
  });
}
