import { type Stripe } from 'stripe';
import { ApiError, invalidRequest } from './api-error.ts';
import { type Decline } from './cards.ts';
import { createCharge } from './charges.ts';
import { attach, behaviourOf, cardError, rememberSetUp } from './payment-methods.ts';
import { type Sandbox } from './sandbox.ts';
import { refId } from './state.ts';

// Source: https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts
/** The least that Stripe charges in US dollars. */
export const MINIMUM_CENTS = 50;

const AUTHENTICATION_REQUIRED: Decline = {
  code: 'authentication_required',
  declineCode: 'authentication_required',
  message: 'Your card was declined. This transaction requires authentication.',
};

const AUTHENTICATION_FAILED: Decline = {
  code: 'payment_intent_authentication_failure',
  declineCode: 'authentication_not_handled',
  message:
    'We are unable to authenticate your payment method. Please choose a different payment method and try again.',
};

export interface NewIntent {
  amount: number;
  currency: string;
  customer: string | null;
  description: string | null;
  metadata: Stripe.Metadata;
  setupFutureUsage: 'off_session' | 'on_session' | null;
  receiptEmail: string | null;
  statementDescriptorSuffix?: string | null;
  /** Null: those of the Dashboard. */
  allowedTypes: string[] | null;
}

export function createIntent(sandbox: Sandbox, asked: NewIntent): Stripe.PaymentIntent {
  const id = sandbox.newId('pi');
  const intent: Stripe.PaymentIntent = {
    id,
    object: 'payment_intent',
    allowed_payment_method_types: asked.allowedTypes,
    amount: asked.amount,
    amount_capturable: 0,
    amount_details: { tip: {} },
    amount_received: 0,
    application: null,
    application_fee_amount: null,
    automatic_payment_methods:
      asked.allowedTypes === null ? { allow_redirects: 'always', enabled: true } : null,
    canceled_at: null,
    cancellation_reason: null,
    capture_method: 'automatic_async',
    client_secret: sandbox.newId(`${id}_secret`),
    confirmation_method: 'automatic',
    created: sandbox.now(),
    currency: asked.currency,
    customer: asked.customer,
    customer_account: null,
    description: asked.description,
    excluded_payment_method_types: null,
    last_payment_error: null,
    latest_charge: null,
    livemode: false,
    managed_payments: null,
    metadata: asked.metadata,
    next_action: null,
    on_behalf_of: null,
    payment_method: null,
    payment_method_configuration_details: null,
    payment_method_options: null,
    payment_method_types: asked.allowedTypes ?? [...sandbox.plays.dashboardMethods],
    payment_record: null,
    processing: null,
    receipt_email: asked.receiptEmail,
    review: null,
    setup_future_usage: asked.setupFutureUsage,
    shipping: null,
    source: null,
    statement_descriptor: null,
    statement_descriptor_suffix: asked.statementDescriptorSuffix ?? null,
    status: 'requires_payment_method',
    transfer_data: null,
    transfer_group: null,
  };
  sandbox.state.payment_intent.set(id, intent);
  sandbox.emit('payment_intent.created', intent);
  return intent;
}

// Source: https://docs.stripe.com/billing/subscriptions/overview
/** Whether the holder is there. Billing charges holders who are away, but waits when a bank asks for them. */
export type Presence = 'on_session' | 'off_session' | 'billing';

// Source: https://docs.stripe.com/payments/paymentintents/lifecycle
// Source: https://docs.stripe.com/strong-customer-authentication
/**
 * Tries to take the money. When the bank asks for authentication and the holder is away, that is a decline.
 *
 * @param redirectTo where the bank's page leads back to; without it Stripe.js opens a dialog
 * @returns the error that the API answers, null when it succeeded, is on its way or asks for authentication
 */
export function attemptPayment(
  sandbox: Sandbox,
  intent: Stripe.PaymentIntent,
  method: Stripe.PaymentMethod,
  presence: Presence,
  redirectTo: string | null = null,
): ApiError | null {
  const { authentication, isSetUp } = behaviourOf(sandbox, method);
  const isAgreed = isSetUp && presence !== 'on_session';
  const asks = authentication === 'always' || (authentication === 'until_set_up' && !isAgreed);
  if (asks && presence === 'off_session') {
    return declinePayment(sandbox, intent, method, AUTHENTICATION_REQUIRED);
  }
  if (asks) {
    sandbox.assign(intent, {
      status: 'requires_action',
      payment_method: method.id,
      next_action: nextAction(intent, redirectTo),
    });
    sandbox.emit('payment_intent.requires_action', intent);
    return null;
  }
  return takeMoney(sandbox, intent, method);
}

