import { Stripe } from 'stripe';
import { z } from 'zod';
import { invalidRequest } from './api-error.ts';
import { isCreatedIn, pageOf } from './lists.ts';
import { clearable, created, currency, flag, integer, metadata, paging, paramsOf, text } from './params.ts';
import { type Route, route } from './route.ts';
import { type Sandbox } from './sandbox.ts';
import { refId } from './state.ts';
import { mergeMetadata, present } from './values.ts';

/** A product and its prices that are there from the start, as if somebody had made them in the Dashboard. */
export interface ReadyProduct {
  id: string;
  name: string;
  metadata?: Record<string, string>;
  prices: readonly Omit<NewPrice, 'product'>[];
}

export function seedCatalog(sandbox: Sandbox, products: readonly ReadyProduct[]): void {
  for (const { prices, ...product } of products) {
    createProduct(sandbox, product);
    for (const price of prices) {
      createPrice(sandbox, { ...price, product: product.id });
    }
  }
}

interface NewProduct {
  id?: string | undefined;
  name: string;
  description?: string | undefined;
  active?: boolean | undefined;
  metadata?: Record<string, string> | null | undefined;
  statement_descriptor?: string | undefined;
  tax_code?: string | undefined;
  unit_label?: string | undefined;
  url?: string | undefined;
}

export function createProduct(sandbox: Sandbox, asked: NewProduct): Stripe.Product {
  const id = asked.id ?? sandbox.newId('prod');
  if (sandbox.state.product.has(id)) {
    // Source: https://docs.stripe.com/error-codes
    throw invalidRequest(`Product already exists.`, { code: 'resource_already_exists', param: 'id' });
  }
  const product: Stripe.Product = {
    id,
    object: 'product',
    active: asked.active ?? true,
    created: sandbox.now(),
    default_price: null,
    description: asked.description ?? null,
    images: [],
    livemode: false,
    marketing_features: [],
    metadata: mergeMetadata({}, asked.metadata),
    name: asked.name,
    package_dimensions: null,
    shippable: null,
    statement_descriptor: asked.statement_descriptor ?? null,
    tax_code: asked.tax_code ?? null,
    tax_details: null,
    type: 'service',
    unit_label: asked.unit_label ?? null,
    updated: sandbox.now(),
    url: asked.url ?? null,
  };
  sandbox.state.product.set(product.id, product);
  return product;
}

interface NewPrice {
  id?: string | undefined;
  product: string;
  currency: string;
  unit_amount: number;
  recurring?: { interval: string; interval_count?: number | undefined } | undefined;
  lookup_key?: string | undefined;
  transfer_lookup_key?: boolean | undefined;
  nickname?: string | undefined;
  active?: boolean | undefined;
  tax_behavior?: Stripe.Price.TaxBehavior | undefined;
  metadata?: Record<string, string> | null | undefined;
}

// Source: https://docs.stripe.com/products-prices/manage-prices#lookup-keys
/** A lookup key belongs to one price at a time: it is taken from another one only when the request says so. */
function claimLookupKey(sandbox: Sandbox, key: string | undefined, isTransfer: boolean | undefined): void {
  const owner = key === undefined ? undefined : sandbox.all('price').find((one) => one.lookup_key === key);
  if (owner === undefined) {
    return;
  }
  if (isTransfer !== true) {
    throw invalidRequest(`A price (\`${owner.id}\`) already uses that lookup key.`);
  }
  const previous = sandbox.assign(owner, { lookup_key: null });
  sandbox.emit('price.updated', owner, previous ?? {});
}

// Source: https://docs.stripe.com/api/prices
export function createPrice(sandbox: Sandbox, asked: NewPrice): Stripe.Price {
  if (asked.unit_amount < 0) {
    throw invalidRequest('Invalid non-negative integer', {
      param: 'unit_amount',
      code: 'parameter_invalid_integer',
    });
  }
  claimLookupKey(sandbox, asked.lookup_key, asked.transfer_lookup_key);
  const price: Stripe.Price = {
    id: asked.id ?? sandbox.newId('price'),
    object: 'price',
    active: asked.active ?? true,
    billing_scheme: 'per_unit',
    created: sandbox.now(),
    currency: asked.currency,
    custom_unit_amount: null,
    livemode: false,
    lookup_key: asked.lookup_key ?? null,
    metadata: mergeMetadata({}, asked.metadata),
    nickname: asked.nickname ?? null,
    product: asked.product,
    recurring:
      asked.recurring === undefined
        ? null
        : {
            interval: asked.recurring.interval,
            interval_count: asked.recurring.interval_count ?? 1,
            meter: null,
            trial_period_days: null,
            usage_type: 'licensed',
          },
    tax_behavior: asked.tax_behavior ?? 'unspecified',
    tiers_mode: null,
    transform_quantity: null,
    type: asked.recurring === undefined ? 'one_time' : 'recurring',
    unit_amount: asked.unit_amount,
    unit_amount_decimal: Stripe.Decimal.from(asked.unit_amount),
  };
  sandbox.state.price.set(price.id, price);
  return price;
}

const interval = z.enum(['day', 'week', 'month', 'year']);

export const recurring = z.strictObject({
  interval,
  interval_count: z.optional(integer),
  usage_type: z.optional(z.literal('licensed')),
});
export const taxBehavior = z.enum(['exclusive', 'inclusive', 'unspecified']);

const priceFields = {
  active: z.optional(flag),
  lookup_key: z.optional(text.max(200)),
  transfer_lookup_key: z.optional(flag),
  nickname: z.optional(text),
  tax_behavior: z.optional(taxBehavior),
  metadata: z.optional(metadata),
};
const updatePriceParams = paramsOf<Stripe.PriceUpdateParams>()(priceFields);

