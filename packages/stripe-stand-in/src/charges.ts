import { type Stripe } from 'stripe';
import { z } from 'zod';
import { type Decline } from './cards.ts';
import { isCreatedIn, pageOf } from './lists.ts';
import { created, metadata, paging, paramsOf, text } from './params.ts';
import { behaviourOf } from './payment-methods.ts';
import { type Route, route } from './route.ts';
import { type Sandbox } from './sandbox.ts';
import { refId } from './state.ts';
import { mergeMetadata } from './values.ts';

/** What the account's statement descriptors begin with. */
export const DESCRIPTOR_PREFIX = 'STAND-IN';

// Source: https://docs.stripe.com/payments/paymentintents/lifecycle
/** Records one attempt to take money: `decline` says why it failed, and is null when it has not. */
export function createCharge(
  sandbox: Sandbox,
  intent: Stripe.PaymentIntent,
  method: Stripe.PaymentMethod,
  status: 'succeeded' | 'pending' | 'failed',
  decline: Decline | null,
): Stripe.Charge {
  const id = sandbox.newId('ch');
  const isPaid = status !== 'failed';
  const charge: Stripe.Charge = {
    id,
    object: 'charge',
    amount: intent.amount,
    amount_captured: status === 'succeeded' ? intent.amount : 0,
    amount_refunded: 0,
    application: null,
    application_fee: null,
    application_fee_amount: null,
    balance_transaction: status === 'succeeded' ? sandbox.newId('txn') : null,
    billing_details: method.billing_details,
    calculated_statement_descriptor: descriptorOf(intent),
    captured: status === 'succeeded',
    created: sandbox.now(),
    currency: intent.currency,
    customer: refId(intent.customer),
    description: intent.description,
    disputed: false,
    failure_balance_transaction: null,
    failure_code: decline?.code ?? null,
    failure_message: decline?.message ?? null,
    fraud_details: {},
    livemode: false,
    metadata: { ...intent.metadata },
    on_behalf_of: null,
    outcome: outcomeOf(decline),
    paid: isPaid,
    payment_intent: intent.id,
    payment_method: method.id,
    payment_method_details: methodDetails(sandbox, method, intent.amount),
    receipt_email: intent.receipt_email,
    receipt_number: null,
    receipt_url: isPaid ? `https://pay.stripe.com/receipts/payment/${id}` : null,
    refunded: false,
    review: null,
    shipping: null,
    source: null,
    source_transfer: null,
    statement_descriptor: null,
    statement_descriptor_suffix: intent.statement_descriptor_suffix,
    status,
    transfer_data: null,
    transfer_group: null,
  };
  sandbox.state.charge.set(id, charge);
  return charge;
}

// Source: https://docs.stripe.com/get-started/account/statement-descriptors
/** What the holder's statement shows: the account's prefix, and the suffix of the payment. */
function descriptorOf({ statement_descriptor_suffix: suffix }: Stripe.PaymentIntent): string {
  return suffix === null ? 'STAND-IN' : `${DESCRIPTOR_PREFIX}* ${suffix}`;
}

function outcomeOf(decline: Decline | null): Stripe.Charge.Outcome {
  const isDeclined = decline !== null;
  return {
    advice_code: isDeclined && decline.declineCode === 'insufficient_funds' ? 'try_again_later' : null,
    network_advice_code: null,
    network_decline_code: isDeclined ? '01' : null,
    network_status: isDeclined ? 'declined_by_network' : 'approved_by_network',
    reason: decline?.declineCode ?? null,
    risk_level: 'normal',
    risk_score: 20,
    seller_message: isDeclined
      ? 'The bank did not return any further details with this decline.'
      : 'Payment complete.',
    type: isDeclined ? 'issuer_declined' : 'authorized',
  };
}

function methodDetails(
  sandbox: Sandbox,
  method: Stripe.PaymentMethod,
  amount: number,
): Stripe.Charge.PaymentMethodDetails {
  const { type, brand, last4, funding } = behaviourOf(sandbox, method);
  if (type === 'link') {
    return { type, link: { country: 'US' } };
  }
  if (type === 'paypal') {
    const payer = { payer_email: 'customer@example.com', payer_id: 'PAYER', payer_name: null };
    return { type, paypal: { country: 'US', ...payer, seller_protection: null, transaction_id: null } };
  }
  if (type === 'cashapp') {
    return { type, cashapp: { buyer_id: null, cashtag: null, transaction_id: null } };
  }
  if (type === 'us_bank_account') {
    return {
      type,
      us_bank_account: {
        account_holder_type: 'individual',
        account_type: 'checking',
        bank_name: 'STRIPE TEST BANK',
        fingerprint: `fingerprint${last4}`,
        last4,
        payment_reference: null,
        routing_number: '110000000',
      },
    };
  }
  return {
    type,
    card: {
      amount_authorized: amount,
      authorization_code: null,
      brand,
      checks: { address_line1_check: null, address_postal_code_check: null, cvc_check: 'pass' },
      country: 'US',
      electronic_commerce_indicator: null,
      exp_month: 12,
      exp_year: 2099,
      fingerprint: `fingerprint${last4}`,
      funding,
      installments: null,
      last4,
      mandate: null,
      network: brand,
      network_transaction_id: null,
      regulated_status: 'unregulated',
      three_d_secure: null,
      transaction_link_id: null,
      wallet: null,
    },
  };
}

export const chargeRoutes: Route[] = [
  route({
    method: 'GET',
    path: '/v1/charges',
    params: paramsOf<Stripe.ChargeListParams>()({
      ...paging,
      ...created,
      customer: z.optional(text),
      payment_intent: z.optional(text),
    }),
    answer: (sandbox, { customer, payment_intent: intent, created: range, ...page }) => {
      const charges = sandbox
        .all('charge')
        .filter(
          (charge) =>
            (customer === undefined || refId(charge.customer) === customer) &&
            (intent === undefined || refId(charge.payment_intent) === intent) &&
            isCreatedIn(charge, range),
        );
      return pageOf(charges, '/v1/charges', page);
    },
  }),
  route({
    method: 'GET',
    path: '/v1/charges/{id}',
    params: z.strictObject({}),
    answer: (sandbox, _params, { id }) => sandbox.get('charge', id),
  }),
  route({
    method: 'POST',
    path: '/v1/charges/{id}',
    params: paramsOf<Stripe.ChargeUpdateParams>()({
      metadata: z.optional(metadata),
      description: z.optional(text),
    }),
    answer: (sandbox, { metadata: values, description }, { id }) => {
      const charge = sandbox.get('charge', id);
      const previous = sandbox.assign(charge, {
        metadata: mergeMetadata(charge.metadata, values),
        description: description ?? charge.description,
      });
      if (previous !== null) {
        sandbox.emit('charge.updated', charge, previous);
      }
      return charge;
    },
  }),
];
