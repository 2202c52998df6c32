import { type Stripe } from 'stripe';
import { z } from 'zod';
import { invalidRequest } from './api-error.ts';
import { METHOD_TYPES } from './cards.ts';
import { createPrice, createProduct, recurring, taxBehavior } from './catalog.ts';
import { DAY, HOUR } from './calendar.ts';
import { newSession } from './checkout-object.ts';
import { isCreatedIn, pageOf } from './lists.ts';
import { created, currency, flag, integer, metadata, paging, paramsOf, text, timestamp } from './params.ts';
import { MINIMUM_CENTS } from './payments.ts';
import { descriptorSuffix } from './payment-intents.ts';
import { type Route, route } from './route.ts';
import { type Sandbox } from './sandbox.ts';
import { refId } from './state.ts';
import { recurringPrice } from './subscriptions.ts';
import { mergeMetadata } from './values.ts';

const productData = z.strictObject({
  name: text,
  description: z.optional(text),
  metadata: z.optional(metadata),
});
const priceData = z.strictObject({
  currency,
  product: z.optional(text),
  product_data: z.optional(productData),
  recurring: z.optional(recurring),
  tax_behavior: z.optional(taxBehavior),
  unit_amount: integer,
});
const lineItem = z.strictObject({
  price: z.optional(text),
  price_data: z.optional(priceData),
  quantity: z.optional(integer),
});
const subscriptionData = z.strictObject({
  metadata: z.optional(metadata),
  description: z.optional(text),
  trial_end: z.optional(timestamp),
  trial_period_days: z.optional(integer),
  trial_settings: z.optional(
    z.strictObject({
      end_behavior: z.strictObject({ missing_payment_method: z.enum(['cancel', 'create_invoice', 'pause']) }),
    }),
  ),
  billing_cycle_anchor: z.optional(timestamp),
  billing_mode: z.optional(z.strictObject({ type: z.enum(['classic', 'flexible']) })),
  proration_behavior: z.optional(z.enum(['create_prorations', 'none'])),
});
const paymentIntentData = z.strictObject({
  metadata: z.optional(metadata),
  description: z.optional(text),
  setup_future_usage: z.optional(z.enum(['off_session', 'on_session'])),
  receipt_email: z.optional(text),
  statement_descriptor_suffix: z.optional(descriptorSuffix),
});
const invoiceData = z.strictObject({
  description: z.optional(text),
  footer: z.optional(text),
  metadata: z.optional(metadata),
});
const enabled = z.strictObject({ enabled: flag });

const createParams = paramsOf<Stripe.Checkout.SessionCreateParams>()({
  mode: z.enum(['payment', 'subscription']),
  line_items: z.array(lineItem).min(1).max(100),
  success_url: text,
  cancel_url: z.optional(text),
  customer: z.optional(text),
  customer_email: z.optional(text),
  customer_creation: z.optional(z.enum(['always', 'if_required'])),
  customer_update: z.optional(
    z.partialRecord(z.enum(['address', 'name', 'shipping']), z.enum(['auto', 'never'])),
  ),
  client_reference_id: z.optional(text.max(200)),
  metadata: z.optional(metadata),
  subscription_data: z.optional(subscriptionData),
  payment_intent_data: z.optional(paymentIntentData),
  payment_method_collection: z.optional(z.enum(['always', 'if_required'])),
  allowed_payment_method_types: z.optional(z.array(z.enum(METHOD_TYPES)).min(1)),
  expires_at: z.optional(timestamp),
  allow_promotion_codes: z.optional(flag),
  automatic_tax: z.optional(enabled),
  billing_address_collection: z.optional(z.enum(['auto', 'required'])),
  invoice_creation: z.optional(z.strictObject({ enabled: flag, invoice_data: z.optional(invoiceData) })),
  consent_collection: z.optional(z.strictObject({ terms_of_service: z.enum(['none', 'required']) })),
  tax_id_collection: z.optional(
    z.strictObject({ enabled: flag, required: z.optional(z.enum(['if_supported', 'never'])) }),
  ),
  locale: z.optional(text),
  saved_payment_method_options: z.optional(z.record(text, z.unknown())),
  submit_type: z.optional(z.enum(['auto', 'book', 'donate', 'pay', 'subscribe'])),
  ui_mode: z.optional(z.enum(['hosted', 'hosted_page'])),
});
type CreateParams = z.infer<typeof createParams>;

