import { type Stripe } from 'stripe';
import { idOf } from '../connection.ts';
import { differencesOf, inWords, PLAN_METADATA, type WantedPrice } from '../prices.ts';
import { type FoundAtStripe } from './found.ts';
import { byOwner, bySetup, type Difference } from './step.ts';
import { type WantedAtStripe } from './wanted.ts';

/** Products and prices that are not as the catalogue has them. */
export function priceDifferences({ prices, plans }: WantedAtStripe, found: FoundAtStripe): Difference[] {
  const sold = prices.map((wanted) => ({ wanted, price: soldAt(wanted, found.prices) }));
  const known = new Set(sold.flatMap(({ price }) => price?.id ?? []));
  return [
    ...productDifferences(sold, found),
    ...sold.flatMap(({ wanted, price }) => differencesOfSold(wanted, price)),
    ...formerDifferences(found, plans, known),
    ...doubles(sold, found, plans, known),
  ];
}

interface Sold {
  wanted: WantedPrice;
  /** Null: there is none, and no other price could take its place. */
  price: Stripe.Price | null;
}

/** The price with the lookup key, else an active one that is the same and has lost it. */
function soldAt(wanted: WantedPrice, prices: readonly Stripe.Price[]): Stripe.Price | null {
  return (
    prices.find(({ lookup_key: key }) => key === wanted.lookupKey) ??
    prices.find(
      (price) =>
        price.active &&
        price.lookup_key === null &&
        differencesOf(price, wanted).length === 0 &&
        isOfOwn(price, wanted),
    ) ??
    null
  );
}

function isOfOwn({ product }: Stripe.Price, wanted: WantedPrice): boolean {
  return idOf(product) === wanted.product.id;
}

/** The product of what is sold, and the catalogue's own where nothing is yet. */
function productDifferences(sold: readonly Sold[], { products }: FoundAtStripe): Difference[] {
  const byId = new Map(
    sold.map(({ wanted, price }) => [
      price === null ? wanted.product.id : (idOf(price.product) ?? ''),
      wanted,
    ]),
  );
  return [...byId].flatMap(([id, { product, metadata }]) => {
    const found = products.find((each) => each.id === id);
    const isOwn = id === product.id;
    if (found === undefined) {
      return [
        bySetup(`There is no product ${id}.`, `It makes it, with the name "${product.name}".`, {
          does: 'create product',
          params: { id, name: product.name, metadata: { ...metadata } },
        }),
      ];
    }
    const isMarked = Object.entries(metadata).every(([name, value]) => found.metadata[name] === value);
    return [
      ...(found.active
        ? []
        : [
            bySetup(`The product ${id} is archived.`, 'It activates it.', {
              does: 'update product',
              id,
              params: { active: true },
            }),
          ]),
      ...(isMarked || !isOwn
        ? []
        : [
            bySetup(`The product ${id} has other metadata.`, 'It sets them.', {
              does: 'update product',
              id,
              params: { metadata: { ...metadata } },
            }),
          ]),
    ];
  });
}

function differencesOfSold(wanted: WantedPrice, price: Stripe.Price | null): Difference[] {
  const { lookupKey } = wanted;
  if (price === null) {
    return [
      bySetup(
        `There is no price ${lookupKey}.`,
        'It makes it.',
        createPrice(wanted, wanted.product.id, null),
      ),
    ];
  }
  const { id } = price;
  const differences = differencesOf(price, wanted);
  const words = differences.map(inWords).join(', ');
  if (differences.some(({ isFixed }) => isFixed)) {
    return [
      bySetup(
        `The price ${id} of ${lookupKey} is not the catalogue's: ${words}.`,
        'It makes another one in its place. Who pays the former goes on with it.',
        createPrice(wanted, idOf(price.product) ?? '', price.active ? id : null),
      ),
    ];
  }
  const update = (says: string, how: string, params: Stripe.PriceUpdateParams): Difference =>
    bySetup(says, how, { does: 'update price', id, params });
  return [
    ...(price.active
      ? []
      : [update(`The price ${id} of ${lookupKey} is archived.`, 'It activates it.', { active: true })]),
    ...(price.lookup_key === lookupKey
      ? []
      : [
          update(`The price ${id} has lost its lookup key ${lookupKey}.`, 'It sets it.', {
            lookup_key: lookupKey,
          }),
        ]),
    ...(differences.length === 0
      ? []
      : [
          update(`The price ${id} of ${lookupKey} is not the catalogue's: ${words}.`, 'It sets that.', {
            metadata: { ...wanted.metadata },
            ...(wanted.taxBehavior === null ? {} : { tax_behavior: wanted.taxBehavior }),
          }),
        ]),
  ];
}

