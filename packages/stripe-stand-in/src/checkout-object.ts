import { type Stripe } from 'stripe';
import { type Seconds } from './calendar.ts';
import { type Sandbox } from './sandbox.ts';

export interface SessionOrder {
  id: string;
  mode: 'payment' | 'subscription';
  lineItems: Stripe.LineItem[];
  customer: Stripe.Customer | null;
  customerEmail: string | null;
  customerCreation: 'always' | 'if_required' | null;
  clientReferenceId: string | null;
  metadata: Stripe.Metadata;
  successUrl: string;
  cancelUrl: string | null;
  expiresAt: Seconds;
  methodCollection: 'always' | 'if_required';
  allowedTypes: string[] | null;
  takesCodes: boolean | null;
  collectsTax: boolean;
  taxIds: { enabled: boolean; required?: 'if_supported' | 'never' | undefined } | null;
  /** Null where a subscription makes them. */
  makesInvoice: boolean | null;
  terms: 'none' | 'required' | null;
}

/** Not modelled: always null. */
const NOT_MODELLED = {
  adaptive_pricing: null,
  after_expiration: null,
  billing_address_collection: null,
  client_secret: null,
  collected_information: null,
  consent: null,
  currency_conversion: null,
  customer_account: null,
  integration_identifier: null,
  locale: null,
  managed_payments: null,
  origin_context: null,
  payment_link: null,
  payment_method_configuration_details: null,
  payment_method_options: null,
  permissions: null,
  recovered_from: null,
  saved_payment_method_options: null,
  setup_intent: null,
  shipping_address_collection: null,
  shipping_cost: null,
  submit_type: null,
  wallet_options: null,
} as const satisfies Partial<Stripe.Checkout.Session>;

export function newSession(sandbox: Sandbox, order: SessionOrder): Stripe.Checkout.Session {
  const { id, mode, customer, customerEmail, lineItems } = order;
  const total = lineItems.reduce((sum, line) => sum + line.amount_total, 0);
  const email = customer?.email ?? customerEmail;
  return {
    id,
    ...NOT_MODELLED,
    object: 'checkout.session',
    allowed_payment_method_types: order.allowedTypes,
    allow_promotion_codes: order.takesCodes,
    amount_subtotal: total,
    amount_total: total,
    automatic_tax: taxOf(order),
    cancel_url: order.cancelUrl,
    client_reference_id: order.clientReferenceId,
    consent_collection:
      order.terms === null
        ? null
        : { payment_method_reuse_agreement: null, promotions: null, terms_of_service: order.terms },
    created: sandbox.now(),
    currency: 'usd',
    custom_fields: [],
    custom_text: {
      after_submit: null,
      shipping_address: null,
      submit: null,
      terms_of_service_acceptance: null,
    },
    customer: customer?.id ?? null,
    customer_creation: customer === null ? order.customerCreation : null,
    customer_details: email === null ? null : detailsOf(email, customer?.name ?? null),
    customer_email: customerEmail,
    discounts: [],
    expires_at: order.expiresAt,
    invoice: null,
    invoice_creation: order.makesInvoice === null ? null : invoicesOf(order.makesInvoice),
    livemode: false,
    metadata: order.metadata,
    mode,
    payment_intent: null,
    payment_method_collection: order.methodCollection,
    payment_method_types: order.allowedTypes ?? [...sandbox.plays.dashboardMethods],
    payment_status: total === 0 ? 'no_payment_required' : 'unpaid',
    phone_number_collection: { enabled: false },
    shipping_options: [],
    status: 'open',
    subscription: null,
    success_url: order.successUrl,
    ...(order.taxIds === null
      ? {}
      : { tax_id_collection: { enabled: order.taxIds.enabled, required: order.taxIds.required ?? 'never' } }),
    total_details: { amount_discount: 0, amount_shipping: 0, amount_tax: 0 },
    ui_mode: 'hosted_page',
    url: `${sandbox.pagesUrl ?? 'https://checkout.stripe.com'}/c/pay/${id}`,
  };
}

/** The tax is known once the page knows where the customer is. */
function taxOf({ collectsTax: enabled }: SessionOrder): Stripe.Checkout.Session.AutomaticTax {
  return {
    enabled,
    liability: enabled ? { type: 'self' } : null,
    provider: enabled ? 'stripe' : null,
    status: enabled ? 'requires_location_inputs' : null,
  };
}

function invoicesOf(enabled: boolean): Stripe.Checkout.Session.InvoiceCreation {
  return {
    enabled,
    invoice_data: {
      account_tax_ids: null,
      custom_fields: null,
      description: null,
      footer: null,
      issuer: null,
      metadata: {},
      rendering_options: null,
    },
  };
}

export function detailsOf(email: string, name: string | null): Stripe.Checkout.Session.CustomerDetails {
  return {
    address: null,
    business_name: null,
    email,
    individual_name: name,
    name,
    phone: null,
    tax_exempt: 'none',
    tax_ids: [],
  };
}
