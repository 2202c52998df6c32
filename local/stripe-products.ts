import type { ReadyProduct } from 'stripe-stand-in';
import { lookupKeyOf, PLAN_METADATA } from '../lambdas/adapters/stripe/prices.ts';
import { BILLING_INTERVALS, type BillingInterval, type Catalogue } from '../lambdas/domain/catalogue.ts';

/** The id that a plan's price has at the stand-in: `price_pro_month`.  */
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
                lookup_key: lookupKeyOf({ plan: id, interval }),
                metadata: { [PLAN_METADATA]: id },
              },
            ];
      }),
    }));
}
