import { type Stripe } from 'stripe';
import { z } from 'zod';
import { ApiError, invalidRequest } from './api-error.ts';
import { ownMethod } from './customers.ts';
import {
  attemptInvoice,
  closeInvoice,
  finalizeInvoice,
  intentOf,
  payOutOfBand,
  subscriptionIdOf,
} from './invoices.ts';
import { isCreatedIn, pageOf } from './lists.ts';
import { created, flag, metadata, paging, paramsOf, text } from './params.ts';
import { defaultMethodOf } from './payment-methods.ts';
import { type Route, route } from './route.ts';
import { type Sandbox } from './sandbox.ts';
import { refId } from './state.ts';
import { mergeMetadata } from './values.ts';

const payParams = paramsOf<Stripe.InvoicePayParams>()({
  payment_method: z.optional(text),
  paid_out_of_band: z.optional(flag),
  off_session: z.optional(flag),
});

// Source: https://docs.stripe.com/billing/revenue-recovery/smart-retries
/** The method that an invoice is charged to: its subscription's, else its customer's. */
export function methodFor(sandbox: Sandbox, invoice: Stripe.Invoice): string | null {
  const subscription = sandbox.state.subscription.get(subscriptionIdOf(invoice) ?? '');
  const own = refId(invoice.default_payment_method) ?? refId(subscription?.default_payment_method);
  return own ?? defaultMethodOf(sandbox, sandbox.customer(refId(invoice.customer) ?? ''))?.id ?? null;
}

// Source: https://docs.stripe.com/error-codes
/** @throws ApiError with the decline, or when there is nothing to pay or to pay with */
export function pay(
  sandbox: Sandbox,
  invoice: Stripe.Invoice,
  asked: z.infer<typeof payParams>,
): Stripe.Invoice {
  if (invoice.status === 'draft') {
    finalizeInvoice(sandbox, invoice);
  }
  if (invoice.status === 'paid') {
    throw invalidRequest('Invoice is already paid', { code: 'invoice_already_paid' });
  }
  if (invoice.status === 'void') {
    throw invalidRequest('This invoice is void and cannot be paid.', { code: 'invoice_not_editable' });
  }
  if (asked.paid_out_of_band === true) {
    payOutOfBand(sandbox, invoice);
    return invoice;
  }
  const customer = sandbox.customer(refId(invoice.customer) ?? '');
  const method =
    asked.payment_method === undefined
      ? methodFor(sandbox, invoice)
      : ownMethod(sandbox, customer, asked.payment_method);
  if (method === null) {
    throw noMethod();
  }
  const declined = attemptInvoice(sandbox, invoice, { method, presence: 'billing', isAutomatic: false });
  if (declined !== null) {
    throw declined;
  }
  if (intentOf(sandbox, invoice)?.status === 'requires_action') {
    throw new ApiError(402, {
      type: 'card_error',
      code: 'invoice_payment_intent_requires_action',
      message:
        'This payment requires additional user action before it can be completed successfully. Payment can be completed using the PaymentIntent associated with the invoice.',
    });
  }
  return invoice;
}

// Source: https://stripe.com/docs/billing/subscriptions/payment-methods-setting#payment-method-priority
export function noMethod(): ApiError {
  return invalidRequest(
    'This customer has no attached payment source or default payment method. Please consider adding a default payment method. For more information, visit https://stripe.com/docs/billing/subscriptions/payment-methods-setting#payment-method-priority.',
    { code: 'resource_missing' },
  );
}

function close(status: 'void' | 'uncollectible', verb: string): Route {
  return route({
    method: 'POST',
    path: `/v1/invoices/{id}/${verb}`,
    params: z.strictObject({}),
    answer: (sandbox, _params, { id }) => {
      const invoice = sandbox.get('invoice', id);
      closeInvoice(sandbox, invoice, status);
      return invoice;
    },
  });
}

export const invoiceRoutes: Route[] = [
  route({
    method: 'GET',
    path: '/v1/invoices',
    params: paramsOf<Stripe.InvoiceListParams>()({
      ...paging,
      ...created,
      collection_method: z.optional(z.enum(['charge_automatically', 'send_invoice'])),
      customer: z.optional(text),
      subscription: z.optional(text),
      status: z.optional(z.enum(['draft', 'open', 'paid', 'uncollectible', 'void'])),
    }),
    answer: (
      sandbox,
      { collection_method: method, customer, subscription, status, created: range, ...page },
    ) => {
      const invoices = sandbox
        .all('invoice')
        .filter(
          (invoice) =>
            (method === undefined || invoice.collection_method === method) &&
            (customer === undefined || refId(invoice.customer) === customer) &&
            (subscription === undefined || subscriptionIdOf(invoice) === subscription) &&
            (status === undefined || invoice.status === status) &&
            isCreatedIn(invoice, range),
        );
      return pageOf(invoices, '/v1/invoices', page);
    },
  }),
  route({
    method: 'GET',
    path: '/v1/invoices/{id}',
    params: z.strictObject({}),
    answer: (sandbox, _params, { id }) => sandbox.get('invoice', id),
  }),
  route({
    method: 'POST',
    path: '/v1/invoices/{id}',
    params: paramsOf<Stripe.InvoiceUpdateParams>()({
      auto_advance: z.optional(flag),
      metadata: z.optional(metadata),
    }),
    answer: (sandbox, { auto_advance: advances, metadata: values }, { id }) => {
      const invoice = sandbox.get('invoice', id);
      const previous = sandbox.assign(invoice, {
        auto_advance: advances ?? invoice.auto_advance,
        metadata: mergeMetadata(invoice.metadata ?? {}, values),
      });
      if (previous !== null) {
        sandbox.emit('invoice.updated', invoice, previous);
      }
      return invoice;
    },
  }),
  route({
    method: 'POST',
    path: '/v1/invoices/{id}/finalize',
    params: paramsOf<Stripe.InvoiceFinalizeInvoiceParams>()({ auto_advance: z.optional(flag) }),
    answer: (sandbox, { auto_advance: advances }, { id }) => {
      const invoice = sandbox.get('invoice', id);
      if (invoice.status !== 'draft') {
        throw invalidRequest(
          "This invoice is already finalized, you can't re-finalize a non-draft invoice.",
          { code: 'invoice_not_editable' },
        );
      }
      invoice.auto_advance = advances ?? invoice.auto_advance;
      finalizeInvoice(sandbox, invoice);
      return invoice;
    },
  }),
  route({
    method: 'POST',
    path: '/v1/invoices/{id}/pay',
    params: payParams,
    answer: (sandbox, asked, { id }) => pay(sandbox, sandbox.get('invoice', id), asked),
  }),
  close('void', 'void'),
  close('uncollectible', 'mark_uncollectible'),
  route({
    method: 'GET',
    path: '/v1/invoice_payments',
    params: paramsOf<Stripe.InvoicePaymentListParams>()({
      ...paging,
      ...created,
      invoice: z.optional(text),
      status: z.optional(z.enum(['open', 'paid', 'canceled'])),
      payment: z.optional(z.strictObject({ type: z.literal('payment_intent'), payment_intent: text })),
    }),
    answer: (sandbox, { invoice, status, payment, created: range, ...page }) => {
      const payments = sandbox
        .all('invoice_payment')
        .filter(
          (entry) =>
            (invoice === undefined || refId(entry.invoice) === invoice) &&
            (status === undefined || entry.status === status) &&
            (payment === undefined || refId(entry.payment.payment_intent) === payment.payment_intent) &&
            isCreatedIn(entry, range),
        );
      return pageOf(payments, '/v1/invoice_payments', page);
    },
  }),
];
