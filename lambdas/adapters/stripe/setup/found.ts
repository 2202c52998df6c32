import { type Stripe } from 'stripe';
import { type Deadline } from '../../../domain/deadline.ts';
import { idOf, readStripe, type StripeConnection } from '../connection.ts';
import { NotConfiguredError } from '../errors.ts';
import { listAll } from '../lists.ts';
import { type WantedAtStripe } from './wanted.ts';

/** The objects in an account at Stripe that a stage uses. */
export interface FoundAtStripe {
  /** Null: the key may not read it. */
  accountId: string | null;
  /** Products of the catalogue's, and those of its prices, archived ones too. */
  products: readonly Stripe.Product[];
  /** All prices of these products, and all that have a lookup key of the catalogue's. */
  prices: readonly Stripe.Price[];
  endpoints: readonly Stripe.WebhookEndpoint[];
  portals: readonly Stripe.BillingPortal.Configuration[];
}

/** As many as Stripe takes in one request. */
const MOST_LOOKUP_KEYS = 10;
const MOST_IDS = 100;

/** @throws StripeUnavailableError, NotConfiguredError */
export async function findAtStripe(
  connection: StripeConnection,
  { prices: wanted, endpoint }: WantedAtStripe,
  deadline: Deadline,
): Promise<FoundAtStripe> {
  const byKey = await chunked(
    wanted.map(({ lookupKey }) => lookupKey),
    MOST_LOOKUP_KEYS,
    (keys) =>
      listAll(connection, deadline, (stripe, paging, options) =>
        stripe.prices.list({ lookup_keys: keys, ...paging }, options),
      ),
  );
  const ids = [
    ...byKey.map(({ product }) => idOf(product) ?? ''),
    ...wanted.map(({ product }) => product.id),
  ];
  const products = await chunked([...new Set(ids)], MOST_IDS, (some) =>
    listAll(connection, deadline, (stripe, paging, options) =>
      stripe.products.list({ ids: some, ...paging }, options),
    ),
  );
  const ofProducts = await chunked(products, 1, ([product]) =>
    listAll(connection, deadline, (stripe, paging, options) =>
      stripe.prices.list({ product: product?.id ?? '', ...paging }, options),
    ),
  );
  const { items: portals } = await listAll(connection, deadline, (stripe, paging, options) =>
    stripe.billingPortal.configurations.list(paging, options),
  );
  const endpoints =
    endpoint === null
      ? []
      : (
          await listAll(connection, deadline, (stripe, paging, options) =>
            stripe.webhookEndpoints.list(paging, options),
          )
        ).items;
  return {
    accountId: await readAccountId(connection, deadline),
    products,
    prices: [...new Map([...byKey, ...ofProducts].map((price) => [price.id, price])).values()],
    endpoints,
    portals,
  };
}

/** Asks for some at a time, one request after the other: all of them count against the limit of users' requests. */
async function chunked<Of, Item>(
  all: readonly Of[],
  size: number,
  list: (some: Of[]) => Promise<{ items: Item[] }>,
): Promise<Item[]> {
  const found: Item[] = [];
  for (let start = 0; start < all.length; start += size) {
    found.push(...(await list(all.slice(start, start + size))).items);
  }
  return found;
}

/** Restricted keys may lack the right, and everything else can be compared without it. */
async function readAccountId(connection: StripeConnection, deadline: Deadline): Promise<string | null> {
  try {
    const { id } = await readStripe(connection, deadline, (stripe, options) =>
      stripe.accounts.retrieveCurrent({}, options),
    );
    return id;
  } catch (error) {
    if (error instanceof NotConfiguredError) {
      return null;
    }
    throw error;
  }
}
