import { type Stripe } from 'stripe';
import { type Catalogue, planOf } from '../../../domain/catalogue.ts';
import { type Deadline } from '../../../domain/deadline.ts';
import { type Offer } from '../../../domain/live-subscription.ts';
import { readStripe, type StripeConnection } from '../connection.ts';
import { orNull } from '../errors.ts';
import { differencesOf, lookupKeyOf, offerOf, PLAN_METADATA, priceOfPlan } from '../prices.ts';
import { bySetup, type Difference } from './step.ts';

/** What is to be done so that Postage knows what subscribers to a price have; `refused`: why it can't. */
export type Adoption = { outcome: 'found'; steps: Difference[] } | { outcome: 'refused'; because: string };

/**
 * Looks at a price that the owner has made before.
 *
 * @throws StripeUnavailableError, NotConfiguredError
 */
export async function findAdoption(
  connection: StripeConnection,
  id: string,
  offer: Offer,
  catalogue: Catalogue,
  deadline: Deadline,
): Promise<Adoption> {
  const price = await orNull(
    readStripe(connection, deadline, (stripe, options) => stripe.prices.retrieve(id, {}, options)),
  );
  const key = lookupKeyOf(offer);
  const { data } = await readStripe(connection, deadline, (stripe, options) =>
    stripe.prices.list({ lookup_keys: [key] }, options),
  );
  return price === null
    ? { outcome: 'refused', because: `Stripe does not know the price ${id}.` }
    : adoptionOf(price, offer, catalogue, data[0] ?? null);
}

/** @param holder the price that has the lookup key of what is sold; null: none has */
function adoptionOf(
  price: Stripe.Price,
  offer: Offer,
  catalogue: Catalogue,
  holder: Stripe.Price | null,
): Adoption {
  const { id, metadata } = price;
  const { plan, interval } = offer;
  if (planOf(catalogue, plan) === null || plan === catalogue.plans[0].id) {
    return { outcome: 'refused', because: `The catalogue has no plan ${plan} that somebody could pay.` };
  }
  const marked = { ...price, metadata: { ...metadata, [PLAN_METADATA]: plan } };
  if (offerOf([marked], catalogue)?.interval !== interval) {
    return { outcome: 'refused', because: `The price ${id} is not paid once a ${interval}.` };
  }
  const key = lookupKeyOf(offer);
  const wanted = priceOfPlan(offer, catalogue);
  const isSold = price.active && wanted !== null && differencesOf(marked, wanted).length === 0;
  const update = (says: string, how: string, params: Stripe.PriceUpdateParams): Difference =>
    bySetup(says, how, { does: 'update price', id, params }, 'adopt');
  return {
    outcome: 'found',
    steps: [
      ...(metadata[PLAN_METADATA] === plan
        ? []
        : [
            update(`The price ${id} does not name the plan ${plan}.`, `It names it in its metadata.`, {
              metadata: { [PLAN_METADATA]: plan },
            }),
          ]),
      ...(isSold && holder === null
        ? [
            update(
              `The price ${id} is what the catalogue sells, and lacks its lookup key ${key}.`,
              'It sets it.',
              {
                lookup_key: key,
              },
            ),
          ]
        : []),
    ],
  };
}