// Source: https://docs.stripe.com/api/payment_intents/confirm#confirm_payment_intent-use_stripe_sdk
function nextAction(
  { id, client_secret: secret }: Stripe.PaymentIntent,
  redirectTo: string | null,
): Stripe.PaymentIntent.NextAction {
  if (redirectTo === null) {
    return { type: 'use_stripe_sdk', use_stripe_sdk: { type: 'three_d_secure_redirect' } };
  }
  const url = `https://hooks.stripe.com/3d_secure_2/hosted?payment_intent=${id}&payment_intent_client_secret=${secret ?? ''}`;
  return { type: 'redirect_to_url', redirect_to_url: { return_url: redirectTo, url } };
}

/** Why Billing could not charge a method now, null when it could. */
export function declineOf(sandbox: Sandbox, method: Stripe.PaymentMethod): Decline | null {
  const { authentication, isSetUp, onCharge } = behaviourOf(sandbox, method);
  const asks = authentication === 'always' || (authentication === 'until_set_up' && !isSetUp);
  return asks ? AUTHENTICATION_REQUIRED : onCharge;
}

/** What the bank answers once it has no question left. */
function takeMoney(
  sandbox: Sandbox,
  intent: Stripe.PaymentIntent,
  method: Stripe.PaymentMethod,
): ApiError | null {
  const { onCharge, settles } = behaviourOf(sandbox, method);
  if (onCharge !== null) {
    return declinePayment(sandbox, intent, method, onCharge);
  }
  if (settles !== null) {
    const pending = createCharge(sandbox, intent, method, 'pending', null);
    sandbox.assign(intent, { status: 'processing', payment_method: method.id, latest_charge: pending.id });
    const at = sandbox.now() + sandbox.settings.settlementSeconds;
    sandbox.state.settlement.set(intent.id, { id: intent.id, at, outcome: settles });
    sandbox.emit('charge.pending', pending);
    sandbox.emit('payment_intent.processing', intent);
    return null;
  }
  succeed(sandbox, intent, createCharge(sandbox, intent, method, 'succeeded', null));
  return null;
}

function succeed(sandbox: Sandbox, intent: Stripe.PaymentIntent, charge: Stripe.Charge): void {
  sandbox.assign(intent, {
    status: 'succeeded',
    amount_received: intent.amount,
    payment_method: charge.payment_method,
    latest_charge: charge.id,
    last_payment_error: null,
    next_action: null,
  });
  sandbox.emit('charge.succeeded', charge);
  sandbox.emit('payment_intent.succeeded', intent);
  keepForLater(sandbox, intent, sandbox.get('payment_method', charge.payment_method ?? ''));
}

// Source: https://docs.stripe.com/payments/save-during-payment
/** A method that a customer has paid with, and may be charged later, is attached to the customer. */
function keepForLater(sandbox: Sandbox, intent: Stripe.PaymentIntent, method: Stripe.PaymentMethod): void {
  const customer = sandbox.state.customer.get(refId(intent.customer) ?? '');
  if (intent.setup_future_usage === 'off_session') {
    rememberSetUp(sandbox, method);
  }
  if (intent.setup_future_usage !== null && customer !== undefined && customer.deleted !== true) {
    attach(sandbox, method, customer);
  }
}

function declinePayment(
  sandbox: Sandbox,
  intent: Stripe.PaymentIntent,
  method: Stripe.PaymentMethod,
  reason: Decline,
): ApiError {
  const charge = createCharge(sandbox, intent, method, 'failed', reason);
  return failPayment(sandbox, intent, method, charge, reason);
}

