import type { ReadyProduct } from 'stripe-stand-in';
import { BILLING_INTERVALS, type BillingInterval, type Catalogue } from '../lambdas/domain/catalogue.ts';

/** The id that a plan's price has at the stand-in: `price_pro_month`. Its `lookup_key` is `pro_month`. */
export function standInPriceId(plan: string, interval: BillingInterval): string {
  return `price_${plan}_${interval}`;
}

/** A product for each plan that is sold, as the owner makes them in the Dashboard. */
export function standInProducts({ plans }: Catalogue): ReadyProduct[] {
  return plans
    .filter(({ prices }) => Object.keys(prices).length > 0)
    .map(({ id, title, prices }) => ({
      id: `prod_${id}`,
      name: title,
      prices: BILLING_INTERVALS.flatMap((interval) => {
        const price = prices[interval];
        return price === undefined
          ? []
          : [
              {
                id: standInPriceId(id, interval),
                currency: price.currency,
                unit_amount: price.amountCents,
                recurring: { interval },
                lookup_key: `${id}_${interval}`,
              },
            ];
      }),
    }));
}

/** Which of these prices is which plan, as a deployment is told. */
export function standInPrices({
  plans,
}: Catalogue): Record<string, { plan: string; interval: BillingInterval }> {
  return Object.fromEntries(
    plans.flatMap(({ id: plan, prices }) =>
      BILLING_INTERVALS.filter((interval) => prices[interval] !== undefined).map((interval) => [
        standInPriceId(plan, interval),
        { plan, interval },
      ]),
    ),
  );
}
