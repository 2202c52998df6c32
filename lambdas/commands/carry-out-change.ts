import { type FoundSubscription, voidPending } from '../adapters/stripe/changeable.ts';
import { type StripeConnection } from '../adapters/stripe/connection.ts';
import {
  cancelAtPeriodEnd,
  cancelNow,
  changePriceInTrial,
  takeCancellationBack,
  upgradeAtOnce,
} from '../adapters/stripe/plan-changes.ts';
import { findPrice } from '../adapters/stripe/prices.ts';
import {
  endWithSchedule,
  goOnWithSchedule,
  releaseSchedule,
  schedulePrice,
} from '../adapters/stripe/schedules.ts';
import { type Catalogue } from '../domain/catalogue.ts';
import { type Deadline } from '../domain/deadline.ts';
import { type Offer } from '../domain/live-subscription.ts';
import { type BillingChange } from '../domain/change-verdicts.ts';
import { type ChangeWay, GIVING } from '../domain/plan-changes.ts';

/**
 * Does at Stripe what a change asks for, or goes on with it. Repeated, it does no more, as long as Stripe keeps the keys of
 * requests, which is longer than a change may be open without Stripe knowing it.
 *
 * It looks for the subscription's schedule first, which may be there although what it scheduled has happened: a schedule would
 * overwrite the change later, and Stripe does not let what it manages be cancelled.
 *
 * @throws StripeUnavailableError, NotConfiguredError, StripeDeclinedError, StripeRejectedError, StripeMissingError
 */
export async function carryOut(
  { stripe, catalogue }: { stripe: StripeConnection; catalogue: Catalogue },
  { id: key, kind, offer, way }: Pick<BillingChange, 'id' | 'kind' | 'offer' | 'way'>,
  found: FoundSubscription,
  deadline: Deadline,
): Promise<void> {
  const { schedule, facts } = found;
  const request = { key, deadline };
  // What takes effect later, or ends the subscription, is not to be overtaken by a larger plan that is paid meanwhile.
  if (facts.pending !== null && way === 'at_period_end') {
    await voidPending(stripe, facts.pending, deadline);
  }
  switch (kind) {
    case 'plan_change':
      if (offer !== null) {
        const priceId = await findPrice(stripe, offer, catalogue, deadline);
        await changePlan(stripe, { found, offer, priceId, way }, request);
      }
      return;
    case 'plan_change_taken_back':
      if (schedule !== null) {
        await releaseSchedule(stripe, schedule, request);
      }
      return;
    case 'cancellation':
      await cancel(stripe, found, way, request);
      return;
    case 'cancellation_taken_back':
      await (schedule === null
        ? takeCancellationBack(stripe, found, request)
        : goOnWithSchedule(stripe, schedule, request));
      return;
  }
}

async function cancel(
  stripe: StripeConnection,
  found: FoundSubscription,
  way: ChangeWay,
  request: { deadline: Deadline },
): Promise<void> {
  const { schedule, facts } = found;
  if (way === 'at_once') {
    // It has been paid meanwhile, and what is paid is not ended at once.
    if (!GIVING.includes(facts.status)) {
      await cancelNow(stripe, found, request);
    }
    return;
  }
  await (schedule === null
    ? cancelAtPeriodEnd(stripe, found, request)
    : endWithSchedule(stripe, schedule, found, request));
}

interface PlanChange {
  found: FoundSubscription;
  offer: Offer;
  priceId: string;
  way: ChangeWay;
}

async function changePlan(
  stripe: StripeConnection,
  { found, offer, priceId, way }: PlanChange,
  request: { key: string; deadline: Deadline },
): Promise<void> {
  if (way === 'at_period_end') {
    await schedulePrice(stripe, found, { priceId, interval: offer.interval }, request);
    return;
  }
  if (found.schedule !== null) {
    await releaseSchedule(stripe, found.schedule, request);
  }
  const update = way === 'at_once' ? upgradeAtOnce : changePriceInTrial;
  await update(stripe, found, priceId, request);
}
