import { type Stripe } from 'stripe';
import { invalidRequest } from './api-error.ts';
import { periodEndAfter } from './calendar.ts';
import { attach, findMethod } from './payment-methods.ts';
import { type Sandbox } from './sandbox.ts';
import { copyMethod, phaseOf, scheduleFor } from './schedule-object.ts';
import { awaitsPhase, releaseSchedule } from './schedule-phases.ts';
import { refId } from './state.ts';
import { endSubscription } from './subscription-end.ts';
import { cadenceOf, changeSubscription, isOver, itemOf } from './subscription-object.ts';
import { schedulingOf } from './subscription-schedule.ts';
import { termsOf } from './subscription-terms.ts';
import { changeBilling } from './subscription-update.ts';

// Source: https://docs.stripe.com/api/customer_portal/configurations
// Guess: the Portal follows the newest active configuration, whichever its session names.
// What a customer does in the Portal. The newest active configuration says what is offered.

/** Whose page a Portal session is. */
export function customerOfPortal(sandbox: Sandbox, sessionId: string): string {
  return sandbox.get('portal_session', sessionId).customer;
}

/** The subscription that the page of a Portal session shows: its customer's, the newest that is not over. */
export function subscriptionOfPortal(sandbox: Sandbox, sessionId: string): string {
  const customer = customerOfPortal(sandbox, sessionId);
  const own = sandbox.all('subscription').filter((one) => refId(one.customer) === customer && !isOver(one));
  const [newest] = own.toSorted((one, other) => other.created - one.created);
  if (newest === undefined) {
    throw invalidRequest(`The customer ${customer} has no subscription.`);
  }
  return newest.id;
}

/** Changes the price at once or at the end of the period, as the configuration's conditions say. */
export function changePriceInPortal(
  sandbox: Sandbox,
  subscriptionId: string,
  priceId: string,
): Stripe.Subscription {
  const { subscription_update: rules } = featuresOf(sandbox);
  const subscription = sandbox.get('subscription', subscriptionId, 'subscription');
  const price = sandbox.get('price', priceId, 'price');
  if (!rules.enabled || !(rules.products ?? []).some(({ prices }) => prices.includes(priceId))) {
    throw invalidRequest(`The Portal does not offer the price ${priceId}.`, { param: 'price' });
  }
  requireFree(sandbox, subscription);
  const old = itemOf(subscription).price;
  // Source: https://docs.stripe.com/changelog/acacia/2024-10-28/customer-portal-schedule-downgrades
  const isScheduled = rules.schedule_at_period_end.conditions.some(({ type }) =>
    type === 'shortening_interval'
      ? daysOf(price) < daysOf(old)
      : amountOf(sandbox, price) < amountOf(sandbox, old),
  );
  releaseSchedule(sandbox, subscription, {});
  // Guess: a change in a trial holds at once, also to a smaller price.
  if (isScheduled && subscription.status !== 'trialing') {
    scheduleChange(sandbox, subscription, price);
    return subscription;
  }
  const endsTrial = subscription.status === 'trialing' && rules.trial_update_behavior === 'end_trial';
  changeBilling(
    sandbox,
    subscription,
    {
      price,
      quantity: itemOf(subscription).quantity ?? 1,
      // Source: https://docs.stripe.com/changelog/clover/2025-12-15/customer-portal-billing-cycle-anchor
      movesAnchor: rules.billing_cycle_anchor === 'now' && subscription.status !== 'trialing',
      trialEnd: endsTrial ? sandbox.now() : null,
      proration: rules.proration_behavior === 'none' ? 'none' : asProration(rules.proration_behavior),
      // Guess: the Portal applies a change that can't be paid, as the API does by default.
      paymentBehavior:
        sandbox.settings.portalUnpaidChange === 'refused' ? 'error_if_incomplete' : 'allow_incomplete',
    },
    {},
  );
  return subscription;
}

// Guess: the Portal neither changes nor cancels a subscription that is incomplete.
// Guess: the Portal releases a schedule whose last phase has begun, and any schedule unless the settings say that it blocks.
/** @throws ApiError for a subscription that has not begun or is over, and while a later phase is to come, where the settings say that this blocks the Portal */
function requireFree(sandbox: Sandbox, subscription: Stripe.Subscription): void {
  if (isOver(subscription) || subscription.status === 'incomplete') {
    throw invalidRequest(`The Portal offers nothing for a subscription that is ${subscription.status}.`);
  }
  if (sandbox.settings.portalWhileScheduled === 'blocks' && awaitsPhase(sandbox, subscription)) {
    throw invalidRequest('The Portal neither changes nor cancels a subscription whose update is scheduled.');
  }
}