// Source: https://docs.stripe.com/api/prices/update
/** What a price costs, and how often, stays. Its tax behaviour can be said once. */
function updatePrice(
  sandbox: Sandbox,
  price: Stripe.Price,
  { metadata: values, transfer_lookup_key: isTransfer, ...asked }: z.infer<typeof updatePriceParams>,
): Stripe.Price {
  const { tax_behavior: known } = price;
  if (asked.tax_behavior !== undefined && known !== 'unspecified' && asked.tax_behavior !== known) {
    throw invalidRequest(
      `You cannot change the \`tax_behavior\` of a price once it is set to 'exclusive' or 'inclusive'.`,
      { param: 'tax_behavior' },
    );
  }
  if (asked.lookup_key !== price.lookup_key) {
    claimLookupKey(sandbox, asked.lookup_key, isTransfer);
  }
  const previous = sandbox.assign(price, {
    ...present(asked),
    metadata: mergeMetadata(price.metadata, values),
  });
  if (previous !== null) {
    sandbox.emit('price.updated', price, previous);
  }
  return price;
}

const productFields = {
  active: z.optional(flag),
  metadata: z.optional(metadata),
};
const updateProductParams = paramsOf<Stripe.ProductUpdateParams>()({
  ...productFields,
  name: z.optional(text),
  description: z.optional(clearable(text)),
  default_price: z.optional(text),
  statement_descriptor: z.optional(text.max(22)),
  tax_code: z.optional(clearable(text)),
  unit_label: z.optional(clearable(text)),
  url: z.optional(clearable(text)),
});

// Source: https://docs.stripe.com/api/products/update
function updateProduct(
  sandbox: Sandbox,
  product: Stripe.Product,
  { metadata: values, ...asked }: z.infer<typeof updateProductParams>,
): Stripe.Product {
  if (asked.default_price !== undefined) {
    sandbox.get('price', asked.default_price, 'default_price');
  }
  const previous = sandbox.assign(product, {
    ...present(asked),
    metadata: mergeMetadata(product.metadata, values),
  });
  if (previous !== null) {
    product.updated = sandbox.now();
    sandbox.emit('product.updated', product, previous);
  }
  return product;
}

export const catalogRoutes: Route[] = [
  route({
    method: 'POST',
    path: '/v1/products',
    params: paramsOf<Stripe.ProductCreateParams>()({
      ...productFields,
      id: z.optional(text),
      name: text,
      description: z.optional(text),
      statement_descriptor: z.optional(text.max(22)),
      tax_code: z.optional(text),
      unit_label: z.optional(text),
      url: z.optional(text),
    }),
    answer: (sandbox, asked) => {
      const product = createProduct(sandbox, asked);
      sandbox.emit('product.created', product);
      return product;
    },
  }),
  route({
    method: 'GET',
    path: '/v1/products',
    params: paramsOf<Stripe.ProductListParams>()({
      ...paging,
      ...created,
      active: z.optional(flag),
      ids: z.optional(z.array(text)),
    }),
    answer: (sandbox, { active, ids, created: range, ...page }) => {
      const products = sandbox
        .all('product')
        .filter(
          (product) =>
            (active === undefined || product.active === active) &&
            (ids === undefined || ids.includes(product.id)) &&
            isCreatedIn(product, range),
        );
      return pageOf(products, '/v1/products', page);
    },
  }),
  route({
    method: 'GET',
    path: '/v1/products/{id}',
    params: z.strictObject({}),
    answer: (sandbox, _params, { id }) => sandbox.get('product', id),
  }),
  route({
    method: 'POST',
    path: '/v1/products/{id}',
    params: updateProductParams,
    answer: (sandbox, asked, { id }) => updateProduct(sandbox, sandbox.get('product', id), asked),
  }),
  route({
    method: 'POST',
    path: '/v1/prices',
    params: paramsOf<Stripe.PriceCreateParams>()({
      ...priceFields,
      product: text,
      currency,
      unit_amount: integer,
      recurring: z.optional(recurring),
    }),
    answer: (sandbox, asked) => {
      sandbox.get('product', asked.product, 'product');
      const price = createPrice(sandbox, asked);
      sandbox.emit('price.created', price);
      return price;
    },
  }),
  route({
    method: 'GET',
    path: '/v1/prices',
    params: paramsOf<Stripe.PriceListParams>()({
      ...paging,
      ...created,
      active: z.optional(flag),
      product: z.optional(text),
      type: z.optional(z.enum(['one_time', 'recurring'])),
      lookup_keys: z.optional(z.array(text).max(10)),
    }),
    answer: (sandbox, { active, product, type, lookup_keys: keys, created: range, ...page }) => {
      const prices = sandbox
        .all('price')
        .filter(
          (price) =>
            (active === undefined || price.active === active) &&
            (product === undefined || refId(price.product) === product) &&
            (type === undefined || price.type === type) &&
            (keys === undefined || (price.lookup_key !== null && keys.includes(price.lookup_key))) &&
            isCreatedIn(price, range),
        );
      return pageOf(prices, '/v1/prices', page);
    },
  }),
  route({
    method: 'GET',
    path: '/v1/prices/{id}',
    params: z.strictObject({}),
    answer: (sandbox, _params, { id }) => sandbox.get('price', id),
  }),
  route({
    method: 'POST',
    path: '/v1/prices/{id}',
    params: updatePriceParams,
    answer: (sandbox, asked, { id }) => updatePrice(sandbox, sandbox.get('price', id), asked),
  }),
];
