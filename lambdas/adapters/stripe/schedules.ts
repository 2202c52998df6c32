import { type Stripe } from 'stripe';
import { type BillingInterval } from '../../domain/catalogue.ts';
import { type FoundSubscription, laterPhases } from './changeable.ts';
import { idOf, readStripe, type StripeConnection } from './connection.ts';
import { StripeRejectedError } from './errors.ts';
import { type KeyedRequest } from './plan-changes.ts';

type Phase = Stripe.SubscriptionSchedule.Phase;
type PhaseParams = Stripe.SubscriptionScheduleUpdateParams.Phase;
type ItemParams = PhaseParams['items'][number];

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
  const next: PhaseParams = {
    ...shared(present),
    items: itemsOf(found, priceId),
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
  return {
    ...(phase === undefined ? {} : paramsOf(phase)),
    items: itemsOf(found, found.item.price.id),
    start_date: start,
    end_date: found.item.current_period_end,
    ...(typeof phase?.trial_end === 'number' ? { trial_end: phase.trial_end } : {}),
    proration_behavior: 'none',
  };
}

const DAY = 86_400;
const SHORTEST_MONTH = 28 * DAY;
const MEAN_MONTH = 30.44 * DAY;

/** A phase that is to come. It is put back at another time, maybe, and as long. */
function keptPhase(phase: Phase): PhaseParams {
  const length = phase.end_date - phase.start_date;
  const duration: PhaseParams['duration'] =
    length < SHORTEST_MONTH
      ? { interval: 'day', interval_count: Math.max(1, Math.round(length / DAY)) }
      : { interval: 'month', interval_count: Math.round(length / MEAN_MONTH) };
  return { ...paramsOf(phase), duration, proration_behavior: 'none' };
}

/** The items that a subscription has, with this price in place of its plan's. */
function itemsOf({ subscription, item }: FoundSubscription, priceId: string): ItemParams[] {
  return subscription.items.data.map((each) => ({
    ...itemParams(each),
    price: each.id === item.id ? priceId : each.price.id,
    ...discountsIn(each.discounts.map((discount) => ({ discount: idOf(discount) ?? '' }))),
  }));
}

/** What is not set is left out. */
function itemParams({
  quantity,
  tax_rates: rates,
  metadata,
}: Pick<Stripe.SubscriptionItem, 'quantity'> & {
  tax_rates?: readonly Stripe.TaxRate[] | null;
  metadata: Stripe.Metadata | null;
}): ItemParams {
  return {
    ...(quantity === undefined ? {} : { quantity }),
    ...((rates ?? []).length === 0 ? {} : { tax_rates: (rates ?? []).map(({ id }) => id) }),
    ...metadataIn(metadata),
  };
}

function discountsIn<Each>(discounts: readonly Each[]): { discounts?: Each[] } {
  return discounts.length === 0 ? {} : { discounts: [...discounts] };
}

function metadataIn(metadata: Stripe.Metadata | null): { metadata?: Stripe.Metadata } {
  return metadata === null || Object.keys(metadata).length === 0 ? {} : { metadata };
}

/** A phase as Stripe tells it, as what is asked of Stripe, without its times. What is not set is left out. */
function paramsOf(phase: Phase): PhaseParams {
  const taxRates = (phase.default_tax_rates ?? []).map(({ id }) => id);
  const method = idOf(phase.default_payment_method);
  return {
    items: phase.items.map((item) => ({
      ...itemParams(item),
      price: idOf(item.price) ?? '',
      ...discountsIn(item.discounts.map(discountOf)),
    })),
    ...discountsIn(phase.discounts.map(discountOf)),
    ...(taxRates.length === 0 ? {} : { default_tax_rates: taxRates }),
    ...(phase.automatic_tax?.enabled === true ? { automatic_tax: { enabled: true } } : {}),
    ...(method === null ? {} : { default_payment_method: method }),
    ...metadataIn(phase.metadata),
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