/** A schedule as the API has them: what the subscription is until its period ends, and then the other price. */
function scheduleChange(sandbox: Sandbox, subscription: Stripe.Subscription, price: Stripe.Price): void {
  const schedule = scheduleFor(sandbox, subscription);
  const start = schedule.phases[0]?.end_date ?? sandbox.now();
  schedule.end_behavior = 'release';
  schedule.phases.push(
    phaseOf({
      price: price.id,
      quantity: itemOf(subscription).quantity ?? 1,
      start,
      end: periodEndAfter(start, cadenceOf(price), start),
      trialEnd: null,
      proration: 'none',
      anchor: null,
      metadata: {},
      method: null,
      description: null,
      terms: termsOf(subscription),
    }),
  );
  sandbox.state.subscription_schedule.set(schedule.id, schedule);
  sandbox.get('subscription_record', subscription.id).portalSchedule = schedule.id;
  sandbox.emit('subscription_schedule.created', schedule);
  changeSubscription(sandbox, subscription, { schedule: schedule.id });
}

// Source: https://docs.stripe.com/api/customer_portal/configurations/object
/** What a price costs in a year, or in its interval. */
function amountOf(sandbox: Sandbox, price: Stripe.Price): number {
  const amount = price.unit_amount ?? 0;
  const { interval, interval_count: count } = cadenceOf(price);
  const perYear = { day: 365, week: 365 / 7, month: 12, year: 1 }[interval] ?? 12;
  return sandbox.settings.portalDecrease === 'per_year' ? (amount * perYear) / count : amount;
}

function asProration(behavior: string): 'always_invoice' | 'create_prorations' {
  return behavior === 'always_invoice' ? 'always_invoice' : 'create_prorations';
}

function daysOf(price: Stripe.Price): number {
  const { interval, interval_count: count } = cadenceOf(price);
  return count * ({ day: 1, week: 7, month: 30, year: 365 }[interval] ?? 30);
}

// Guess: the Portal schedules an end as `cancel_at` under flexible billing, and leaves the flag false.
/** Cancels as the configuration says. Flexible billing schedules an end as `cancel_at`, and leaves the flag false. */
export function cancelInPortal(sandbox: Sandbox, subscriptionId: string): Stripe.Subscription {
  const { subscription_cancel: rules } = featuresOf(sandbox);
  const subscription = sandbox.get('subscription', subscriptionId, 'subscription');
  if (!rules.enabled) {
    throw invalidRequest('The Portal does not offer to cancel.');
  }
  requireFree(sandbox, subscription);
  releaseSchedule(sandbox, subscription, {});
  if (rules.mode === 'immediately') {
    endSubscription(sandbox, subscription, 'cancellation_requested');
    return subscription;
  }
  const isFlexible = subscription.billing_mode.type === 'flexible';
  const asked = isFlexible ? { cancel_at: 'max_period_end' as const } : { cancel_at_period_end: true };
  changeSubscription(sandbox, subscription, schedulingOf(sandbox, asked)(subscription));
  return subscription;
}

// Guess: a scheduled change can be taken back in the Portal.
/** "Don't cancel", and no scheduled change either. */
export function keepInPortal(sandbox: Sandbox, subscriptionId: string): Stripe.Subscription {
  const subscription = sandbox.get('subscription', subscriptionId, 'subscription');
  releaseSchedule(sandbox, subscription, schedulingOf(sandbox, { cancel_at: null })(subscription));
  return subscription;
}

// Guess: a card from the Portal becomes the default of the customer, and of subscriptions with one of their own.
/** Another card: it becomes the customer's default, and that of their subscriptions with one of their own. */
export function changeCardInPortal(sandbox: Sandbox, customerId: string, methodId: string): Stripe.Customer {
  const customer = sandbox.customer(customerId);
  const method = findMethod(sandbox, methodId);
  attach(sandbox, method, customer);
  const settings = { ...customer.invoice_settings, default_payment_method: method.id };
  const previous = sandbox.assign(customer, { invoice_settings: settings });
  if (previous !== null) {
    sandbox.emit('customer.updated', customer, previous);
  }
  for (const subscription of sandbox.all('subscription')) {
    const hasOwn =
      refId(subscription.customer) === customerId && subscription.default_payment_method !== null;
    if (hasOwn && !isOver(subscription)) {
      changeSubscription(sandbox, subscription, { default_payment_method: method.id });
      copyMethod(sandbox, subscription, method.id);
    }
  }
  return customer;
}

function featuresOf(sandbox: Sandbox): Stripe.BillingPortal.Configuration.Features {
  const configuration = sandbox.all('portal_configuration').find(({ active }) => active);
  if (configuration === undefined) {
    throw invalidRequest('There is no active Portal configuration.');
  }
  return configuration.features;
}
