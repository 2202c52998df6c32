import { type Stripe } from 'stripe';
import { z } from 'zod';
import { ApiError, invalidRequest } from './api-error.ts';
import {
  type CardName,
  type Decline,
  isCardName,
  METHOD_TYPES,
  type MethodType,
  testMethod,
  type TestMethod,
} from './cards.ts';
import { pageOf } from './lists.ts';
import { metadata, paging, paramsOf, text } from './params.ts';
import { type Route, route } from './route.ts';
import { type Sandbox } from './sandbox.ts';
import { type CardRecord, refId } from './state.ts';
import { mergeMetadata } from './values.ts';

/** A payment method by its id, or a new one by the name of a test card. */
export function findMethod(sandbox: Sandbox, id: string, param = 'payment_method'): Stripe.PaymentMethod {
  return isCardName(id) ? createMethod(sandbox, id) : sandbox.get('payment_method', id, param);
}

export function behaviourOf(
  sandbox: Sandbox,
  method: Stripe.PaymentMethod,
): TestMethod & { isSetUp: boolean } {
  const record = recordOf(sandbox, method);
  return { ...testMethod(record.card), isSetUp: record.isSetUp };
}

/** The holder has agreed to charges while they are away. */
export function rememberSetUp(sandbox: Sandbox, method: Stripe.PaymentMethod): void {
  recordOf(sandbox, method).isSetUp = true;
}

function recordOf(sandbox: Sandbox, method: Stripe.PaymentMethod): CardRecord {
  return sandbox.get('card_record', method.id);
}

function createMethod(sandbox: Sandbox, card: CardName): Stripe.PaymentMethod {
  const method: Stripe.PaymentMethod = {
    id: sandbox.newId('pm'),
    object: 'payment_method',
    allow_redisplay: 'unspecified',
    billing_details: { address: null, email: null, name: null, phone: null, tax_id: null },
    created: sandbox.now(),
    customer: null,
    customer_account: null,
    livemode: false,
    metadata: {},
    ...detailsOf(testMethod(card)),
  };
  sandbox.state.payment_method.set(method.id, method);
  sandbox.state.card_record.set(method.id, { id: method.id, card, isSetUp: false });
  return method;
}

function detailsOf({
  type,
  brand,
  last4,
  funding,
}: TestMethod): Pick<Stripe.PaymentMethod, MethodType | 'type'> {
  if (type === 'link') {
    return { type, link: { email: 'customer@example.com' } };
  }
  if (type === 'paypal') {
    return { type, paypal: { country: 'US', payer_email: 'customer@example.com', payer_id: 'PAYER' } };
  }
  if (type === 'cashapp') {
    return { type, cashapp: { buyer_id: null, cashtag: null } };
  }
  if (type === 'us_bank_account') {
    return {
      type,
      us_bank_account: {
        account_holder_type: 'individual',
        account_type: 'checking',
        bank_name: 'STRIPE TEST BANK',
        financial_connections_account: null,
        fingerprint: `fingerprint${last4}`,
        last4,
        networks: null,
        routing_number: '110000000',
        status_details: null,
      },
    };
  }
  return {
    type,
    card: {
      brand,
      checks: { address_line1_check: null, address_postal_code_check: null, cvc_check: 'pass' },
      country: 'US',
      display_brand: brand,
      exp_month: 12,
      exp_year: 2099,
      fingerprint: `fingerprint${last4}`,
      funding,
      generated_from: null,
      last4,
      networks: { available: [brand], preferred: null },
      regulated_status: 'unregulated',
      three_d_secure_usage: { supported: true },
      wallet: null,
    },
  };
}

// Source: https://docs.stripe.com/api/payment_methods/attach
// Source: https://docs.stripe.com/testing
/** @throws ApiError when the bank refuses the card or it belongs to another customer */
export function attach(sandbox: Sandbox, method: Stripe.PaymentMethod, customer: Stripe.Customer): void {
  const owner = refId(method.customer);
  if (owner === customer.id) {
    return;
  }
  if (owner !== null) {
    throw invalidRequest('The payment method you provided has already been attached to a customer.');
  }
  const { onAttach } = behaviourOf(sandbox, method);
  if (onAttach !== null) {
    throw cardError(onAttach);
  }
  method.customer = customer.id;
  sandbox.emit('payment_method.attached', method);
}

export function cardError(reason: Decline, details: Partial<ApiError['body']> = {}): ApiError {
  return new ApiError(402, {
    type: 'card_error',
    code: reason.code,
    decline_code: reason.declineCode,
    message: reason.message,
    ...details,
  });
}

