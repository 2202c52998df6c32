import { Stripe } from 'stripe';
import { newInvoice } from './invoice-object.ts';
import { type Sandbox } from './sandbox.ts';
import { type CheckoutPlan, refId } from './state.ts';

// Source: https://docs.stripe.com/payments/checkout/receipts#paid-invoices
// Guess: the invoice of a single payment is made and paid before its session is complete, with `manual` as its reason.
/** What `invoice_creation` makes of a single payment: an invoice that is paid already, without a subscription. */
export function invoicePayment(
  sandbox: Sandbox,
  session: Stripe.Checkout.Session,
  { lineItems, invoiceData }: CheckoutPlan,
  intent: Stripe.PaymentIntent | null,
): void {
  if (session.invoice_creation?.enabled !== true) {
    return;
  }
  const now = sandbox.now();
  const customer = sandbox.customer(refId(session.customer) ?? '');
  const total = session.amount_total ?? 0;
  const invoice = newInvoice(sandbox, {
    customer,
    subscription: null,
    lines: lineItems.map((line) => lineOf(sandbox, line)),
    reason: 'manual',
    period: { start: now, end: now },
    finalizesAt: null,
  });
  const sequence = customer.next_invoice_sequence ?? 1;
  customer.next_invoice_sequence = sequence + 1;
  sandbox.assign(invoice, {
    ...invoiceData,
    amount_due: total,
    amount_remaining: total,
    ending_balance: customer.balance,
    number: `${customer.invoice_prefix ?? 'STANDIN'}-${String(sequence).padStart(4, '0')}`,
    subtotal: session.amount_subtotal ?? 0,
    total,
    total_discount_amounts: [],
    total_excluding_tax: total - (session.total_details?.amount_tax ?? 0),
  });
  sandbox.state.invoice.set(invoice.id, invoice);
  sandbox.emit('invoice.created', invoice);
  sandbox.assign(invoice, {
    status: 'open',
    auto_advance: false,
    effective_at: now,
    hosted_invoice_url: `https://invoice.stripe.com/i/${invoice.id}`,
    invoice_pdf: `https://pay.stripe.com/invoice/${invoice.id}/pdf`,
    status_transitions: { ...invoice.status_transitions, finalized_at: now },
  });
  sandbox.emit('invoice.finalized', invoice);
  if (intent !== null) {
    keepPayment(sandbox, invoice, intent);
  }
  sandbox.assign(invoice, {
    status: 'paid',
    amount_paid: total,
    amount_remaining: 0,
    attempted: true,
    status_transitions: { ...invoice.status_transitions, paid_at: now },
  });
  session.invoice = invoice.id;
  sandbox.emit('invoice.paid', invoice);
  sandbox.emit('invoice.payment_succeeded', invoice);
}

function keepPayment(sandbox: Sandbox, invoice: Stripe.Invoice, intent: Stripe.PaymentIntent): void {
  const payment: Stripe.InvoicePayment = {
    id: sandbox.newId('inpay'),
    object: 'invoice_payment',
    amount_paid: intent.amount,
    amount_requested: intent.amount,
    created: sandbox.now(),
    currency: intent.currency,
    invoice: invoice.id,
    is_default: true,
    livemode: false,
    payment: { payment_intent: intent.id, type: 'payment_intent' },
    status: 'paid',
    status_transitions: { canceled_at: null, paid_at: sandbox.now() },
  };
  sandbox.state.invoice_payment.set(payment.id, payment);
  sandbox.emit('invoice_payment.paid', payment);
}

function lineOf(sandbox: Sandbox, line: Stripe.LineItem): Stripe.InvoiceLineItem {
  const now = sandbox.now();
  const { price } = line;
  const quantity = line.quantity ?? 1;
  return {
    id: sandbox.newId('il'),
    object: 'line_item',
    amount: line.amount_subtotal,
    currency: line.currency,
    description: line.description,
    discount_amounts: [],
    discountable: true,
    discounts: [],
    invoice: null,
    livemode: false,
    metadata: {},
    parent: null,
    period: { start: now, end: now },
    pretax_credit_amounts: [],
    pricing:
      price === null
        ? null
        : {
            price_details: { price: price.id, product: refId(price.product) },
            type: 'price_details',
            unit_amount_decimal: price.unit_amount_decimal,
          },
    quantity,
    quantity_decimal: Stripe.Decimal.from(quantity),
    subscription: null,
    subtotal: line.amount_subtotal,
    taxes: [],
  };
}
