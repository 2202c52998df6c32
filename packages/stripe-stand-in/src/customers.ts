import { type Stripe } from 'stripe';
import { z } from 'zod';
import { invalidRequest } from './api-error.ts';
import { isCreatedIn, pageOf } from './lists.ts';
import { address, clearable, created, integer, metadata, paging, paramsOf, text } from './params.ts';
import { attach, findMethod } from './payment-methods.ts';
import { type Route, route } from './route.ts';
import { type Sandbox } from './sandbox.ts';
import { refId } from './state.ts';
import { mergeMetadata, present } from './values.ts';

const editable = {
  address: z.optional(clearable(address)),
  balance: z.optional(integer),
  description: z.optional(clearable(text)),
  email: z.optional(clearable(text.max(512))),
  metadata: z.optional(metadata),
  name: z.optional(clearable(text.max(256))),
  phone: z.optional(clearable(text.max(20))),
  preferred_locales: z.optional(z.array(text)),
};
const invoiceSettings = z.strictObject({ default_payment_method: z.optional(clearable(text)) });

const updateParams = paramsOf<Stripe.CustomerUpdateParams>()({
  ...editable,
  invoice_settings: z.optional(invoiceSettings),
});
const createParams = paramsOf<Stripe.CustomerCreateParams>()({
  ...editable,
  payment_method: z.optional(text),
  invoice_settings: z.optional(invoiceSettings),
});

export interface NewCustomer {
  email: string | null;
  name: string | null;
}

export function createCustomer(sandbox: Sandbox, { email, name }: NewCustomer): Stripe.Customer {
  const id = sandbox.newId('cus');
  const customer: Stripe.Customer = {
    id,
    object: 'customer',
    address: null,
    balance: 0,
    created: sandbox.now(),
    currency: null,
    customer_account: null,
    default_source: null,
    delinquent: false,
    description: null,
    discount: null,
    email,
    invoice_prefix: id.slice(-8).toUpperCase(),
    invoice_settings: {
      custom_fields: null,
      default_payment_method: null,
      footer: null,
      rendering_options: null,
    },
    livemode: false,
    metadata: {},
    name,
    next_invoice_sequence: 1,
    phone: null,
    preferred_locales: [],
    shipping: null,
    tax_exempt: 'none',
    test_clock: null,
  };
  sandbox.state.customer.set(id, customer);
  return customer;
}

function create(sandbox: Sandbox, asked: z.infer<typeof createParams>): Stripe.Customer {
  const { payment_method: methodId, ...rest } = asked;
  const method = methodId === undefined ? null : findMethod(sandbox, methodId);
  const customer = createCustomer(sandbox, { email: null, name: null });
  try {
    if (method !== null) {
      attach(sandbox, method, customer);
    }
    // `pm_card_visa` as the default means the one that has just been made of it.
    const isSame = rest.invoice_settings?.default_payment_method === methodId && method !== null;
    const settings = isSame ? { default_payment_method: method.id } : rest.invoice_settings;
    sandbox.assign(customer, changesOf(sandbox, customer, { ...rest, invoice_settings: settings }));
  } catch (error) {
    sandbox.state.customer.delete(customer.id);
    throw error;
  }
  sandbox.emit('customer.created', customer);
  return customer;
}

function changesOf(
  sandbox: Sandbox,
  customer: Stripe.Customer,
  { metadata: values, address: place, invoice_settings: settings, ...rest }: z.infer<typeof updateParams>,
): Partial<Stripe.Customer> {
  const changes: Partial<Stripe.Customer> = {
    ...present(rest),
    metadata: mergeMetadata(customer.metadata, values),
  };
  if (place !== undefined) {
    changes.address =
      place === null
        ? null
        : {
            city: null,
            country: null,
            line1: null,
            line2: null,
            postal_code: null,
            state: null,
            ...present(place),
          };
  }
  const methodId = settings?.default_payment_method;
  if (methodId !== undefined) {
    changes.invoice_settings = {
      ...customer.invoice_settings,
      default_payment_method: methodId === null ? null : ownMethod(sandbox, customer, methodId),
    };
  }
  return changes;
}

// Source: https://docs.stripe.com/api/customers/update#update_customer-invoice_settings-default_payment_method
/** @throws ApiError when the method is another's or nobody's */
export function ownMethod(sandbox: Sandbox, customer: Stripe.Customer, methodId: string): string {
  const method = sandbox.state.payment_method.get(methodId);
  if (method === undefined || refId(method.customer) !== customer.id) {
    throw invalidRequest(
      `The customer does not have a payment method with the ID ${methodId}. The payment method must be attached to the customer.`,
      { code: 'resource_missing', param: 'default_payment_method' },
    );
  }
  return method.id;
}

// Source: https://docs.stripe.com/api/customers
/** Deletes a customer. Their subscriptions end, because the rules of subscriptions listen to `customer.deleted`. */
function remove(sandbox: Sandbox, id: string): Stripe.DeletedCustomer {
  const customer = sandbox.customer(id, 'id');
  const deleted: Stripe.DeletedCustomer = { id, object: 'customer', deleted: true };
  sandbox.state.customer.set(id, deleted);
  for (const method of sandbox.all('payment_method')) {
    if (refId(method.customer) === id) {
      method.customer = null;
    }
  }
  sandbox.emit('customer.deleted', customer);
  return deleted;
}

export const customerRoutes: Route[] = [
  route({ method: 'POST', path: '/v1/customers', params: createParams, answer: create }),
  route({
    method: 'GET',
    path: '/v1/customers',
    params: paramsOf<Stripe.CustomerListParams>()({ ...paging, ...created, email: z.optional(text) }),
    answer: (sandbox, { email, created: range, ...page }) => {
      const customers = sandbox
        .all('customer')
        .filter((customer): customer is Stripe.Customer => customer.deleted !== true)
        .filter(
          (customer) => (email === undefined || customer.email === email) && isCreatedIn(customer, range),
        );
      return pageOf(customers, '/v1/customers', page);
    },
  }),
  route({
    method: 'GET',
    path: '/v1/customers/{id}',
    params: z.strictObject({}),
    answer: (sandbox, _params, { id }) => sandbox.get('customer', id),
  }),
  route({
    method: 'POST',
    path: '/v1/customers/{id}',
    params: updateParams,
    answer: (sandbox, asked, { id }) => {
      const customer = sandbox.customer(id, 'id');
      const previous = sandbox.assign(customer, changesOf(sandbox, customer, asked));
      if (previous !== null) {
        sandbox.emit('customer.updated', customer, previous);
      }
      return customer;
    },
  }),
  route({
    method: 'DELETE',
    path: '/v1/customers/{id}',
    params: z.strictObject({}),
    answer: (sandbox, _params, { id }) => remove(sandbox, id),
  }),
];
