import { type Stripe } from 'stripe';
import { z } from 'zod';
import { invalidRequest } from './api-error.ts';
import { periodEndAfter, type Seconds } from './calendar.ts';
import { ownMethod } from './customers.ts';
import { isCreatedIn, pageOf } from './lists.ts';
import { created, currency, flag, integer, metadata, paging, paramsOf, text, timestamp } from './params.ts';
import { type Route, route } from './route.ts';
import { type Sandbox } from './sandbox.ts';
import {
  changeSchedule,
  closeSchedule,
  currentPhase,
  type Phase,
  phaseOf,
  scheduleFor,
} from './schedule-object.ts';
import { endingOf, methodIn, releaseSchedule } from './schedule-phases.ts';
import { refId } from './state.ts';
import { endSubscription } from './subscription-end.ts';
import { cadenceOf, changeSubscription, isOver } from './subscription-object.ts';
import { changeBilling } from './subscription-update.ts';
import { phaseTerms, termParams, termsIn } from './subscription-terms.ts';
import { proration, recurringPrice } from './subscriptions.ts';
import { mergeMetadata } from './values.ts';

const phase = z.strictObject({
  items: z
    .array(z.strictObject({ price: text, quantity: z.optional(integer) }))
    .length(1, 'the stand-in knows subscriptions with one item'),
  ...termParams,
  start_date: z.optional(timestamp),
  end_date: z.optional(timestamp),
  duration: z.optional(
    z.strictObject({
      interval: z.enum(['day', 'week', 'month', 'year']),
      interval_count: z.optional(integer),
    }),
  ),
  billing_cycle_anchor: z.optional(z.enum(['automatic', 'phase_start'])),
  collection_method: z.optional(z.literal('charge_automatically')),
  currency: z.optional(currency),
  default_payment_method: z.optional(text),
  description: z.optional(text),
  metadata: z.optional(z.record(z.string().max(40), z.string().max(500))),
  proration_behavior: z.optional(proration),
  trial_end: z.optional(timestamp),
});
export const askedPhases = z.array(phase).min(1);
type AskedPhase = z.infer<typeof phase>;

// Source: https://docs.stripe.com/api/subscription_schedules/create
/** @throws ApiError for a subscription that is over, not begun or has a schedule */
function create(sandbox: Sandbox, subscriptionId: string): Stripe.SubscriptionSchedule {
  const subscription = sandbox.get('subscription', subscriptionId, 'from_subscription');
  const refuse = (message: string): never => {
    throw invalidRequest(message, { param: 'from_subscription' });
  };
  if (subscription.schedule !== null) {
    refuse(
      `You cannot migrate a subscription that is already attached to a schedule: \`${refId(subscription.schedule)}\`.`,
    );
  }
  // Guess: subscriptions that are incomplete, paused or over can't get a schedule.
  if (isOver(subscription) || subscription.status === 'incomplete' || subscription.status === 'paused') {
    refuse(`You cannot migrate a subscription that is in the \`${subscription.status}\` status.`);
  }
  const schedule = scheduleFor(sandbox, subscription);
  sandbox.state.subscription_schedule.set(schedule.id, schedule);
  sandbox.emit('subscription_schedule.created', schedule);
  changeSubscription(sandbox, subscription, { schedule: schedule.id });
  return schedule;
}

/** The schedule and the subscription that it manages. */
function openSchedule(
  sandbox: Sandbox,
  id: string,
  verb: string,
): { schedule: Stripe.SubscriptionSchedule; subscription: Stripe.Subscription } {
  const schedule = sandbox.get('subscription_schedule', id);
  const subscription = sandbox.state.subscription.get(refId(schedule.subscription) ?? '');
  if (schedule.status !== 'active' || subscription === undefined) {
    throw invalidRequest(
      `You cannot ${verb} a subscription schedule that is currently in the \`${schedule.status}\` status. It must be in the \`not_started\` or \`active\` status.`,
    );
  }
  return { schedule, subscription };
}

// Source: https://docs.stripe.com/api/subscription_schedules/update
// Guess: a last phase without an end lasts one interval of its price.
/**
 * The phases of a schedule once those are in it: what is over stays, and the present one keeps its start.
 *
 * @throws ApiError for phases that do not begin with the present one, have gaps, or end in the past
 */
