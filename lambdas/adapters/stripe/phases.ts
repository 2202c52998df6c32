/** Phases of a schedule: as Stripe tells them, as they are asked of Stripe, and as a change puts them aside. */
import { type Stripe } from 'stripe';
import * as z from 'zod/mini';
import { type FoundSubscription } from './changeable.ts';
import { idOf } from './connection.ts';

type Phase = Stripe.SubscriptionSchedule.Phase;
export type PhaseParams = Stripe.SubscriptionScheduleUpdateParams.Phase;
type ItemParams = PhaseParams['items'][number];

/**
 * The phase that the subscription is in, until its period ends. It repeats the subscription's own discounts and tax. Phases
 * name no method: they have their schedule's.
 */
export function presentPhase(schedule: Stripe.SubscriptionSchedule, found: FoundSubscription): PhaseParams {
  const { current_phase: current, phases } = schedule;
  const phase = phases.find(({ start_date: start }) => start === current?.start_date);
  const start = current?.start_date ?? found.item.current_period_start;
  return {
    ...metadataIn(phase?.metadata ?? null),
    ...termsOf(found.subscription),
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
export function keptPhase(phase: Phase): KeptPhase {
  const length = phase.end_date - phase.start_date;
  return {
    items: phase.items.map((item) => ({
      ...itemParams(item),
      price: idOf(item.price) ?? '',
      ...discountsIn(item.discounts.map(discountOf)),
    })),
    ...discountsIn(phase.discounts.map(discountOf)),
    ...taxIn(phase),
    ...metadataIn(phase.metadata),
    duration:
      length < SHORTEST_MONTH
        ? { interval: 'day', interval_count: Math.max(1, Math.round(length / DAY)) }
        : { interval: 'month', interval_count: Math.round(length / MEAN_MONTH) },
    proration_behavior: 'none',
  };
}

const discounts = z.exactOptional(
  z.array(
    z.object({
      discount: z.exactOptional(z.string()),
      promotion_code: z.exactOptional(z.string()),
      coupon: z.exactOptional(z.string()),
    }),
  ),
);
const metadata = z.exactOptional(z.record(z.string(), z.string()));

const keptPhaseSchema = z.object({
  items: z.array(
    z.object({
      price: z.string(),
      quantity: z.exactOptional(z.number()),
      tax_rates: z.exactOptional(z.array(z.string())),
      metadata,
      discounts,
    }),
  ),
  discounts,
  default_tax_rates: z.exactOptional(z.array(z.string())),
  automatic_tax: z.exactOptional(z.object({ enabled: z.boolean() })),
  metadata,
  duration: z.object({ interval: z.enum(['day', 'month']), interval_count: z.number() }),
  proration_behavior: z.literal('none'),
});

/** A phase that is put aside. */
export type KeptPhase = z.infer<typeof keptPhaseSchema>;

/** Reads phases that a change has put aside. @throws Error when they are none */
export function keptPhases(aside: string): KeptPhase[] {
  return z.array(keptPhaseSchema).parse(JSON.parse(aside));
}

/** The items that a subscription has, with this price in place of its plan's. */
export function itemsOf({ subscription, item }: FoundSubscription, priceId: string): ItemParams[] {
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
}): Omit<KeptPhase['items'][number], 'price' | 'discounts'> {
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

/** What a subscription has for all its items, as a phase asks for it. */
export function termsOf(subscription: Stripe.Subscription): Partial<PhaseParams> {
  return {
    ...discountsIn(subscription.discounts.map((discount) => ({ discount: idOf(discount) ?? '' }))),
    ...taxIn(subscription),
  };
}

/**
 * The subscription's method, for all phases of its schedule. A method of a phase would charge the former card for sure. Stripe
 * "might copy" to these defaults what the subscription is given later
 * (https://docs.stripe.com/billing/subscriptions/subscription-schedules).
 */
export function methodFor({ default_payment_method: method }: Stripe.Subscription): {
  default_settings?: { default_payment_method: string };
} {
  const id = idOf(method);
  return id === null ? {} : { default_settings: { default_payment_method: id } };
}

function taxIn({
  default_tax_rates: rates,
  automatic_tax: tax,
}: {
  default_tax_rates?: readonly Stripe.TaxRate[] | null;
  automatic_tax?: Pick<Stripe.Subscription.AutomaticTax, 'enabled'>;
}): Pick<KeptPhase, 'default_tax_rates' | 'automatic_tax'> {
  const ids = (rates ?? []).map(({ id }) => id);
  return {
    ...(ids.length === 0 ? {} : { default_tax_rates: ids }),
    ...(tax?.enabled === true ? { automatic_tax: { enabled: true } } : {}),
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
