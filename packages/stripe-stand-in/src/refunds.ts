import { type Stripe } from 'stripe';
import { z } from 'zod';
import { invalidRequest } from './api-error.ts';
import { HOUR } from './calendar.ts';
import { isCreatedIn, pageOf } from './lists.ts';
import { created, integer, metadata, paging, paramsOf, text } from './params.ts';
import { behaviourOf } from './payment-methods.ts';
import { type Route, route } from './route.ts';
import { type Sandbox } from './sandbox.ts';
import { refId } from './state.ts';
import { dollars, mergeMetadata } from './values.ts';

const createParams = paramsOf<Stripe.RefundCreateParams>()({
  amount: z.optional(integer),
  charge: z.optional(text),
  payment_intent: z.optional(text),
  metadata: z.optional(metadata),
  reason: z.optional(z.enum(['duplicate', 'fraudulent', 'requested_by_customer'])),
});

// Source: https://docs.stripe.com/refunds#failed-refunds
function create(sandbox: Sandbox, asked: z.infer<typeof createParams>): Stripe.Refund {
  const charge = chargeToRefund(sandbox, asked.charge, asked.payment_intent);
  const amount = amountToRefund(sandbox, charge, asked.amount);
  const { type, refunds } = behaviourOf(sandbox, sandbox.get('payment_method', charge.payment_method ?? ''));
  const isPending = refunds === 'pending' || type === 'us_bank_account';
  const refund: Stripe.Refund = {
    id: sandbox.newId('re'),
    object: 'refund',
    amount,
    balance_transaction: sandbox.newId('txn'),
    charge: charge.id,
    created: sandbox.now(),
    currency: charge.currency,
    customer: charge.customer,
    customer_account: null,
    destination_details: {
      card: { reference_status: 'pending', reference_type: 'acquirer_reference_number', type: 'refund' },
      type: 'card',
    },
    metadata: mergeMetadata({}, asked.metadata),
    payment_intent: charge.payment_intent,
    payment_method: charge.payment_method,
    reason: asked.reason ?? null,
    receipt_number: null,
    source_transfer_reversal: null,
    status: isPending ? 'pending' : 'succeeded',
    transfer_reversal: null,
    ...(isPending ? { pending_reason: 'processing' } : {}),
  };
  sandbox.state.refund.set(refund.id, refund);
  if (isPending || refunds === 'failed_later') {
    const outcome = refunds === 'failed_later' ? 'failed' : 'succeeded';
    // Guess: a pending refund succeeds, and one that fails later fails, an hour after it was made.
    sandbox.state.settlement.set(refund.id, { id: refund.id, at: sandbox.now() + HOUR, outcome });
  }
  // Guess: a refund counts on its charge from the start, also while it is pending.
  const refunded = charge.amount_refunded + amount;
  const previous = sandbox.assign(charge, {
    amount_refunded: refunded,
    refunded: refunded === charge.amount,
  });
  sandbox.emit('refund.created', refund);
  sandbox.emit('charge.refunded', charge, previous ?? {});
  return refund;
}

function chargeToRefund(
  sandbox: Sandbox,
  chargeId: string | undefined,
  intentId: string | undefined,
): Stripe.Charge {
  if (chargeId !== undefined && intentId !== undefined) {
    throw invalidRequest('You may only specify one of these parameters: charge, payment_intent.', {
      param: 'charge',
      code: 'parameters_exclusive',
    });
  }
  if (intentId !== undefined) {
    const intent = sandbox.get('payment_intent', intentId, 'payment_intent');
    const charge = sandbox.state.charge.get(refId(intent.latest_charge) ?? '');
    if (intent.status !== 'succeeded' || charge === undefined) {
      throw invalidRequest(`This PaymentIntent (${intentId}) does not have a successful charge to refund.`, {
        param: 'payment_intent',
      });
    }
    return charge;
  }
  if (chargeId === undefined) {
    throw invalidRequest(
      'One of the following params should be provided for this request: payment_intent or charge.',
      {
        code: 'parameter_missing',
      },
    );
  }
  const charge = sandbox.get('charge', chargeId, 'charge');
  if (charge.status !== 'succeeded') {
    throw invalidRequest(`Charge ${chargeId} has a status of ${charge.status} and cannot be refunded.`, {
      param: 'charge',
    });
  }
  return charge;
}

