import type { ReadyProduct } from 'stripe-stand-in';
import { type BillingInterval, type PlanId, PLANS } from '../lambdas/domain/plans.ts';

const INTERVALS = ['month', 'year'] as const satisfies BillingInterval[];
const SOLD = Object.values(PLANS)
  .flatMap(({ id: plan, prices }) =>
    INTERVALS.flatMap((interval) => ({ plan, interval, cents: prices[interval]?.amountCents })),
  )
  .flatMap(({ cents, ...price }) => (cents === undefined ? [] : [{ ...price, cents }]));

/** The id that a plan's price has at the stand-in: `price_pro_month`. Its `lookup_key` is `pro_month`. */
export function standInPriceId(plan: PlanId, interval: BillingInterval): string {
  return `price_${plan}_${interval}`;
}

/** A product for each plan that is sold, as the owner makes them in the Dashboard. */
export function standInProducts(): ReadyProduct[] {
  return [...new Set(SOLD.map(({ plan }) => plan))].map((plan) => ({
    id: `prod_${plan}`,
    name: `Postage ${plan}`,
    prices: SOLD.filter((price) => price.plan === plan).map(({ interval, cents }) => ({
      id: standInPriceId(plan, interval),
      currency: 'usd',
      unit_amount: cents,
      recurring: { interval },
      lookup_key: `${plan}_${interval}`,
    })),
  }));
}

/** Which of these prices is which plan, as a deployment is told. */
export function standInPrices(): Record<string, { plan: PlanId; interval: BillingInterval }> {
  return Object.fromEntries(
    SOLD.map(({ plan, interval }) => [standInPriceId(plan, interval), { plan, interval }]),
  );
}
