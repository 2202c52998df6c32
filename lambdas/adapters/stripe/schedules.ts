import { type Stripe } from 'stripe';
import { type BillingInterval } from '../../domain/catalogue.ts';
import { type FoundSubscription, laterPhases } from './changeable.ts';
import { idOf, readStripe, type StripeConnection } from './connection.ts';
import { StripeRejectedError } from './errors.ts';
import { type KeyedRequest } from './plan-changes.ts';

type Phase = Stripe.SubscriptionSchedule.Phase;
type PhaseParams = Stripe.SubscriptionScheduleUpdateParams.Phase;

/** What holds from the end of the period on. */
interface NextPrice {
  priceId: string;
  interval: BillingInterval;
}

/**
 * Changes to another price at the end of the period, whether or not a schedule is there already.
 *
 * @throws StripeUnavailableError, NotConfiguredError, StripeRejectedError
 */
export async function schedulePrice(
  connection: StripeConnection,
  found: FoundSubscription,
  next: NextPrice,
  request: KeyedRequest,
): Promise<void> {
  const schedule = found.schedule ?? (await createSchedule(connection, found, request));
  await updateSchedule(connection, schedule.id, request, scheduling(schedule, found, next));
}

interface Scheduling {
  end_behavior: 'release';
  proration_behavior: 'none';
  phases: PhaseParams[];
}

/** A schedule that lets its subscription go when the next price has held for one interval. */
export function scheduling(
  schedule: Stripe.SubscriptionSchedule,
  found: FoundSubscription,
  { priceId, interval }: NextPrice,
): Scheduling {
  const present = presentPhase(schedule, found);
  const [item] = present.items;
  const next: PhaseParams = {
    ...shared(present),
    items: [{ price: priceId, ...(item?.quantity === undefined ? {} : { quantity: item.quantity }) }],
    duration: { interval, interval_count: 1 },
    proration_behavior: 'none',
  };
  return { end_behavior: 'release', proration_behavior: 'none', phases: [present, next] };
}

/** Ends a subscription that has a schedule with its period. What was scheduled does not happen. @throws as `schedulePrice` */
export async function endWithSchedule(
  connection: StripeConnection,
  schedule: Stripe.SubscriptionSchedule,
  found: FoundSubscription,
  request: Pick<KeyedRequest, 'deadline'>,
): Promise<void> {
  await updateSchedule(connection, schedule.id, request, {
    end_behavior: 'cancel',
    proration_behavior: 'none',
    phases: [presentPhase(schedule, found)],
  });
}

/** Lets a subscription that its schedule would end go on after all. @throws as `schedulePrice` */
export async function goOnWithSchedule(
  connection: StripeConnection,
  schedule: Stripe.SubscriptionSchedule,
  request: Pick<KeyedRequest, 'deadline'>,
): Promise<void> {
  await updateSchedule(connection, schedule.id, request, { end_behavior: 'release' });
}

/** Lets the subscription go on without its schedule. @throws StripeUnavailableError, NotConfiguredError */
export async function releaseSchedule(
  connection: StripeConnection,
  { id }: Stripe.SubscriptionSchedule,
  { key, deadline }: KeyedRequest,
): Promise<void> {
  try {
    await readStripe(connection, deadline, (stripe, options) =>
      stripe.subscriptionSchedules.release(
        id,
        { preserve_cancel_date: true },
        { ...options, idempotencyKey: `${key}:release` },
      ),
    );
  } catch (error) {
    // It has ended meanwhile, or somebody else has released it.
    if (!(error instanceof StripeRejectedError)) {
      throw error;
    }
  }
}

/** The phases to come, to be put back if what replaces them does not happen; null: there are none. */
export function asideOf({ schedule }: FoundSubscription): string | null {
  const later = schedule === null ? [] : laterPhases(schedule);
  return later.length === 0 ? null : JSON.stringify(later.map(keptPhase));
}

/** Schedules again what `asideOf` has kept, from the end of the period on. @throws as `schedulePrice` */
export async function putBack(
  connection: StripeConnection,
  found: FoundSubscription,
  aside: string,
  request: KeyedRequest,
): Promise<void> {
  const back = { ...request, key: `${request.key}:back` };
  const schedule = found.schedule ?? (await createSchedule(connection, found, back));
  await updateSchedule(connection, schedule.id, back, {
    end_behavior: 'release',
    proration_behavior: 'none',
    phases: [presentPhase(schedule, found), ...(JSON.parse(aside) as PhaseParams[])],
  });
}

