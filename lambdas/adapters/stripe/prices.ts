import { type Stripe } from 'stripe';
import { type Deadline } from '../../domain/deadline.ts';
import { BILLING_INTERVALS, type Catalogue, planOf, type Price } from '../../domain/catalogue.ts';
import { type Offer } from '../../domain/live-subscription.ts';
import { readStripe, type StripeConnection } from './connection.ts';
import { NotConfiguredError } from './errors.ts';

/** The entry of a price's metadata that names the plan. Former prices keep it, so who pays one keeps the plan. */
export const PLAN_METADATA = 'postage_plan';

/** The lookup key of the price at which a plan is sold. Stripe gives a key to one price only. */
export function lookupKeyOf({ plan, interval }: Offer): string {
  return `postage_${plan}_${interval}`;
}

type KnownPrice = Pick<Stripe.Price, 'metadata' | 'recurring'>;

/** What a subscription to these prices gives: the largest plan of the catalogue among them; null: there is none. */
export function offerOf(prices: readonly KnownPrice[], { plans }: Catalogue): Offer | null {
  const rankOf = ({ plan }: Offer): number => plans.findIndex(({ id }) => id === plan);
  return (
    prices
      .flatMap((price) => singleOffer(price) ?? [])
      .filter((offer) => rankOf(offer) > 0)
      .sort((one, other) => rankOf(other) - rankOf(one))[0] ?? null
  );
}

function singleOffer({ metadata, recurring }: KnownPrice): Offer | null {
  const plan = metadata[PLAN_METADATA];
  const interval = BILLING_INTERVALS.find((each) => each === recurring?.interval);
  return plan === undefined || interval === undefined || recurring?.interval_count !== 1
    ? null
    : { plan, interval };
}

/**
 * The id of the price at which a plan is sold. Stripe charges what its price says, so it has to be what the catalogue says.
 *
 * @throws NotConfiguredError when there is none, or it is another price than the catalogue's
 * @throws StripeUnavailableError
 */
export async function findPrice(
  connection: StripeConnection,
  offer: Offer,
  catalogue: Catalogue,
  deadline: Deadline,
): Promise<string> {
  const { plan, interval } = offer;
  const key = lookupKeyOf(offer);
  const { data } = await readStripe(connection, deadline, (stripe, options) =>
    stripe.prices.list({ lookup_keys: [key], active: true }, options),
  );
  const [price] = data;
  const wanted = planOf(catalogue, plan)?.prices[interval];
  if (price === undefined || wanted === undefined) {
    throw new NotConfiguredError(`Stripe has no active price with the lookup key ${key}.`);
  }
  const differences = differencesOf(price, offer, wanted);
  if (differences.length > 0) {
    throw new NotConfiguredError(
      `The price ${price.id} of ${key} is not what the catalogue says: ${differences.join(', ')}.`,
    );
  }
  return price.id;
}

/** What distinguishes a price at Stripe from that of the catalogue, in words. None: it is the same. */
export function differencesOf(price: Stripe.Price, { plan, interval }: Offer, wanted: Price): string[] {
  const { metadata, recurring, currency, unit_amount: amount } = price;
  const rows: [string, unknown, unknown][] = [
    [`metadata ${PLAN_METADATA}`, metadata[PLAN_METADATA], plan],
    ['currency', currency, wanted.currency],
    ['amount', amount, wanted.amountCents],
    ['interval', recurring?.interval, interval],
    ['interval count', recurring?.interval_count, 1],
    ['usage type', recurring?.usage_type, 'licensed'],
  ];
  return rows
    .filter(([, is, should]) => is !== should)
    .map(([name, is, should]) => `${name} ${String(is)} instead of ${String(should)}`);
}
