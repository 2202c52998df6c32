import { type Stripe } from 'stripe';
import { DAY, type Seconds } from './calendar.ts';
import { type Period } from './invoice-lines.ts';
import { listOf } from './lists.ts';
import { type Sandbox } from './sandbox.ts';

export interface InvoiceOrder {
  customer: Stripe.Customer;
  /** Null for the invoice of a single payment. */
  subscription: Stripe.Subscription | null;
  lines: Stripe.InvoiceLineItem[];
  reason: 'subscription_create' | 'subscription_cycle' | 'subscription_update' | 'upcoming' | 'manual';
  period: Period;
  /** When it leaves the draft by itself; null when somebody does that for it. */
  finalizesAt: Seconds | null;
}

/** Not modelled: always null. */
const NOT_MODELLED = {
  account_tax_ids: null,
  application: null,
  custom_fields: null,
  customer_account: null,
  customer_shipping: null,
  default_payment_method: null,
  default_source: null,
  description: null,
  footer: null,
  from_invoice: null,
  last_finalization_error: null,
  latest_revision: null,
  on_behalf_of: null,
  receipt_number: null,
  rendering: null,
  shipping_cost: null,
  shipping_details: null,
  statement_descriptor: null,
  test_clock: null,
} as const satisfies Partial<Stripe.Invoice>;

// Source: https://docs.stripe.com/api/subscriptions/object#subscription_object-days_until_due
// Guess: the days until an invoice is due are counted anew when it is finalized.
/** When an invoice that is sent now is due; null for what is charged. */
export function dueDate(sandbox: Sandbox, subscription: Stripe.Subscription): Seconds | null {
  const { days_until_due: days } = subscription;
  return days === null ? null : sandbox.now() + days * DAY;
}

/** A draft with these lines. Taxes and discounts are not modelled, so that the total is the sum of the lines. */
export function newInvoice(sandbox: Sandbox, order: InvoiceOrder): Stripe.Invoice {
  const { customer, subscription, lines, reason, period, finalizesAt } = order;
  const id = sandbox.newId('in');
  const total = lines.reduce((sum, line) => sum + line.amount, 0);
  return {
    id,
    ...NOT_MODELLED,
    object: 'invoice',
    account_country: 'US',
    account_name: 'Stripe stand-in',
    amount_due: Math.max(0, total),
    amount_overpaid: 0,
    amount_paid: 0,
    amount_remaining: Math.max(0, total),
    amount_shipping: 0,
    attempt_count: 0,
    attempted: false,
    auto_advance: true,
    automatic_tax: { disabled_reason: null, enabled: false, liability: null, provider: null, status: null },
    automatically_finalizes_at: finalizesAt,
    billing_reason: reason,
    collection_method: subscription?.collection_method ?? 'charge_automatically',
    created: sandbox.now(),
    currency: subscription?.currency ?? 'usd',
    customer: customer.id,
    customer_address: customer.address ?? null,
    customer_email: customer.email,
    customer_name: customer.name ?? null,
    customer_phone: customer.phone ?? null,
    customer_tax_exempt: 'none',
    customer_tax_ids: [],
    default_tax_rates: [],
    discounts: [],
    due_date: subscription === null ? null : dueDate(sandbox, subscription),
    effective_at: null,
    ending_balance: null,
    hosted_invoice_url: null,
    invoice_pdf: null,
    issuer: { type: 'self' },
    lines: listOf(
      lines.map((line) => ({ ...line, invoice: id })),
      `/v1/invoices/${id}/lines`,
    ),
    livemode: false,
    metadata: {},
    next_payment_attempt: null,
    number: null,
    parent: subscription === null ? null : parentOf(subscription),
    payment_settings: { default_mandate: null, payment_method_options: null, payment_method_types: null },
    period_end: period.end,
    period_start: period.start,
    post_payment_credit_notes_amount: 0,
    pre_payment_credit_notes_amount: 0,
    starting_balance: customer.balance,
    status: 'draft',
    status_transitions: { finalized_at: null, marked_uncollectible_at: null, paid_at: null, voided_at: null },
    subtotal: total,
    subtotal_excluding_tax: total,
    total,
    total_discount_amounts: [],
    total_excluding_tax: total,
    total_pretax_credit_amounts: [],
    total_taxes: [],
    webhooks_delivered_at: sandbox.now(),
  };
}

function parentOf({ id, metadata }: Stripe.Subscription): Stripe.Invoice.Parent {
  return {
    quote_details: null,
    subscription_details: { metadata: { ...metadata }, subscription: id },
    type: 'subscription_details',
  };
}