export function phasesWith(
  sandbox: Sandbox,
  schedule: Stripe.SubscriptionSchedule,
  asked: readonly AskedPhase[],
  param = 'phases',
): Phase[] {
  const now = sandbox.now();
  const past = schedule.phases.filter(({ end_date: end }) => end <= now);
  const left = asked.filter(
    ({ end_date: end }) => end === undefined || !past.some((one) => one.end_date === end),
  );
  const [first] = left;
  if (first?.start_date === undefined) {
    throw invalidRequest('Missing at least one phase with `start_date` to anchor end dates.', { param });
  }
  if (first.start_date !== schedule.current_phase?.start_date) {
    throw invalidRequest('You can not modify the start date of the current phase.', {
      param: `${param}[0][start_date]`,
    });
  }
  let start: Seconds = first.start_date;
  const future = left.map((one, index): Phase => {
    const name = `${param}[${index}]`;
    const read = readPhase(
      sandbox,
      schedule,
      one,
      { start, next: left[index + 1], isLast: index === left.length - 1 },
      name,
    );
    start = read.end_date;
    return read;
  });
  return [...past, ...future];
}

function readPhase(
  sandbox: Sandbox,
  schedule: Stripe.SubscriptionSchedule,
  asked: AskedPhase,
  { start, next, isLast }: { start: Seconds; next: AskedPhase | undefined; isLast: boolean },
  name: string,
): Phase {
  if (asked.end_date !== undefined && asked.duration !== undefined) {
    throw invalidRequest('You may only specify one of these parameters: end_date, duration.', {
      param: `${name}[duration]`,
      code: 'parameters_exclusive',
    });
  }
  const [item] = asked.items;
  const price = recurringPrice(sandbox, item?.price ?? '', `${name}[items][0][price]`);
  const cadence =
    asked.duration === undefined
      ? isLast
        ? cadenceOf(price)
        : null
      : { interval: asked.duration.interval, interval_count: asked.duration.interval_count ?? 1 };
  const end =
    asked.end_date ?? next?.start_date ?? (cadence === null ? null : periodEndAfter(start, cadence, start));
  if (end === null) {
    throw invalidRequest('Each phase but the last must have an `end_date` or a `duration`.', {
      param: `${name}[end_date]`,
    });
  }
  if (
    end <= Math.max(start, sandbox.now()) ||
    (asked.start_date !== undefined && asked.start_date !== start)
  ) {
    throw invalidRequest(
      'Phases must follow one another: each starts when the one before it ends, and ends after it starts and in the future.',
      {
        param: `${name}[${asked.start_date === start || asked.start_date === undefined ? 'end_date' : 'start_date'}]`,
      },
    );
  }
  const customer = sandbox.customer(refId(schedule.customer));
  const known = schedule.phases.find((one) => one.start_date === start)?.trial_end ?? null;
  if (asked.trial_end !== undefined && asked.trial_end !== known) {
    throw invalidRequest('The stand-in knows no trials of phases but the one that the subscription is in.', {
      param: `${name}[trial_end]`,
    });
  }
  return phaseOf({
    price: price.id,
    quantity: item?.quantity ?? 1,
    start,
    end,
    trialEnd: asked.trial_end ?? null,
    proration: asked.proration_behavior ?? 'create_prorations',
    anchor: asked.billing_cycle_anchor ?? null,
    metadata: asked.metadata ?? {},
    method:
      asked.default_payment_method === undefined
        ? null
        : ownMethod(sandbox, customer, asked.default_payment_method),
    description: asked.description ?? null,
    terms: phaseTerms(sandbox, asked, name),
  });
}

const updateParams = paramsOf<Stripe.SubscriptionScheduleUpdateParams>()({
  default_settings: z.optional(z.strictObject({ default_payment_method: z.optional(text) })),
  end_behavior: z.optional(z.enum(['release', 'cancel'])),
  metadata: z.optional(metadata),
  phases: z.optional(askedPhases),
  proration_behavior: z.optional(proration),
});