// Source: https://docs.stripe.com/api/customers/object#customer_object-invoice_settings-default_payment_method
/** What a subscription or an invoice is charged to when it names no method itself. */
export function defaultMethodOf(sandbox: Sandbox, customer: Stripe.Customer): Stripe.PaymentMethod | null {
  const id = refId(customer.invoice_settings.default_payment_method);
  return id === null ? null : sandbox.get('payment_method', id, 'default_payment_method');
}

function detach(sandbox: Sandbox, method: Stripe.PaymentMethod): Stripe.PaymentMethod {
  const owner = refId(method.customer);
  if (owner === null) {
    throw invalidRequest(
      'The payment method you provided is not attached to a customer so detachment is impossible.',
    );
  }
  method.customer = null;
  sandbox.emit('payment_method.detached', method, { customer: owner });
  forget(sandbox, owner, method.id);
  return method;
}

// Guess: a method that is detached, also with its customer, is nobody's default any more.
/** A detached method is nobody's default any more. */
function forget(sandbox: Sandbox, customerId: string, methodId: string): void {
  const customer = sandbox.state.customer.get(customerId);
  if (customer !== undefined && customer.deleted !== true) {
    if (refId(customer.invoice_settings.default_payment_method) === methodId) {
      customer.invoice_settings = { ...customer.invoice_settings, default_payment_method: null };
    }
  }
  for (const subscription of sandbox.all('subscription')) {
    if (refId(subscription.default_payment_method) === methodId) {
      subscription.default_payment_method = null;
    }
  }
}

function listOfCustomer(
  sandbox: Sandbox,
  customerId: string,
  type: string | undefined,
  url: string,
  page: z.infer<z.ZodObject<typeof paging>>,
): Stripe.ApiList<Stripe.PaymentMethod> {
  sandbox.customer(customerId);
  const methods = sandbox
    .all('payment_method')
    .filter(
      (method) => refId(method.customer) === customerId && (type === undefined || method.type === type),
    );
  return pageOf(methods, url, page);
}

const methodType = z.enum(METHOD_TYPES);

export const paymentMethodRoutes: Route[] = [
  route({
    method: 'POST',
    path: '/v1/payment_methods',
    params: paramsOf<Stripe.PaymentMethodCreateParams>()({
      type: z.literal('card'),
      card: z.optional(z.strictObject({ token: text })),
      metadata: z.optional(metadata),
    }),
    answer: (sandbox, { card, metadata: values }) => {
      const name = (card?.token ?? 'tok_visa').replace(/^tok_/, 'pm_card_');
      if (!isCardName(name)) {
        throw invalidRequest(`No such token: '${card?.token ?? ''}'`, {
          code: 'resource_missing',
          param: 'card[token]',
        });
      }
      const method = createMethod(sandbox, name);
      method.metadata = mergeMetadata({}, values);
      return method;
    },
  }),
  route({
    method: 'GET',
    path: '/v1/payment_methods',
    params: paramsOf<Stripe.PaymentMethodListParams>()({
      ...paging,
      customer: text,
      type: z.optional(methodType),
    }),
    answer: (sandbox, { customer, type, ...page }) =>
      listOfCustomer(sandbox, customer, type, '/v1/payment_methods', page),
  }),
  route({
    method: 'GET',
    path: '/v1/customers/{customer}/payment_methods',
    params: paramsOf<Stripe.CustomerListPaymentMethodsParams>()({ ...paging, type: z.optional(methodType) }),
    answer: (sandbox, { type, ...page }, { customer }) =>
      listOfCustomer(sandbox, customer, type, `/v1/customers/${customer}/payment_methods`, page),
  }),
  route({
    method: 'GET',
    path: '/v1/payment_methods/{id}',
    params: z.strictObject({}),
    answer: (sandbox, _params, { id }) => sandbox.get('payment_method', id),
  }),
  route({
    method: 'POST',
    path: '/v1/payment_methods/{id}',
    params: paramsOf<Stripe.PaymentMethodUpdateParams>()({ metadata: z.optional(metadata) }),
    answer: (sandbox, { metadata: values }, { id }) => {
      const method = sandbox.get('payment_method', id);
      const previous = sandbox.assign(method, { metadata: mergeMetadata(method.metadata ?? {}, values) });
      if (previous !== null) {
        sandbox.emit('payment_method.updated', method, previous);
      }
      return method;
    },
  }),
  route({
    method: 'POST',
    path: '/v1/payment_methods/{id}/attach',
    params: paramsOf<Stripe.PaymentMethodAttachParams>()({ customer: text }),
    answer: (sandbox, { customer }, { id }) => {
      const owner = sandbox.customer(customer);
      const method = findMethod(sandbox, id, 'id');
      attach(sandbox, method, owner);
      return method;
    },
  }),
  route({
    method: 'POST',
    path: '/v1/payment_methods/{id}/detach',
    params: z.strictObject({}),
    answer: (sandbox, _params, { id }) => detach(sandbox, sandbox.get('payment_method', id)),
  }),
];