function create(sandbox: Sandbox, asked: CreateParams): Stripe.Checkout.Session {
  requireConsistent(sandbox, asked);
  const lineItems = asked.line_items.map((line, index) => lineItemOf(sandbox, asked.mode, line, index));
  if (asked.mode === 'subscription' && lineItems.length !== 1) {
    throw invalidRequest('The stand-in knows subscriptions with one item.', { param: 'line_items' });
  }
  // Source: https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts
  if (
    asked.mode === 'payment' &&
    lineItems.reduce((sum, line) => sum + line.amount_total, 0) < MINIMUM_CENTS
  ) {
    throw invalidRequest("The Checkout Session's total amount due must add up to at least $0.50 usd", {
      code: 'amount_too_small',
    });
  }
  const id = sandbox.newId('cs_test');
  const session = newSession(sandbox, {
    id,
    mode: asked.mode,
    lineItems,
    customer: asked.customer === undefined ? null : sandbox.customer(asked.customer),
    customerEmail: asked.customer_email ?? null,
    customerCreation: asked.customer_creation ?? (asked.mode === 'payment' ? 'if_required' : null),
    clientReferenceId: asked.client_reference_id ?? null,
    metadata: mergeMetadata({}, asked.metadata),
    successUrl: asked.success_url,
    cancelUrl: asked.cancel_url ?? null,
    expiresAt: asked.expires_at ?? sandbox.now() + DAY,
    methodCollection:
      asked.mode === 'payment' ? 'if_required' : (asked.payment_method_collection ?? 'always'),
    allowedTypes: asked.allowed_payment_method_types ?? null,
    takesCodes: asked.allow_promotion_codes ?? null,
    collectsTax: asked.automatic_tax?.enabled ?? false,
    taxIds: asked.tax_id_collection ?? null,
    makesInvoice: asked.mode === 'payment' ? (asked.invoice_creation?.enabled ?? false) : null,
    terms: asked.consent_collection?.terms_of_service ?? null,
  });
  sandbox.state.checkout_session.set(id, session);
  const { payment_intent_data: payment, subscription_data: subscription } = asked;
  sandbox.state.checkout_plan.set(id, {
    id,
    lineItems,
    paymentIntentData: {
      metadata: mergeMetadata({}, payment?.metadata),
      description: payment?.description ?? null,
      setupFutureUsage: payment?.setup_future_usage ?? null,
      receiptEmail: payment?.receipt_email ?? null,
      statementDescriptorSuffix: payment?.statement_descriptor_suffix ?? null,
    },
    customerUpdate: {
      address: asked.customer_update?.address === 'auto',
      name: asked.customer_update?.name === 'auto',
    },
    invoiceData: {
      metadata: mergeMetadata({}, asked.invoice_creation?.invoice_data?.metadata),
      description: asked.invoice_creation?.invoice_data?.description ?? null,
      footer: asked.invoice_creation?.invoice_data?.footer ?? null,
    },
    subscriptionData: {
      metadata: mergeMetadata({}, subscription?.metadata),
      description: subscription?.description ?? null,
      trialEnd: subscription?.trial_end ?? null,
      trialPeriodDays: subscription?.trial_period_days ?? null,
      missingPaymentMethod: subscription?.trial_settings?.end_behavior.missing_payment_method ?? null,
      billingCycleAnchor: subscription?.billing_cycle_anchor ?? null,
      billingMode: subscription?.billing_mode?.type ?? null,
      prorationBehavior: subscription?.proration_behavior ?? null,
    },
  });
  return session;
}

