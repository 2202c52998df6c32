import type { ReadyProduct } from 'stripe-stand-in';
import { wantedAtStripe } from '../lambdas/adapters/stripe/setup/wanted.ts';
import type { BillingInterval, Catalogue } from '../lambdas/domain/catalogue.ts';

/** The id that a plan's price has at the stand-in: `price_pro_month`. */
export function standInPriceId(plan: string, interval: BillingInterval): string {
  return `price_${plan}_${interval}`;
}

/** The products and prices that `npm run stripe -- setup` makes, with ids that tests can name. */
export function standInProducts(catalogue: Catalogue): ReadyProduct[] {
  const { prices } = wantedAtStripe(catalogue, { stage: '', webhookUrl: null, events: [] });
  const products = new Map(prices.map(({ product, metadata }) => [product.id, { ...product, metadata }]));
  return [...products.values()].map((product) => ({
    ...product,
    prices: prices
      .filter((each) => each.product.id === product.id)
      .map(({ lookupKey, metadata, price, interval, taxBehavior }) => ({
        id: lookupKey.replace('postage_', 'price_'),
        currency: price.currency,
        unit_amount: price.amountCents,
        lookup_key: lookupKey,
        metadata,
        ...(interval === null ? {} : { recurring: { interval } }),
        ...(taxBehavior === null ? {} : { tax_behavior: taxBehavior }),
      })),
  }));
}
