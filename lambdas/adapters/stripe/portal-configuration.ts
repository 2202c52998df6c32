import { type Stripe } from 'stripe';
import { type Catalogue } from '../../domain/catalogue.ts';

type Params = Stripe.BillingPortal.ConfigurationCreateParams;

/** The entry of a configuration's and an endpoint's metadata that names the stage: several may share one account. */
export const STAGE_METADATA = 'postage';

/**
 * The Portal is for cards, invoices, addresses and tax ids. Plans are changed and cancelled by Postage's own routes: a
 * configuration can't hold a larger plan back until it is paid.
 */
export function portalOf({
  checkout: { privacyUrl, termsUrl },
}: Catalogue): Required<Pick<Params, 'business_profile' | 'features'>> {
  return {
    business_profile: {
      ...(privacyUrl === null ? {} : { privacy_policy_url: privacyUrl }),
      ...(termsUrl === null ? {} : { terms_of_service_url: termsUrl }),
    },
    features: {
      customer_update: { enabled: true, allowed_updates: ['email', 'name', 'address', 'tax_id'] },
      invoice_history: { enabled: true },
      payment_method_update: { enabled: true },
      subscription_cancel: { enabled: false },
      subscription_update: { enabled: false },
    },
  };
}
