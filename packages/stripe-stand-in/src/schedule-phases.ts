import { type Stripe } from 'stripe';
import { DAY, type Seconds } from './calendar.ts';
import { expireUpdate } from './pending-updates.ts';
import { type Sandbox } from './sandbox.ts';
import {
  changeSchedule,
  closeSchedule,
  currentPhase,
  lastPhase,
  nextPhase,
  type Phase,
  scheduleOf,
} from './schedule-object.ts';
import { refId } from './state.ts';
import { endSubscription } from './subscription-end.ts';
import { changeSubscription, itemOf, itemsWith, planOf } from './subscription-object.ts';
import { endTrial, openPeriod } from './subscription-periods.ts';
import { schedulingOf } from './subscription-schedule.ts';
import { termsIn } from './subscription-terms.ts';
import { changeBilling } from './subscription-update.ts';
import { mergeMetadata } from './values.ts';

// Source: https://docs.stripe.com/api/events/types#event_types-subscription_schedule.expiring
const NOTICE: Seconds = 7 * DAY;

/** The next things that a schedule does by itself. */
export function duesOfSchedule(
  sandbox: Sandbox,
  subscription: Stripe.Subscription,
): { at: Seconds; run: () => void }[] {
  const schedule = scheduleOf(sandbox, subscription);
  const present = schedule?.current_phase ?? null;
  const last = schedule === null ? undefined : lastPhase(schedule);
  if (schedule === null || present === null || last === undefined) {
    return [];
  }
  const next = nextPhase(schedule);
  const at = present.end_date;
  const run = (): void =>
    next === undefined
      ? complete(sandbox, subscription, schedule)
      : enterPhase(sandbox, subscription, schedule, next);
  const record = sandbox.get('subscription_record', subscription.id);
  if (record.toldOfScheduleEnd === last.end_date) {
    return [{ at, run }];
  }
  const tell = (): void => {
    record.toldOfScheduleEnd = last.end_date;
    sandbox.emit('subscription_schedule.expiring', schedule);
  };
  return [
    { at: Math.max(schedule.created, last.end_date - NOTICE), run: tell },
    { at, run },
  ];
}

// Source: https://docs.stripe.com/billing/subscriptions/subscription-schedules
function complete(
  sandbox: Sandbox,
  subscription: Stripe.Subscription,
  schedule: Stripe.SubscriptionSchedule,
): void {
  closeSchedule(sandbox, schedule, 'completed');
  if (schedule.end_behavior === 'cancel') {
    sandbox.assign(subscription, { schedule: null });
    endSubscription(sandbox, subscription, 'cancellation_requested');
  } else {
    changeSubscription(sandbox, subscription, { schedule: null });
  }
}

// Source: https://docs.stripe.com/billing/subscriptions/subscription-schedules
// Source: https://docs.stripe.com/billing/subscriptions/pending-updates
/** The subscription becomes what the phase says: with the renewal where both fall together, else within its period. */
function enterPhase(
  sandbox: Sandbox,
  subscription: Stripe.Subscription,
  schedule: Stripe.SubscriptionSchedule,
  phase: Phase,
): void {
  expireUpdate(sandbox, subscription);
  changeSchedule(sandbox, schedule, {
    current_phase: { start_date: phase.start_date, end_date: phase.end_date },
  });
  const record = sandbox.get('subscription_record', subscription.id);
  // Guess: a schedule that the Portal has made is released when its change has happened.
  const isDone = record.portalSchedule === schedule.id && nextPhase(schedule) === undefined;
  if (isDone) {
    closeSchedule(sandbox, schedule, 'released');
  }
  const also: Partial<Stripe.Subscription> = {
    ...termsIn(sandbox, subscription, phase),
    metadata: mergeMetadata(subscription.metadata, phase.metadata ?? {}),
    ...methodIn(schedule, phase),
    ...(phase.description === null ? {} : { description: phase.description }),
    ...(isDone ? { schedule: null } : {}),
  };
  const [asked] = phase.items;
  const price = sandbox.get('price', refId(asked?.price) ?? '');
  const quantity = asked?.quantity ?? 1;
  const movesAnchor = phase.billing_cycle_anchor === 'phase_start';
  const isRenewal = itemOf(subscription).current_period_end === phase.start_date;
  if (isRenewal && subscription.status === 'trialing') {
    const items = itemsWith(subscription, { price, plan: planOf(price), quantity });
    changeSubscription(sandbox, subscription, { ...also, items });
    endTrial(sandbox, subscription);
  } else if (isRenewal) {
    const anchor = movesAnchor ? { billing_cycle_anchor: phase.start_date } : {};
    openPeriod(sandbox, subscription, { ...also, ...anchor }, { price, plan: planOf(price), quantity });
  } else {
    changeBilling(
      sandbox,
      subscription,
      {
        price,
        quantity,
        movesAnchor,
        trialEnd: null,
        proration: prorationOf(phase),
        paymentBehavior: 'allow_incomplete',
      },
      also,
    );
  }
}

// Source: https://docs.stripe.com/billing/subscriptions/subscription-schedules
/** The phase's own method, else that of its schedule. With neither, the customer's default is charged. */
export function methodIn(
  { default_settings: settings }: Stripe.SubscriptionSchedule,
  { default_payment_method: own }: Phase,
): Pick<Stripe.Subscription, 'default_payment_method'> {
  return { default_payment_method: refId(own) ?? refId(settings.default_payment_method) };
}

const PRORATIONS = ['always_invoice', 'create_prorations', 'none'] as const;

function prorationOf(phase: Pick<Phase, 'proration_behavior'>): (typeof PRORATIONS)[number] {
  const { proration_behavior: behavior } = phase;
  return PRORATIONS.find((one) => one === behavior) ?? 'create_prorations';
}

// Source: https://docs.stripe.com/api/subscription_schedules/release
// Guess: a schedule that ends with `cancel` shows its end as the subscription's `cancel_at`, from the start.
/** The end that a schedule sets, or takes back. */
export function endingOf(
  sandbox: Sandbox,
  subscription: Stripe.Subscription,
  schedule: Stripe.SubscriptionSchedule,
): Partial<Stripe.Subscription> {
  const end = lastPhase(schedule)?.end_date ?? null;
  const cancelAt = schedule.end_behavior === 'cancel' && end !== null && end > sandbox.now() ? end : null;
  return subscription.cancel_at === cancelAt
    ? {}
    : schedulingOf(sandbox, { cancel_at: cancelAt })(subscription);
}

/** The subscription goes on without its schedule. */
export function releaseSchedule(
  sandbox: Sandbox,
  subscription: Stripe.Subscription,
  also: Partial<Stripe.Subscription>,
): void {
  const schedule = scheduleOf(sandbox, subscription);
  if (schedule !== null) {
    closeSchedule(sandbox, schedule, 'released');
  }
  changeSubscription(sandbox, subscription, { ...also, schedule: null });
}

/** Whether a later phase is still to come. */
export function awaitsPhase(sandbox: Sandbox, subscription: Stripe.Subscription): boolean {
  const schedule = scheduleOf(sandbox, subscription);
  return schedule !== null && currentPhase(schedule) !== undefined && nextPhase(schedule) !== undefined;
}