// Source: https://docs.stripe.com/api/checkout/sessions
function requireConsistent(sandbox: Sandbox, asked: CreateParams): void {
  const forOtherMode = asked.mode === 'payment' ? 'subscription_data' : 'payment_intent_data';
  if (asked[forOtherMode] !== undefined) {
    throw invalidRequest(`You can not pass \`${forOtherMode}\` in \`${asked.mode}\` mode.`, {
      param: forOtherMode,
    });
  }
  if (asked.mode === 'subscription' && asked.customer_creation !== undefined) {
    throw invalidRequest('`customer_creation` can only be used in `payment` mode.', {
      param: 'customer_creation',
    });
  }
  if (asked.customer !== undefined && asked.customer_email !== undefined) {
    throw invalidRequest('You may only specify one of these parameters: customer, customer_email.', {
      param: 'customer',
      code: 'parameters_exclusive',
    });
  }
  if (asked.mode === 'subscription' && asked.invoice_creation !== undefined) {
    throw invalidRequest('You can only enable invoice creation when `mode` is set to `payment`.', {
      param: 'invoice_creation',
    });
  }
  requireCustomerUpdates(sandbox, asked);
  const lives = asked.expires_at === undefined ? DAY : asked.expires_at - sandbox.now();
  if (lives < HOUR / 2 || lives > DAY) {
    throw invalidRequest(
      'The `expires_at` timestamp must be between 30 minutes and 24 hours from Checkout Session creation.',
      {
        param: 'expires_at',
      },
    );
  }
}

// Source: https://docs.stripe.com/tax/checkout
// Source: https://docs.stripe.com/tax/checkout/tax-ids
// Source: https://docs.stripe.com/payments/checkout/customization/policies
/** Tax needs the address of a customer, and a tax id their name: Checkout must be allowed to write them. */
function requireCustomerUpdates(sandbox: Sandbox, asked: CreateParams): void {
  const { customer, customer_update: updates } = asked;
  if (customer === undefined && updates !== undefined) {
    throw invalidRequest('`customer_update` can only be used with `customer`.', { param: 'customer_update' });
  }
  const known = customer === undefined ? null : sandbox.customer(customer);
  const hasAddress = known === null || (known.address ?? null) !== null || updates?.address === 'auto';
  if (asked.automatic_tax?.enabled === true && !hasAddress) {
    throw invalidRequest(
      "Automatic tax calculation in Checkout requires a valid address on the Customer. Add a valid address to the Customer or set either `customer_update[address]` to 'auto' or `customer_update[shipping]` to 'auto' to save the address entered in Checkout to the Customer.",
      { code: 'customer_tax_location_invalid' },
    );
  }
  if (asked.tax_id_collection?.enabled === true && known !== null && updates?.name !== 'auto') {
    throw invalidRequest(
      'Tax ID collection requires updating business name on the customer. To enable tax ID collection for an existing customer, please set `customer_update[name]` to `auto`.',
      { param: 'customer_update' },
    );
  }
  if (asked.consent_collection?.terms_of_service === 'required' && !sandbox.plays.hasTermsUrl) {
    throw invalidRequest(
      'You cannot collect consent to your terms of service unless a URL is set in the Stripe Dashboard. Update your public business URL at https://dashboard.stripe.com/settings/public.',
      { param: 'consent_collection[terms_of_service]' },
    );
  }
}