// Source: https://docs.stripe.com/error-codes
function amountToRefund(sandbox: Sandbox, charge: Stripe.Charge, asked: number | undefined): number {
  const left = charge.amount - charge.amount_refunded;
  if (left === 0) {
    throw invalidRequest(`Charge ${charge.id} has already been refunded.`, {
      code: 'charge_already_refunded',
    });
  }
  if (isChargedBack(sandbox, charge)) {
    throw invalidRequest(`Charge ${charge.id} has been charged back; cannot issue a refund.`, {
      code: 'charge_disputed',
    });
  }
  const amount = asked ?? left;
  if (amount < 1) {
    throw invalidRequest('Invalid positive integer', { code: 'parameter_invalid_integer', param: 'amount' });
  }
  if (amount > left) {
    throw invalidRequest(
      `Refund amount (${dollars(amount)}) is greater than unrefunded amount on charge (${dollars(left)})`,
      { param: 'amount' },
    );
  }
  return amount;
}

// Guess: a charge can be refunded after its dispute was won, and while there is only an inquiry.
/** While the bank has the money or keeps it, there is none to give back. */
function isChargedBack(sandbox: Sandbox, charge: Stripe.Charge): boolean {
  return sandbox
    .all('dispute')
    .some(
      (dispute) =>
        refId(dispute.charge) === charge.id &&
        dispute.status !== 'won' &&
        !dispute.status.startsWith('warning_'),
    );
}

// Source: https://docs.stripe.com/refunds#failed-refunds
/** What the customer's bank does with a refund, later. */
export function settleRefund(
  sandbox: Sandbox,
  refundId: string,
  outcome: 'succeeded' | 'failed',
): Stripe.Refund {
  const refund = sandbox.get('refund', refundId, 'refund');
  sandbox.state.settlement.delete(refundId);
  if (refund.status === 'failed' || refund.status === outcome) {
    throw invalidRequest(`This refund (${refundId}) has already ${refund.status}.`);
  }
  const previous = sandbox.assign(refund, { status: outcome });
  delete refund.pending_reason;
  if (outcome === 'failed') {
    refund.failure_reason = 'expired_or_canceled_card';
    refund.failure_balance_transaction = sandbox.newId('txn');
    const charge = sandbox.get('charge', refId(refund.charge) ?? '');
    // Guess: a refund that fails does not count on its charge any more.
    sandbox.assign(charge, { amount_refunded: charge.amount_refunded - refund.amount, refunded: false });
    sandbox.emit('refund.failed', refund);
  }
  sandbox.emit('refund.updated', refund, previous ?? {});
  sandbox.emit('charge.refund.updated', refund, previous ?? {});
  return refund;
}

export const refundRoutes: Route[] = [
  route({ method: 'POST', path: '/v1/refunds', params: createParams, answer: create }),
  route({
    method: 'GET',
    path: '/v1/refunds',
    params: paramsOf<Stripe.RefundListParams>()({
      ...paging,
      ...created,
      charge: z.optional(text),
      payment_intent: z.optional(text),
    }),
    answer: (sandbox, { charge, payment_intent: intent, created: range, ...page }) => {
      const refunds = sandbox
        .all('refund')
        .filter(
          (refund) =>
            (charge === undefined || refId(refund.charge) === charge) &&
            (intent === undefined || refId(refund.payment_intent) === intent) &&
            isCreatedIn(refund, range),
        );
      return pageOf(refunds, '/v1/refunds', page);
    },
  }),
  route({
    method: 'GET',
    path: '/v1/refunds/{id}',
    params: z.strictObject({}),
    answer: (sandbox, _params, { id }) => sandbox.get('refund', id),
  }),
  route({
    method: 'POST',
    path: '/v1/refunds/{id}',
    params: paramsOf<Stripe.RefundUpdateParams>()({ metadata: z.optional(metadata) }),
    answer: (sandbox, { metadata: values }, { id }) => {
      const refund = sandbox.get('refund', id);
      const previous = sandbox.assign(refund, { metadata: mergeMetadata(refund.metadata ?? {}, values) });
      if (previous !== null) {
        sandbox.emit('refund.updated', refund, previous);
      }
      return refund;
    },
  }),
];
