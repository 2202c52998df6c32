import { type Stripe } from 'stripe';
import { type Seconds } from './calendar.ts';
import { type Sandbox } from './sandbox.ts';
import { refId } from './state.ts';
import { itemOf } from './subscription-object.ts';
import { NO_TAX, type PhaseTerms, termsOf } from './subscription-terms.ts';

export type Phase = Stripe.SubscriptionSchedule.Phase;

/** What a phase is made of. */
export interface PhaseFacts {
  price: string;
  quantity: number;
  start: Seconds;
  end: Seconds;
  trialEnd: Seconds | null;
  proration: 'always_invoice' | 'create_prorations' | 'none';
  anchor: 'automatic' | 'phase_start' | null;
  metadata: Stripe.Metadata;
  method: string | null;
  description: string | null;
  terms: PhaseTerms;
}

export function phaseOf(facts: PhaseFacts): Phase {
  return {
    add_invoice_items: [],
    application_fee_percent: null,
    billing_cycle_anchor: facts.anchor,
    billing_thresholds: null,
    collection_method: null,
    currency: 'usd',
    default_payment_method: facts.method,
    description: facts.description,
    end_date: facts.end,
    invoice_settings: null,
    items: [
      {
        billing_thresholds: null,
        discounts: [],
        metadata: {},
        plan: facts.price,
        price: facts.price,
        quantity: facts.quantity,
        tax_rates: [],
      },
    ],
    metadata: facts.metadata,
    on_behalf_of: null,
    proration_behavior: facts.proration,
    start_date: facts.start,
    transfer_data: null,
    trial_end: facts.trialEnd,
    ...facts.terms,
  };
}

// Source: https://docs.stripe.com/api/subscription_schedules/create
// Guess: a schedule of a subscription that is to end begins with the end of its period or its `cancel_at`, and `cancel`.
/** A schedule of what the subscription is now, until its period ends. */
export function scheduleFor(
  sandbox: Sandbox,
  subscription: Stripe.Subscription,
): Stripe.SubscriptionSchedule {
  const item = itemOf(subscription);
  const method = refId(subscription.default_payment_method);
  const phase = phaseOf({
    price: item.price.id,
    quantity: item.quantity ?? 1,
    start: item.current_period_start,
    end: subscription.cancel_at ?? item.current_period_end,
    trialEnd: subscription.status === 'trialing' ? subscription.trial_end : null,
    proration: 'create_prorations',
    anchor: null,
    metadata: {},
    method,
    description: null,
    terms: termsOf(subscription),
  });
  return {
    id: sandbox.newId('sub_sched'),
    object: 'subscription_schedule',
    application: null,
    billing_mode: subscription.billing_mode,
    canceled_at: null,
    completed_at: null,
    created: sandbox.now(),
    current_phase: { end_date: phase.end_date, start_date: phase.start_date },
    customer: subscription.customer,
    customer_account: null,
    default_settings: {
      application_fee_percent: null,
      automatic_tax: NO_TAX,
      billing_cycle_anchor: 'automatic',
      billing_thresholds: null,
      collection_method: subscription.collection_method,
      default_payment_method: method,
      description: null,
      invoice_settings: {
        account_tax_ids: null,
        custom_fields: null,
        days_until_due: subscription.days_until_due,
        description: null,
        footer: null,
        issuer: { type: 'self' },
      },
      on_behalf_of: null,
      transfer_data: null,
    },
    end_behavior: subscription.cancel_at === null ? 'release' : 'cancel',
    livemode: false,
    metadata: {},
    pause_schedules: [],
    phases: [phase],
    released_at: null,
    released_subscription: null,
    status: 'active',
    subscription: subscription.id,
    test_clock: null,
  };
}

export function scheduleOf(
  sandbox: Sandbox,
  subscription: Stripe.Subscription,
): Stripe.SubscriptionSchedule | null {
  const id = refId(subscription.schedule);
  return id === null ? null : sandbox.get('subscription_schedule', id);
}

export function lastPhase(schedule: Stripe.SubscriptionSchedule): Phase | undefined {
  return schedule.phases.at(-1);
}

export function currentPhase(schedule: Stripe.SubscriptionSchedule): Phase | undefined {
  return schedule.phases.find(({ start_date: start }) => start === schedule.current_phase?.start_date);
}

export function nextPhase(schedule: Stripe.SubscriptionSchedule): Phase | undefined {
  return schedule.phases.find(({ start_date: start }) => start === schedule.current_phase?.end_date);
}

export function changeSchedule(
  sandbox: Sandbox,
  schedule: Stripe.SubscriptionSchedule,
  changes: Partial<Stripe.SubscriptionSchedule>,
): void {
  const previous = sandbox.assign(schedule, changes);
  if (previous !== null) {
    sandbox.emit('subscription_schedule.updated', schedule, previous);
  }
}

// Guess: what changes a subscription directly changes the present phase of its schedule, and no later one.
export function syncCurrentPhase(sandbox: Sandbox, subscription: Stripe.Subscription): void {
  const schedule = scheduleOf(sandbox, subscription);
  const phase = schedule === null ? undefined : currentPhase(schedule);
  const [old] = phase?.items ?? [];
  if (schedule === null || phase === undefined || old === undefined) {
    return;
  }
  const { price, quantity } = itemOf(subscription);
  const item = { ...old, price: price.id, plan: price.id, ...(quantity === undefined ? {} : { quantity }) };
  const present = { ...phase, items: [item], ...termsOf(subscription) };
  changeSchedule(sandbox, schedule, {
    phases: schedule.phases.map((one) => (one === phase ? present : one)),
  });
}

// Source: https://docs.stripe.com/billing/subscriptions/subscription-schedules
/** A method that a subscription is given directly becomes the default of its schedule. */
export function copyMethod(
  sandbox: Sandbox,
  subscription: Stripe.Subscription,
  method: string | null | undefined,
): void {
  const schedule = scheduleOf(sandbox, subscription);
  if (schedule !== null && method !== undefined && sandbox.settings.methodWhileScheduled === 'copied') {
    changeSchedule(sandbox, schedule, {
      default_settings: { ...schedule.default_settings, default_payment_method: method },
    });
  }
}

// Source: https://docs.stripe.com/api/subscription_schedules/release
// Source: https://docs.stripe.com/api/subscription_schedules/cancel
// Guess: a schedule whose last phase has ended is `completed`, also when it releases its subscription.
/** A schedule ends. What becomes of the subscription is up to the caller. */
export function closeSchedule(
  sandbox: Sandbox,
  schedule: Stripe.SubscriptionSchedule,
  how: 'released' | 'canceled' | 'completed' | 'aborted',
): void {
  const now = sandbox.now();
  const isReleased = how === 'released' || (how === 'completed' && schedule.end_behavior === 'release');
  sandbox.assign(schedule, {
    status: how === 'aborted' ? 'canceled' : how,
    current_phase: null,
    subscription: null,
    released_subscription: isReleased ? refId(schedule.subscription) : null,
    ...(how === 'released' ? { released_at: now } : {}),
    ...(how === 'canceled' || how === 'aborted' ? { canceled_at: now } : {}),
    ...(how === 'completed' ? { completed_at: now } : {}),
  });
  sandbox.emit(`subscription_schedule.${how}`, schedule);
}
