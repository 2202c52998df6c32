import { type Stripe } from 'stripe';
import { type Cadence, type Seconds } from './calendar.ts';
import { type Period } from './invoice-lines.ts';
import { listOf } from './lists.ts';
import { type Sandbox } from './sandbox.ts';
import { refId } from './state.ts';

export interface SubscriptionFacts {
  customer: Stripe.Customer;
  price: Stripe.Price;
  quantity: number;
  period: Period;
  anchor: Seconds;
  status: 'active' | 'incomplete' | 'trialing';
  trialEnd: Seconds | null;
  metadata: Stripe.Metadata;
  description: string | null;
  defaultMethod: string | null;
  missingPaymentMethod: string;
  billingMode: string;
  savesMethod: boolean;
  /** For a subscription by invoice; null for one that is charged. */
  daysUntilDue: number | null;
}

export function newSubscription(sandbox: Sandbox, facts: SubscriptionFacts): Stripe.Subscription {
  const id = sandbox.newId('sub');
  const { customer, price, trialEnd } = facts;
  return {
    id,
    object: 'subscription',
    application: null,
    application_fee_percent: null,
    automatic_tax: { disabled_reason: null, enabled: false, liability: null },
    billing_cycle_anchor: facts.anchor,
    billing_cycle_anchor_config: null,
    billing_mode: {
      flexible: facts.billingMode === 'flexible' ? { proration_discounts: 'included' } : null,
      type: facts.billingMode,
    },
    billing_schedules: [],
    billing_thresholds: null,
    cancel_at: null,
    cancel_at_period_end: false,
    canceled_at: null,
    cancellation_details: { comment: null, feedback: null, feedback_option: null, reason: null },
    collection_method: facts.daysUntilDue === null ? 'charge_automatically' : 'send_invoice',
    created: sandbox.now(),
    currency: price.currency,
    customer: customer.id,
    customer_account: null,
    days_until_due: facts.daysUntilDue,
    default_payment_method: facts.defaultMethod,
    default_source: null,
    default_tax_rates: [],
    description: facts.description,
    discounts: [],
    ended_at: null,
    invoice_settings: {
      account_tax_ids: null,
      custom_fields: null,
      description: null,
      footer: null,
      issuer: { type: 'self' },
    },
    items: listOf([newItem(sandbox, id, facts)], `/v1/subscription_items?subscription=${id}`),
    latest_invoice: null,
    livemode: false,
    managed_payments: null,
    metadata: facts.metadata,
    next_pending_invoice_item_invoice: null,
    on_behalf_of: null,
    pause_collection: null,
    payment_settings: {
      payment_method_options: null,
      payment_method_types: null,
      save_default_payment_method: facts.savesMethod ? 'on_subscription' : 'off',
    },
    pending_invoice_item_interval: null,
    pending_setup_intent: null,
    pending_update: null,
    schedule: null,
    start_date: sandbox.now(),
    status: facts.status,
    test_clock: null,
    transfer_data: null,
    trial_end: trialEnd,
    trial_settings: {
      end_behavior: { billing_cycle_anchor: null, missing_payment_method: facts.missingPaymentMethod },
    },
    trial_start: trialEnd === null ? null : sandbox.now(),
  };
}

function newItem(
  sandbox: Sandbox,
  subscriptionId: string,
  { price, quantity, period }: SubscriptionFacts,
): Stripe.SubscriptionItem {
  return {
    id: sandbox.newId('si'),
    object: 'subscription_item',
    billing_thresholds: null,
    created: sandbox.now(),
    current_period_end: period.end,
    current_period_start: period.start,
    current_trial: null,
    discounts: [],
    metadata: {},
    plan: planOf(price),
    price,
    quantity,
    subscription: subscriptionId,
    tax_rates: [],
  };
}

/** The older name of a recurring price, which items still carry. */
export function planOf(price: Stripe.Price): Stripe.Plan {
  return {
    id: price.id,
    object: 'plan',
    active: price.active,
    amount: price.unit_amount,
    amount_decimal: price.unit_amount_decimal,
    billing_scheme: price.billing_scheme,
    created: price.created,
    currency: price.currency,
    interval: price.recurring?.interval ?? 'month',
    interval_count: price.recurring?.interval_count ?? 1,
    livemode: false,
    metadata: price.metadata,
    meter: null,
    nickname: price.nickname,
    product: refId(price.product),
    tiers_mode: null,
    transform_usage: null,
    trial_period_days: null,
    usage_type: 'licensed',
  };
}

/** The stand-in's subscriptions have exactly one item. */
export function itemOf(subscription: Stripe.Subscription): Stripe.SubscriptionItem {
  const [item] = subscription.items.data;
  if (item === undefined) {
    throw new Error(`${subscription.id} has no item`);
  }
  return item;
}

/** The list of items with the only one changed: a new object, so that an event can tell the old from the new. */
export function itemsWith(
  subscription: Stripe.Subscription,
  changes: Partial<Stripe.SubscriptionItem>,
): Stripe.ApiList<Stripe.SubscriptionItem> {
  return { ...subscription.items, data: [{ ...itemOf(subscription), ...changes }] };
}

export function cadenceOf(price: Stripe.Price): Cadence {
  return price.recurring ?? { interval: 'month', interval_count: 1 };
}

export function isSameCadence(one: Stripe.Price, other: Stripe.Price): boolean {
  const [first, second] = [cadenceOf(one), cadenceOf(other)];
  return first.interval === second.interval && first.interval_count === second.interval_count;
}

export function isOver(subscription: Stripe.Subscription): boolean {
  return subscription.status === 'canceled' || subscription.status === 'incomplete_expired';
}

export function changeSubscription(
  sandbox: Sandbox,
  subscription: Stripe.Subscription,
  changes: Partial<Stripe.Subscription>,
): void {
  const previous = sandbox.assign(subscription, changes);
  if (previous !== null) {
    sandbox.emit('customer.subscription.updated', subscription, previous);
  }
}