// Source: https://docs.stripe.com/payments/paymentintents/lifecycle
function failPayment(
  sandbox: Sandbox,
  intent: Stripe.PaymentIntent,
  method: Stripe.PaymentMethod,
  charge: Stripe.Charge,
  reason: Decline,
): ApiError {
  const error = cardError(reason, { charge: charge.id, payment_method: method });
  const { code, decline_code, doc_url, message } = error.body;
  sandbox.assign(intent, {
    status: 'requires_payment_method',
    payment_method: null,
    latest_charge: charge.id,
    next_action: null,
    last_payment_error: {
      type: 'card_error',
      charge: charge.id,
      payment_method: copyOf(method),
      message,
      ...(code === undefined ? {} : { code }),
      ...(decline_code === undefined ? {} : { decline_code }),
      ...(doc_url === undefined ? {} : { doc_url }),
    },
  });
  sandbox.emit('charge.failed', charge);
  sandbox.emit('payment_intent.payment_failed', intent);
  return new ApiError(402, { ...error.body, payment_intent: copyOf(intent) });
}

function copyOf<T extends object>(object: T): T {
  return { ...object };
}

// Source: https://docs.stripe.com/payments/bank-debits
/** The answer of a bank debit, days later. */
export function settlePayment(sandbox: Sandbox, intentId: string, outcome: 'succeeded' | 'failed'): void {
  const intent = sandbox.get('payment_intent', intentId, 'payment_intent');
  const settlement = sandbox.state.settlement.get(intentId);
  if (settlement === undefined || intent.status !== 'processing') {
    throw invalidRequest(`This PaymentIntent (${intentId}) is not processing.`);
  }
  sandbox.state.settlement.delete(intentId);
  const charge = sandbox.get('charge', refId(intent.latest_charge) ?? '');
  const method = sandbox.get('payment_method', charge.payment_method ?? '');
  if (outcome === 'succeeded') {
    sandbox.assign(charge, {
      status: 'succeeded',
      captured: true,
      amount_captured: charge.amount,
      balance_transaction: sandbox.newId('txn'),
    });
    succeed(sandbox, intent, charge);
    return;
  }
  const reason: Decline = {
    // Guess: a bank debit that fails says `payment_intent_payment_attempt_failed`.
    code: 'payment_intent_payment_attempt_failed',
    declineCode: 'insufficient_funds',
    message: 'The payment failed because the bank account has insufficient funds.',
  };
  sandbox.assign(charge, {
    status: 'failed',
    paid: false,
    failure_code: reason.code,
    failure_message: reason.message,
  });
  failPayment(sandbox, intent, method, charge, reason);
}

// Source: https://docs.stripe.com/js/payment_intents/handle_next_action
/**
 * The holder answers the bank in the dialog that the client secret opens. A card that was declined while they were away
 * is off its intent, and has no dialog.
 *
 * @returns why the payment failed nevertheless, null when it did not
 */
export function authenticate(sandbox: Sandbox, intentId: string, isApproved: boolean): ApiError | null {
  const intent = sandbox.get('payment_intent', intentId, 'payment_intent');
  const methodId = refId(intent.payment_method);
  if (intent.status !== 'requires_action' || methodId === null) {
    throw unexpectedState(intent, `This PaymentIntent (${intentId}) does not wait for authentication.`);
  }
  const method = sandbox.get('payment_method', methodId);
  return isApproved
    ? takeMoney(sandbox, intent, method)
    : declinePayment(sandbox, intent, method, AUTHENTICATION_FAILED);
}

// Source: https://docs.stripe.com/api/payment_intents
const CANCELABLE = [
  'requires_payment_method',
  'requires_capture',
  'requires_confirmation',
  'requires_action',
];

/** @throws ApiError when money has moved or is moving */
export function cancelIntent(
  sandbox: Sandbox,
  intent: Stripe.PaymentIntent,
  reason: Stripe.PaymentIntent.CancellationReason | null,
): Stripe.PaymentIntent {
  if (!CANCELABLE.includes(intent.status)) {
    throw unexpectedState(
      intent,
      `You cannot cancel this PaymentIntent because it has a status of ${intent.status}. Only a PaymentIntent with one of the following statuses may be canceled: ${CANCELABLE.join(', ')}.`,
    );
  }
  sandbox.assign(intent, {
    status: 'canceled',
    canceled_at: sandbox.now(),
    cancellation_reason: reason,
    next_action: null,
  });
  sandbox.emit('payment_intent.canceled', intent);
  return intent;
}

export function unexpectedState(intent: Stripe.PaymentIntent, message: string): ApiError {
  return invalidRequest(message, { code: 'payment_intent_unexpected_state', payment_intent: copyOf(intent) });
}
