import { type Stripe } from 'stripe';
import { type ApiError, invalidRequest } from './api-error.ts';
import { DAY, type Seconds } from './calendar.ts';
import { dueDate, type InvoiceOrder, newInvoice } from './invoice-object.ts';
import { findMethod } from './payment-methods.ts';
import { attemptPayment, cancelIntent, createIntent, MINIMUM_CENTS, type Presence } from './payments.ts';
import { type Sandbox } from './sandbox.ts';
import { refId } from './state.ts';

export function draftInvoice(sandbox: Sandbox, order: InvoiceOrder): Stripe.Invoice {
  const invoice = newInvoice(sandbox, order);
  sandbox.state.invoice.set(invoice.id, invoice);
  sandbox.emit('invoice.created', invoice);
  return invoice;
}

// Source: https://docs.stripe.com/billing/customer/balance
/** The draft becomes an open invoice: the customer's balance is counted in, and what is left gets a PaymentIntent. */
export function finalizeInvoice(sandbox: Sandbox, invoice: Stripe.Invoice): void {
  const customer = sandbox.customer(refId(invoice.customer) ?? '');
  const subscription = sandbox.state.subscription.get(subscriptionIdOf(invoice) ?? '');
  const owed = invoice.total + customer.balance;
  // The balance keeps a sum that is too small to be charged, and a credit that is left over.
  const due = owed < MINIMUM_CENTS ? 0 : owed;
  const sequence = String(customer.next_invoice_sequence ?? 1).padStart(4, '0');
  customer.next_invoice_sequence = (customer.next_invoice_sequence ?? 1) + 1;
  sandbox.assign(invoice, {
    status: 'open',
    number: `${customer.invoice_prefix ?? 'STANDIN'}-${sequence}`,
    starting_balance: customer.balance,
    ending_balance: owed - due,
    amount_due: due,
    amount_remaining: due,
    automatically_finalizes_at: null,
    effective_at: sandbox.now(),
    due_date: subscription === undefined ? null : dueDate(sandbox, subscription),
    last_finalization_error: null,
    hosted_invoice_url: `https://invoice.stripe.com/i/${invoice.id}`,
    invoice_pdf: `https://pay.stripe.com/invoice/${invoice.id}/pdf`,
    status_transitions: { ...invoice.status_transitions, finalized_at: sandbox.now() },
  });
  const previous = sandbox.assign(customer, { balance: owed - due });
  sandbox.emit('invoice.finalized', invoice);
  if (previous !== null) {
    sandbox.emit('customer.updated', customer, previous);
  }
  if (due === 0) {
    markPaid(sandbox, invoice);
    return;
  }
  createPayment(sandbox, invoice);
  if (isSent(invoice)) {
    sandbox.emit('invoice.sent', invoice);
  }
}

/** Whether its customer gets it, and pays by a date, in place of being charged. */
export function isSent(invoice: Stripe.Invoice): boolean {
  return invoice.collection_method === 'send_invoice';
}

// Source: https://docs.stripe.com/api/invoice-payment
function createPayment(sandbox: Sandbox, invoice: Stripe.Invoice): void {
  const intent = createIntent(sandbox, {
    amount: invoice.amount_due,
    currency: invoice.currency,
    customer: refId(invoice.customer),
    description:
      invoice.billing_reason === 'subscription_create' ? 'Subscription creation' : 'Subscription update',
    metadata: {},
    setupFutureUsage: 'off_session',
    receiptEmail: null,
    allowedTypes: null,
  });
  const payment: Stripe.InvoicePayment = {
    id: sandbox.newId('inpay'),
    object: 'invoice_payment',
    amount_paid: null,
    amount_requested: invoice.amount_due,
    created: sandbox.now(),
    currency: invoice.currency,
    invoice: invoice.id,
    is_default: true,
    livemode: false,
    payment: { payment_intent: intent.id, type: 'payment_intent' },
    status: 'open',
    status_transitions: { canceled_at: null, paid_at: null },
  };
  sandbox.state.invoice_payment.set(payment.id, payment);
}

export function paymentsOf(sandbox: Sandbox, invoiceId: string): Stripe.InvoicePayment[] {
  return sandbox.all('invoice_payment').filter((payment) => refId(payment.invoice) === invoiceId);
}