// Source: https://docs.stripe.com/api/subscription_schedules/update
function update(
  sandbox: Sandbox,
  id: string,
  asked: z.infer<typeof updateParams>,
): Stripe.SubscriptionSchedule {
  const { schedule, subscription } = openSchedule(sandbox, id, 'update');
  const phases = asked.phases === undefined ? schedule.phases : phasesWith(sandbox, schedule, asked.phases);
  const current = currentPhase({ ...schedule, phases });
  const methodId = asked.default_settings?.default_payment_method;
  const method =
    methodId === undefined
      ? schedule.default_settings.default_payment_method
      : ownMethod(sandbox, sandbox.customer(refId(schedule.customer)), methodId);
  changeSchedule(sandbox, schedule, {
    phases,
    default_settings: { ...schedule.default_settings, default_payment_method: method },
    end_behavior: asked.end_behavior ?? schedule.end_behavior,
    metadata: mergeMetadata(schedule.metadata ?? {}, asked.metadata),
    current_phase:
      current === undefined ? null : { start_date: current.start_date, end_date: current.end_date },
  });
  sandbox.get('subscription_record', subscription.id).portalSchedule = null;
  const ending = {
    ...endingOf(sandbox, subscription, schedule),
    ...(current === undefined
      ? {}
      : { ...termsIn(sandbox, subscription, current), ...methodIn(schedule, current) }),
  };
  const [item] = current?.items ?? [];
  if (item === undefined) {
    changeSubscription(sandbox, subscription, ending);
    return schedule;
  }
  changeBilling(
    sandbox,
    subscription,
    {
      price: sandbox.get('price', refId(item.price)),
      quantity: item.quantity ?? 1,
      movesAnchor: false,
      trialEnd: null,
      proration: asked.proration_behavior ?? 'create_prorations',
      paymentBehavior: 'allow_incomplete',
    },
    ending,
  );
  return schedule;
}

const BASE = '/v1/subscription_schedules';

export const scheduleRoutes: Route[] = [
  route({
    method: 'POST',
    path: BASE,
    params: paramsOf<Stripe.SubscriptionScheduleCreateParams>()({ from_subscription: text }),
    answer: (sandbox, { from_subscription: id }) => create(sandbox, id),
  }),
  route({
    method: 'GET',
    path: BASE,
    params: paramsOf<Stripe.SubscriptionScheduleListParams>()({
      ...paging,
      ...created,
      customer: z.optional(text),
      scheduled: z.optional(flag),
    }),
    answer: (sandbox, { customer, scheduled, created: range, ...page }) => {
      const schedules = sandbox
        .all('subscription_schedule')
        .filter(
          (one) =>
            (customer === undefined || refId(one.customer) === customer) &&
            (scheduled !== true || one.status === 'not_started') &&
            isCreatedIn(one, range),
        );
      return pageOf(schedules, BASE, page);
    },
  }),
  route({
    method: 'GET',
    path: `${BASE}/{id}`,
    params: z.strictObject({}),
    answer: (sandbox, _params, { id }) => sandbox.get('subscription_schedule', id),
  }),
  route({
    method: 'POST',
    path: `${BASE}/{id}`,
    params: updateParams,
    answer: (sandbox, asked, { id }) => update(sandbox, id, asked),
  }),
  route({
    method: 'POST',
    path: `${BASE}/{id}/release`,
    params: paramsOf<Stripe.SubscriptionScheduleReleaseParams>()({ preserve_cancel_date: z.optional(flag) }),
    answer: (sandbox, { preserve_cancel_date: preserves }, { id }) => {
      const { schedule, subscription } = openSchedule(sandbox, id, 'release');
      const isKept = preserves === true || schedule.end_behavior !== 'cancel';
      const ending = isKept ? {} : endingOf(sandbox, subscription, { ...schedule, end_behavior: 'release' });
      releaseSchedule(sandbox, subscription, ending);
      return schedule;
    },
  }),
  route({
    method: 'POST',
    path: `${BASE}/{id}/cancel`,
    // Both are true by default, which the stand-in does not model.
    params: paramsOf<Stripe.SubscriptionScheduleCancelParams>()({
      invoice_now: z.literal('false'),
      prorate: z.literal('false'),
    }),
    answer: (sandbox, _params, { id }) => {
      const { schedule, subscription } = openSchedule(sandbox, id, 'cancel');
      closeSchedule(sandbox, schedule, 'canceled');
      sandbox.assign(subscription, { schedule: null });
      endSubscription(sandbox, subscription, 'cancellation_requested');
      return schedule;
    },
  }),
];