function lineItemOf(
  sandbox: Sandbox,
  mode: 'payment' | 'subscription',
  { price: priceId, price_data: data, quantity }: z.infer<typeof lineItem>,
  index: number,
): Stripe.LineItem {
  const param = `line_items[${index}]`;
  if ((priceId === undefined) === (data === undefined)) {
    throw invalidRequest(`You must specify either \`price\` or \`price_data\` in ${param}.`, { param });
  }
  if (quantity === undefined || quantity < 1) {
    throw invalidRequest(`Quantity is required. Add \`quantity\` to \`${param}\``, {
      param: `${param}[quantity]`,
    });
  }
  const price =
    data === undefined
      ? sandbox.get('price', priceId ?? '', `${param}[price]`)
      : priceOf(sandbox, data, param);
  if (mode === 'subscription') {
    recurringPrice(sandbox, price.id, `${param}[price]`);
  } else if (!price.active && data === undefined) {
    throw invalidRequest('The price specified is inactive. This field only accepts active prices.', {
      param: `${param}[price]`,
    });
  } else if (price.recurring !== null) {
    throw invalidRequest(
      'You specified `payment` mode but passed a recurring price. Either switch to `subscription` mode or use only one-time prices.',
      {
        param: `${param}[price]`,
      },
    );
  }
  const amount = (price.unit_amount ?? 0) * quantity;
  return {
    id: sandbox.newId('li'),
    object: 'item',
    adjustable_quantity: null,
    amount_discount: 0,
    amount_subtotal: amount,
    amount_tax: 0,
    amount_total: amount,
    currency: price.currency,
    description: sandbox.get('product', refId(price.product)).name,
    metadata: {},
    price,
    quantity,
  };
}

function priceOf(sandbox: Sandbox, data: z.infer<typeof priceData>, param: string): Stripe.Price {
  const { product, product_data: details, ...rest } = data;
  if ((product === undefined) === (details === undefined)) {
    throw invalidRequest(`You must specify either \`product\` or \`product_data\` when creating a price.`, {
      param: `${param}[price_data]`,
    });
  }
  const productId =
    details === undefined
      ? sandbox.get('product', product ?? '', 'product').id
      : createProduct(sandbox, details).id;
  // Guess: a price that is made for a single payment can't be used again.
  return createPrice(sandbox, { ...rest, product: productId, active: rest.recurring !== undefined });
}

// Source: https://docs.stripe.com/api/checkout/sessions/expire
export function expireSession(sandbox: Sandbox, session: Stripe.Checkout.Session): Stripe.Checkout.Session {
  if (session.status !== 'open') {
    throw invalidRequest(
      `Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a status of ${session.status ?? 'unknown'}`,
    );
  }
  sandbox.assign(session, { status: 'expired', url: null });
  sandbox.emit('checkout.session.expired', session);
  return session;
}

export const checkoutRoutes: Route[] = [
  route({ method: 'POST', path: '/v1/checkout/sessions', params: createParams, answer: create }),
  route({
    method: 'GET',
    path: '/v1/checkout/sessions',
    params: paramsOf<Stripe.Checkout.SessionListParams>()({
      ...paging,
      ...created,
      customer: z.optional(text),
      payment_intent: z.optional(text),
      subscription: z.optional(text),
      status: z.optional(z.enum(['open', 'complete', 'expired'])),
    }),
    answer: (
      sandbox,
      { customer, payment_intent: intent, subscription, status, created: range, ...page },
    ) => {
      const sessions = sandbox
        .all('checkout_session')
        .filter(
          (session) =>
            (customer === undefined || refId(session.customer) === customer) &&
            (intent === undefined || refId(session.payment_intent) === intent) &&
            (subscription === undefined || refId(session.subscription) === subscription) &&
            (status === undefined || session.status === status) &&
            isCreatedIn(session, range),
        );
      return pageOf(sessions, '/v1/checkout/sessions', page);
    },
  }),
  route({
    method: 'GET',
    path: '/v1/checkout/sessions/{id}',
    params: z.strictObject({}),
    answer: (sandbox, _params, { id }) => sandbox.get('checkout_session', id),
  }),
  route({
    method: 'GET',
    path: '/v1/checkout/sessions/{id}/line_items',
    params: paramsOf<Stripe.Checkout.SessionListLineItemsParams>()(paging),
    answer: (sandbox, page, { id }) =>
      pageOf(sandbox.get('checkout_plan', id).lineItems, `/v1/checkout/sessions/${id}/line_items`, page),
  }),
  route({
    method: 'POST',
    path: '/v1/checkout/sessions/{id}/expire',
    params: z.strictObject({}),
    answer: (sandbox, _params, { id }) => expireSession(sandbox, sandbox.get('checkout_session', id)),
  }),
];
