import { type Stripe } from 'stripe';
import { type Deadline } from '../../domain/deadline.ts';
import {
  BILLING_INTERVALS,
  type BillingInterval,
  type Bundle,
  type Catalogue,
  type Checkout,
  planOf,
  type Price,
} from '../../domain/catalogue.ts';
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

/** A price as the catalogue has it. */
export interface WantedPrice {
  lookupKey: string;
  /** What it sells has a product of its own, unless its owner has put the price on another one. */
  product: { id: string; name: string };
  /** One entry, which the price and its product have. */
  metadata: Readonly<Record<string, string>>;
  price: Price;
  /** Null: it is paid once. */
  interval: BillingInterval | null;
  taxBehavior: Checkout['tax'];
}

/** The price at which a plan is sold; null: it is not. */
export function priceOfPlan({ plan, interval }: Offer, catalogue: Catalogue): WantedPrice | null {
  const { title, prices } = planOf(catalogue, plan) ?? { title: plan, prices: {} };
  const price = prices[interval];
  return price === undefined
    ? null
    : {
        lookupKey: lookupKeyOf({ plan, interval }),
        product: { id: `postage_plan_${plan}`, name: title },
        metadata: { [PLAN_METADATA]: plan },
        price,
        interval,
        taxBehavior: catalogue.checkout.tax,
      };
}

export function priceOfBundle({ credits, price }: Bundle, { credit, checkout }: Catalogue): WantedPrice {
  return {
    lookupKey: `postage_bundle_${String(credits)}`,
    // Stripe's page and invoice show the name of the product alone, and it has to tell how many.
    product: {
      id: `postage_bundle_${String(credits)}`,
      name: `${String(credits)} ${credit?.title[credits === 1 ? 0 : 1] ?? 'credits'}`,
    },
    metadata: { postage_bundle: String(credits) },
    price,
    interval: null,
    taxBehavior: checkout.tax,
  };
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
  const wanted = priceOfPlan(offer, catalogue);
  if (wanted === null) {
    throw new NotConfiguredError(`The catalogue has no price for ${lookupKeyOf(offer)}.`);
  }
  return find(connection, wanted, deadline);
}

/** The id of the price of a bundle. @throws as `findPrice` */
export async function findBundlePrice(
  connection: StripeConnection,
  bundle: Bundle,
  catalogue: Catalogue,
  deadline: Deadline,
): Promise<string> {
  return find(connection, priceOfBundle(bundle, catalogue), deadline);
}

async function find(connection: StripeConnection, wanted: WantedPrice, deadline: Deadline): Promise<string> {
  const key = wanted.lookupKey;
  const { data } = await readStripe(connection, deadline, (stripe, options) =>
    stripe.prices.list({ lookup_keys: [key], active: true }, options),
  );
  const [price] = data;
  if (price === undefined) {
    throw new NotConfiguredError(`Stripe has no active price with the lookup key ${key}.`);
  }
  const differences = differencesOf(price, wanted);
  if (differences.length > 0) {
    const words = differences.map(inWords).join(', ');
    throw new NotConfiguredError(`The price ${price.id} of ${key} is not what the catalogue says: ${words}.`);
  }
  return price.id;
}

/** What distinguishes a price at Stripe from that of the catalogue. */
export interface PriceDifference {
  name: string;
  is: unknown;
  should: unknown;
  /** Stripe lets nobody change it: it takes another price. */
  isFixed: boolean;
}

export function inWords({ name, is, should }: PriceDifference): string {
  return `${name} ${String(is)} instead of ${String(should)}`;
}

/** None: it is the same. */
export function differencesOf(price: Stripe.Price, wanted: WantedPrice): PriceDifference[] {
  const { metadata, recurring, currency, unit_amount: amount, tax_behavior: tax } = price;
  const { interval, taxBehavior } = wanted;
  const fixed: [string, unknown, unknown][] = [
    ['currency', currency, wanted.price.currency],
    ['amount', amount, wanted.price.amountCents],
    ['interval', recurring?.interval ?? 'none', interval ?? 'none'],
    ...(interval === null
      ? []
      : ([
          ['interval count', recurring?.interval_count, 1],
          ['usage type', recurring?.usage_type, 'licensed'],
        ] satisfies [string, unknown, unknown][])),
  ];
  const entries = Object.entries(wanted.metadata);
  const loose = entries.map(([name, value]) => [`metadata ${name}`, metadata[name], value] as const);
  // It can be said once.
  const isTaxFixed = tax !== null && tax !== 'unspecified';
  return [
    ...loose.map(([name, is, should]) => ({ name, is, should, isFixed: false })),
    ...fixed.map(([name, is, should]) => ({ name, is, should, isFixed: true })),
    ...(taxBehavior === null
      ? []
      : [{ name: 'tax behavior', is: tax, should: taxBehavior, isFixed: isTaxFixed }]),
  ].filter(({ is, should }) => is !== should);
}