function createSchedule(
  connection: StripeConnection,
  { subscription }: FoundSubscription,
  { key, deadline }: KeyedRequest,
): Promise<Stripe.SubscriptionSchedule> {
  return readStripe(connection, deadline, (stripe, options) =>
    stripe.subscriptionSchedules.create(
      { from_subscription: subscription.id },
      { ...options, idempotencyKey: `${key}:schedule` },
    ),
  );
}

/** It names all phases and their instants, so that a repetition does no more. It needs no key. */
async function updateSchedule(
  connection: StripeConnection,
  id: string,
  { deadline }: Pick<KeyedRequest, 'deadline'>,
  params: Stripe.SubscriptionScheduleUpdateParams,
): Promise<void> {
  await readStripe(connection, deadline, (stripe, options) =>
    stripe.subscriptionSchedules.update(id, params, options),
  );
}

/** The phase that the subscription is in, until its period ends. */
function presentPhase(schedule: Stripe.SubscriptionSchedule, found: FoundSubscription): PhaseParams {
  const { current_phase: current, phases } = schedule;
  const phase = phases.find(({ start_date: start }) => start === current?.start_date);
  const start = current?.start_date ?? found.item.current_period_start;
  const { price, quantity } = found.item;
  return {
    ...(phase === undefined ? {} : paramsOf(phase)),
    items: [{ price: price.id, ...(quantity === undefined ? {} : { quantity }) }],
    start_date: start,
    end_date: found.item.current_period_end,
    ...(typeof phase?.trial_end === 'number' ? { trial_end: phase.trial_end } : {}),
    proration_behavior: 'none',
  };
}

/** A phase of one interval that is to come. */
function keptPhase(phase: Phase): PhaseParams {
  const [item] = phase.items;
  const price = typeof item?.price === 'object' && item.price.deleted !== true ? item.price : null;
  const { interval = 'month', interval_count: count = 1 } = price?.recurring ?? {};
  return { ...paramsOf(phase), duration: { interval, interval_count: count }, proration_behavior: 'none' };
}

/** A phase as Stripe tells it, as what is asked of Stripe, without its times. What is not set is left out. */
function paramsOf(phase: Phase): PhaseParams {
  const discounts = phase.discounts.map(discountOf);
  const taxRates = (phase.default_tax_rates ?? []).map(({ id }) => id);
  const method = idOf(phase.default_payment_method);
  return {
    items: phase.items.map(({ price, quantity }) => ({
      price: idOf(price) ?? '',
      ...(quantity === undefined ? {} : { quantity }),
    })),
    ...(discounts.length === 0 ? {} : { discounts }),
    ...(taxRates.length === 0 ? {} : { default_tax_rates: taxRates }),
    ...(phase.automatic_tax?.enabled === true ? { automatic_tax: { enabled: true } } : {}),
    ...(method === null ? {} : { default_payment_method: method }),
    ...(phase.metadata === null || Object.keys(phase.metadata).length === 0
      ? {}
      : { metadata: phase.metadata }),
  };
}

function discountOf(
  discount: Phase['discounts'][number],
): Stripe.SubscriptionScheduleUpdateParams.Phase.Discount {
  const [existing, code, coupon] = [discount.discount, discount.promotion_code, discount.coupon].map(idOf);
  if (typeof existing === 'string') {
    return { discount: existing };
  }
  return typeof code === 'string'
    ? { promotion_code: code }
    : { ...(typeof coupon === 'string' ? { coupon } : {}) };
}

/** What a phase to come has in common with the present one. */
function shared({
  discounts,
  default_tax_rates: taxRates,
  automatic_tax: tax,
  default_payment_method: method,
  metadata,
}: PhaseParams): Partial<PhaseParams> {
  return {
    ...(discounts === undefined ? {} : { discounts }),
    ...(taxRates === undefined ? {} : { default_tax_rates: taxRates }),
    ...(tax === undefined ? {} : { automatic_tax: tax }),
    ...(method === undefined ? {} : { default_payment_method: method }),
    ...(metadata === undefined ? {} : { metadata }),
  };
}