export function intentOf(sandbox: Sandbox, invoice: Stripe.Invoice): Stripe.PaymentIntent | null {
  const [payment] = paymentsOf(sandbox, invoice.id);
  const id = refId(payment?.payment.payment_intent);
  return id === null ? null : sandbox.get('payment_intent', id);
}

export interface InvoiceAttempt {
  /** Null: there is none to charge, which is a failure too. */
  method: string | null;
  presence: Presence;
  /** A try of the retry schedule, or one that somebody asked for. */
  isAutomatic: boolean;
}

/**
 * Tries to collect an open invoice.
 *
 * @returns the error that the API answers, null when it is paid, on its way or asks for authentication
 */
export function attemptInvoice(
  sandbox: Sandbox,
  invoice: Stripe.Invoice,
  attempt: InvoiceAttempt,
): ApiError | null {
  const intent = intentOf(sandbox, invoice);
  if (invoice.status === 'paid' || intent === null || intent.status === 'processing') {
    return null;
  }
  invoice.attempt_count = attempt.isAutomatic
    ? invoice.attempt_count + 1
    : Math.max(1, invoice.attempt_count);
  invoice.attempted = true;
  invoice.next_payment_attempt = nextAttempt(sandbox, invoice);
  if (attempt.method === null) {
    sandbox.emit('invoice.payment_failed', invoice);
    return null;
  }
  const declined = attemptPayment(sandbox, intent, findMethod(sandbox, attempt.method), attempt.presence);
  if (intent.status === 'processing') {
    // No other try before this one has ended.
    invoice.next_payment_attempt = null;
  }
  if (intent.status === 'requires_action') {
    sandbox.emit('invoice.payment_action_required', invoice);
    sandbox.emit('invoice.payment_failed', invoice);
  }
  return declined;
}

// Source: https://docs.stripe.com/billing/revenue-recovery/smart-retries
// Guess: the first invoice of a subscription is charged once, and not tried again by itself.
/** The first invoice of a subscription is not tried again: whoever subscribes pays it. */
function nextAttempt(sandbox: Sandbox, invoice: Stripe.Invoice): Seconds | null {
  const days = sandbox.settings.retryDays[invoice.attempt_count - 1];
  const finalizedAt = invoice.status_transitions.finalized_at;
  const isRetried =
    invoice.billing_reason !== 'subscription_create' && invoice.auto_advance === true && !isSent(invoice);
  return isRetried && days !== undefined && finalizedAt !== null
    ? Math.max(sandbox.now() + 1, finalizedAt + days * DAY)
    : null;
}

function markPaid(sandbox: Sandbox, invoice: Stripe.Invoice): void {
  delete invoice.status_details;
  sandbox.assign(invoice, {
    status: 'paid',
    amount_paid: invoice.amount_due,
    amount_remaining: 0,
    attempted: true,
    auto_advance: false,
    next_payment_attempt: null,
    status_transitions: { ...invoice.status_transitions, paid_at: sandbox.now() },
  });
  sandbox.emit('invoice.paid', invoice);
  sandbox.emit('invoice.payment_succeeded', invoice);
}

/** @throws ApiError for an invoice that is not open */
export function payOutOfBand(sandbox: Sandbox, invoice: Stripe.Invoice): void {
  requireNothingUnderWay(sandbox, invoice);
  closePayments(sandbox, invoice);
  markPaid(sandbox, invoice);
}

// Source: https://docs.stripe.com/billing/invoices/workflow#workflow-overview
// Source: https://docs.stripe.com/changelog/endive/2026-09-30/invoice-uncollectible-status-detail
export function closeInvoice(
  sandbox: Sandbox,
  invoice: Stripe.Invoice,
  status: 'void' | 'uncollectible',
  reason:
    | 'max_payment_attempts'
    | 'payment_not_received'
    | 'subscription_paused'
    | 'user_forgiven' = 'user_forgiven',
): void {
  if (invoice.status !== 'open' && !(status === 'void' && invoice.status === 'uncollectible')) {
    throw invalidRequest(
      `You can only pass in open invoices. This invoice isn't open, it has a status of ${invoice.status ?? 'unknown'}.`,
      { code: 'invoice_not_editable' },
    );
  }
  requireNothingUnderWay(sandbox, invoice);
  delete invoice.status_details;
  const stamp = status === 'void' ? { voided_at: sandbox.now() } : { marked_uncollectible_at: sandbox.now() };
  sandbox.assign(invoice, {
    status,
    auto_advance: false,
    next_payment_attempt: null,
    ...(status === 'void' ? { amount_remaining: 0 } : { status_details: { uncollectible: { reason } } }),
    status_transitions: { ...invoice.status_transitions, ...stamp },
  });
  if (status === 'void') {
    closePayments(sandbox, invoice);
    returnBalance(sandbox, invoice);
  }
  sandbox.emit(status === 'void' ? 'invoice.voided' : 'invoice.marked_uncollectible', invoice);
}