function createPrice(wanted: WantedPrice, product: string, archives: string | null) {
  const { lookupKey, metadata, price, interval, taxBehavior } = wanted;
  return {
    does: 'create price',
    archives,
    params: {
      product,
      currency: price.currency,
      unit_amount: price.amountCents,
      lookup_key: lookupKey,
      transfer_lookup_key: true,
      metadata: { ...metadata },
      ...(interval === null ? {} : { recurring: { interval } }),
      ...(taxBehavior === null ? {} : { tax_behavior: taxBehavior }),
    },
  } as const;
}

/** Whether its owner says that it stands for no plan, as prices of something else on the same product. */
function isOwners({ metadata }: Stripe.Price, [free]: readonly string[]): boolean {
  return metadata[PLAN_METADATA] === free;
}

/** Former prices of a plan, by which Postage knows what their subscribers have. */
function formerDifferences(
  { products, prices }: FoundAtStripe,
  plans: readonly string[],
  known: ReadonlySet<string>,
): Difference[] {
  return prices
    .filter((price) => price.recurring !== null && !known.has(price.id) && !isOwners(price, plans))
    .flatMap((price) => {
      const { id, metadata } = price;
      if (price.active && metadata[PLAN_METADATA] === undefined) {
        return [unmarked(price, plans)];
      }
      const ofProduct = products.find((each) => each.id === idOf(price.product))?.metadata[PLAN_METADATA];
      const plan = metadata[PLAN_METADATA];
      const isKnown = plan !== undefined && plans.includes(plan) && (ofProduct ?? plan) === plan;
      if (isKnown) {
        return [];
      }
      const says = `The former price ${id} names the plan ${plan ?? 'of nobody'}, so its subscribers do not have what they pay for.`;
      return [
        ofProduct === undefined
          ? byOwner(
              says,
              `npm run stripe -- adopt ${id}=PLAN/${price.recurring?.interval ?? 'month'}, if Postage is to know it.`,
            )
          : bySetup(says, `It names ${ofProduct}, as its product does.`, {
              does: 'update price',
              id,
              params: { metadata: { [PLAN_METADATA]: ofProduct } },
            }),
      ];
    });
}

/**
 * Setup archives a former price, so that one which is active may be for something else. It would give the plan to whoever
 * pays it, if setup marked it.
 */
function unmarked({ id, product, recurring }: Stripe.Price, [free = '']: readonly string[]): Difference {
  return byOwner(
    `The price ${id} is active on the product ${idOf(product) ?? ''}, and names no plan.`,
    `npm run stripe -- adopt ${id}=PLAN/${recurring?.interval ?? 'month'}, if who pays it is to have a plan. If not, write ${PLAN_METADATA}: ${free} into its metadata.`,
  );
}

/** Two active prices of one product for one interval: the one that is not sold is to be archived. */
function doubles(
  sold: readonly Sold[],
  { prices }: FoundAtStripe,
  plans: readonly string[],
  known: ReadonlySet<string>,
): Difference[] {
  return sold.flatMap(({ wanted, price }) =>
    price === null || wanted.interval === null
      ? []
      : prices
          .filter(
            (other) =>
              other.active &&
              !known.has(other.id) &&
              other.metadata[PLAN_METADATA] !== undefined &&
              !isOwners(other, plans) &&
              idOf(other.product) === idOf(price.product) &&
              other.recurring?.interval === wanted.interval &&
              other.recurring.interval_count === 1,
          )
          .map(({ id }) =>
            bySetup(
              `The price ${id} is active beside ${price.id}, for the same product and interval.`,
              'It archives it. Who pays it goes on with it.',
              { does: 'update price', id, params: { active: false } },
            ),
          ),
  );
}
