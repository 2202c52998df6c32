import * as z from 'zod/mini';
import { type Offer } from '../../domain/live-subscription.ts';
import { BILLING_INTERVALS, type Catalogue } from '../../domain/catalogue.ts';

/** Which price at Stripe stands for which plan, as configured. */
export interface PriceList {
  ids: readonly string[];
  /** What a subscription to these prices gives: the largest plan among them; null: none of them is known. */
  offerOf: (priceIds: readonly string[]) => Offer | null;
  /** The price at which a plan is sold: the first that is configured for it. Later ones are former prices. */
  priceOf: (offer: Offer) => string | null;
}

const configuration = z.record(
  z.string().check(z.regex(/^price_\w+$/)),
  z.strictObject({ plan: z.string(), interval: z.enum(BILLING_INTERVALS) }),
);

/**
 * @param json `{"price_1Abc": {"plan": "pro", "interval": "month"}}`
 * @throws Error when it is not of this form
 */
export function parsePriceList(json: string, { plans }: Catalogue): PriceList {
  const offers = new Map(Object.entries(configuration.parse(JSON.parse(json))));
  const rankOf = (offer: Offer): number => plans.findIndex(({ id }) => id === offer.plan);
  const bySize = (one: Offer, other: Offer): number => rankOf(other) - rankOf(one);
  return {
    ids: [...offers.keys()],
    offerOf: (priceIds) => priceIds.flatMap((id) => offers.get(id) ?? []).sort(bySize)[0] ?? null,
    priceOf: ({ plan, interval }) =>
      [...offers].find(([, offer]) => offer.plan === plan && offer.interval === interval)?.[0] ?? null,
  };
}
