import { createHash } from 'node:crypto';
import { type Stripe } from 'stripe';
import { BILLING_INTERVALS, type Catalogue } from '../../domain/catalogue.ts';
import { type Deadline } from '../../domain/deadline.ts';
import { callStripe, idOf, readStripe, type StripeConnection } from './connection.ts';
import { NotConfiguredError } from './errors.ts';
import { lookupKeyOf } from './prices.ts';

type Features = Stripe.BillingPortal.ConfigurationCreateParams.Features;

/** Opens the Portal for a customer. */
export interface Portal {
  /**
   * @returns the address of the customer's page
   * @throws StripeUnavailableError, NotConfiguredError
   * @throws StripeMissingError when the customer was deleted
   */
  open: (customerId: string, appUrl: string, deadline: Deadline) => Promise<string>;
}

/**
 * The Portal with a configuration of Postage's own, made or brought up to date when it is first needed, and found by
 * its metadata afterwards. It is Postage's and not the Dashboard's, so that no allowance can be farmed:
 * an upgrade or a longer interval begins a new period that is paid at once; a downgrade or a shorter interval, and a
 * cancellation, wait for the end of the period that has been paid; nothing can be paused.
 *
 * @param stage whose configuration it is: several stages may share one account at Stripe
 */
export function createPortal(connection: StripeConnection, catalogue: Catalogue, stage: string): Portal {
  let configurationId: string | null = null;
  return {
    open: async (customerId, appUrl, deadline) => {
      configurationId ??= await configure(connection, catalogue, stage, deadline);
      const configuration = configurationId;
      const session = await callStripe(connection, deadline, (stripe, options) =>
        stripe.billingPortal.sessions.create(
          { customer: customerId, configuration, return_url: appUrl },
          options,
        ),
      );
      return session.url;
    },
  };
}

const PAGE_SIZE = 100;

async function configure(
  connection: StripeConnection,
  catalogue: Catalogue,
  stage: string,
  deadline: Deadline,
): Promise<string> {
  const prices = await listPrices(connection, catalogue, deadline);
  if (prices.length === 0) {
    throw new NotConfiguredError('Stripe has no active price of the catalogue.');
  }
  const fingerprint = fingerprintOf(prices);
  const metadata = { postage: stage, fingerprint };
  const { data } = await readStripe(connection, deadline, (stripe, options) =>
    stripe.billingPortal.configurations.list({ active: true, limit: PAGE_SIZE }, options),
  );
  const found = data.find((each) => each.metadata?.['postage'] === stage);
  if (found?.metadata?.['fingerprint'] === fingerprint) {
    return found.id;
  }
  const features = featuresWith(productsOf(prices));
  const configuration = await callStripe(connection, deadline, (stripe, options) =>
    found === undefined
      ? stripe.billingPortal.configurations.create(
          { features, metadata },
          // Two functions that begin at once make one.
          { ...options, idempotencyKey: `portal:${stage}:${fingerprint}` },
        )
      : stripe.billingPortal.configurations.update(found.id, { features, metadata }, options),
  );
  return configuration.id;
}

/** Changes with the prices, and with what is set here. */
function fingerprintOf(prices: readonly Stripe.Price[]): string {
  const ids = prices.map(({ id }) => id).sort();
  const wanted = JSON.stringify([ids, featuresWith([])]);
  return createHash('sha256').update(wanted).digest('hex').slice(0, 32);
}

interface Product {
  product: string;
  prices: string[];
}

/** The prices at which plans are sold now. */
async function listPrices(
  connection: StripeConnection,
  { plans }: Catalogue,
  deadline: Deadline,
): Promise<readonly Stripe.Price[]> {
  const offers = plans.flatMap(({ id: plan }) => BILLING_INTERVALS.map((interval) => ({ plan, interval })));
  const { data } = await readStripe(connection, deadline, (stripe, options) =>
    stripe.prices.list({ lookup_keys: offers.slice(2).map(lookupKeyOf), active: true }, options),
  );
  return data;
}

function productsOf(prices: readonly Stripe.Price[]): Product[] {
  const byProduct = new Map<string, string[]>();
  for (const { id, product } of prices) {
    const productId = idOf(product) ?? '';
    byProduct.set(productId, [...(byProduct.get(productId) ?? []), id]);
  }
  return [...byProduct].map(([product, ids]) => ({ product, prices: ids }));
}

function featuresWith(products: Product[]): Features {
  return {
    customer_update: { enabled: true, allowed_updates: ['email', 'name', 'address', 'tax_id'] },
    invoice_history: { enabled: true },
    payment_method_update: { enabled: true },
    subscription_cancel: { enabled: true, mode: 'at_period_end' },
    subscription_update: {
      enabled: true,
      default_allowed_updates: ['price'],
      products,
      billing_cycle_anchor: 'now',
      proration_behavior: 'always_invoice',
      trial_update_behavior: 'end_trial',
      schedule_at_period_end: {
        conditions: [{ type: 'decreasing_item_amount' }, { type: 'shortening_interval' }],
      },
    },
  };
}