// Source: https://docs.stripe.com/billing/customer/balance
/** What a void invoice had taken from the customer's balance, or left on it, is undone. */
function returnBalance(sandbox: Sandbox, invoice: Stripe.Invoice): void {
  const customer = sandbox.state.customer.get(refId(invoice.customer) ?? '');
  const taken = (invoice.ending_balance ?? 0) - invoice.starting_balance;
  if (customer !== undefined && customer.deleted !== true && taken !== 0) {
    const previous = sandbox.assign(customer, { balance: customer.balance - taken });
    sandbox.emit('customer.updated', customer, previous ?? {});
  }
}

// Guess: an invoice whose payment is processing can be neither voided nor written off.
/** Money that is on its way can't be called back. */
function requireNothingUnderWay(sandbox: Sandbox, invoice: Stripe.Invoice): void {
  if (intentOf(sandbox, invoice)?.status === 'processing') {
    throw invalidRequest('The payment of this invoice is processing.', { code: 'invoice_not_editable' });
  }
}

function closePayments(sandbox: Sandbox, invoice: Stripe.Invoice): void {
  const intent = intentOf(sandbox, invoice);
  for (const payment of paymentsOf(sandbox, invoice.id)) {
    sandbox.assign(payment, {
      status: 'canceled',
      status_transitions: { canceled_at: sandbox.now(), paid_at: null },
    });
  }
  if (intent !== null && intent.status !== 'canceled' && intent.status !== 'succeeded') {
    cancelIntent(sandbox, intent, 'void_invoice');
  }
}

// Source: https://docs.stripe.com/billing/subscriptions/cancel
// Guess: the open invoices of a subscription that has ended stay open, and nobody collects them.
/** Stops collecting a subscription's invoices, because it has ended. */
export function stopCollecting(sandbox: Sandbox, subscriptionId: string): void {
  for (const invoice of invoicesOf(sandbox, subscriptionId)) {
    if (invoice.status === 'draft' || invoice.status === 'open') {
      sandbox.assign(invoice, {
        auto_advance: false,
        automatically_finalizes_at: null,
        next_payment_attempt: null,
      });
    }
  }
}

/** The newest first. */
export function invoicesOf(sandbox: Sandbox, subscriptionId: string): Stripe.Invoice[] {
  return sandbox.all('invoice').filter((invoice) => subscriptionIdOf(invoice) === subscriptionId);
}

export function subscriptionIdOf(invoice: Stripe.Invoice): string | null {
  return refId(invoice.parent?.subscription_details?.subscription);
}

/** An invoice follows its PaymentIntent, whoever confirmed that. */
export function listenForPayments(sandbox: Sandbox): void {
  const paymentOf = (intent: Stripe.PaymentIntent): Stripe.InvoicePayment | undefined =>
    sandbox.all('invoice_payment').find((payment) => refId(payment.payment.payment_intent) === intent.id);

  sandbox.on('payment_intent.succeeded', (intent) => {
    const payment = paymentOf(intent);
    if (payment?.status === 'open') {
      sandbox.assign(payment, {
        status: 'paid',
        amount_paid: intent.amount,
        status_transitions: { canceled_at: null, paid_at: sandbox.now() },
      });
      sandbox.emit('invoice_payment.paid', payment);
      markPaid(sandbox, sandbox.get('invoice', refId(payment.invoice)));
    }
  });
  sandbox.on('payment_intent.payment_failed', (intent) => {
    const payment = paymentOf(intent);
    if (payment !== undefined) {
      const invoice = sandbox.get('invoice', refId(payment.invoice));
      invoice.next_payment_attempt = nextAttempt(sandbox, invoice);
      sandbox.emit('invoice.payment_failed', invoice);
    }
  });
}
