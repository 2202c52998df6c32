import { createHash } from 'node:crypto';
import { type Stripe } from 'stripe';
import { type Deadline } from '../../domain/deadline.ts';
import { callStripe, readStripe, type StripeConnection } from './connection.ts';

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
 * its metadata afterwards. It is for cards, invoices, addresses and tax ids. Plans are changed and cancelled by Postage's
 * own routes: a configuration can't hold a larger plan back until it is paid.
 *
 * @param stage whose configuration it is: several stages may share one account at Stripe
 */
export function createPortal(connection: StripeConnection, stage: string): Portal {
  let configurationId: string | null = null;
  return {
    open: async (customerId, appUrl, deadline) => {
      configurationId ??= await configure(connection, stage, deadline);
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

const FEATURES: Features = {
  customer_update: { enabled: true, allowed_updates: ['email', 'name', 'address', 'tax_id'] },
  invoice_history: { enabled: true },
  payment_method_update: { enabled: true },
  subscription_cancel: { enabled: false },
  subscription_update: { enabled: false },
};

/** Changes with what is set here. */
const FINGERPRINT = createHash('sha256').update(JSON.stringify(FEATURES)).digest('hex').slice(0, 32);

async function configure(connection: StripeConnection, stage: string, deadline: Deadline): Promise<string> {
  const metadata = { postage: stage, fingerprint: FINGERPRINT };
  const { data } = await readStripe(connection, deadline, (stripe, options) =>
    stripe.billingPortal.configurations.list({ active: true, limit: PAGE_SIZE }, options),
  );
  const found = data.find((each) => each.metadata?.['postage'] === stage);
  if (found?.metadata?.['fingerprint'] === FINGERPRINT) {
    return found.id;
  }
  const configuration = await callStripe(connection, deadline, (stripe, options) =>
    found === undefined
      ? stripe.billingPortal.configurations.create(
          { features: FEATURES, metadata },
          // Two functions that begin at once make one.
          { ...options, idempotencyKey: `portal:${stage}:${FINGERPRINT}` },
        )
      : stripe.billingPortal.configurations.update(found.id, { features: FEATURES, metadata }, options),
  );
  return configuration.id;
}
