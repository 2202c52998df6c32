import { type Stripe } from 'stripe';
import { type BillingInterval } from '../../domain/catalogue.ts';
import { type FoundSubscription, laterPhases } from './changeable.ts';
import { callStripe, readStripe, type StripeConnection } from './connection.ts';
import { StripeFailedError, StripeRejectedError } from './errors.ts';
import {
  itemsOf,
  keptPhase,
  keptPhases,
  methodFor,
  type PhaseParams,
  presentPhase,
  termsOf,
} from './phases.ts';
import { type KeyedRequest } from './plan-changes.ts';

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
  await updateSchedule(connection, schedule.id, request, {
    ...methodFor(found.subscription),
    ...scheduling(schedule, found, next),
  });
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
    ...termsOf(found.subscription),
    ...(present.metadata === undefined ? {} : { metadata: present.metadata }),
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
    ...methodFor(found.subscription),
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

/** Lets the subscription go on without its schedule. A repetition is refused. @throws StripeUnavailableError, NotConfiguredError */
export async function releaseSchedule(
  connection: StripeConnection,
  { id }: Stripe.SubscriptionSchedule,
  { deadline }: Pick<KeyedRequest, 'deadline'>,
): Promise<void> {
  try {
    await readStripe(connection, deadline, (stripe, options) =>
      stripe.subscriptionSchedules.release(id, { preserve_cancel_date: true }, options),
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
    ...methodFor(found.subscription),
    end_behavior: 'release',
    proration_behavior: 'none',
    phases: [presentPhase(schedule, found), ...keptPhases(aside)],
  });
}

/** A subscription has one schedule, so that a second try without the key makes no second one. */
async function createSchedule(
  connection: StripeConnection,
  { subscription }: FoundSubscription,
  { key, deadline }: KeyedRequest,
): Promise<Stripe.SubscriptionSchedule> {
  const send = (stripe: Stripe, options: Stripe.RequestOptions) =>
    stripe.subscriptionSchedules.create({ from_subscription: subscription.id }, options);
  try {
    return await readStripe(connection, deadline, (stripe, options) =>
      send(stripe, { ...options, idempotencyKey: `${key}:schedule` }),
    );
  } catch (error) {
    // Stripe may keep this answer under the key for a day.
    if (error instanceof StripeFailedError) {
      return callStripe(connection, deadline, send);
    }
    throw error;
  }
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
