import { type Stripe } from 'stripe';
import { z } from 'zod';
import { invalidRequest } from './api-error.ts';
import { DAY } from './calendar.ts';
import { isCreatedIn, pageOf } from './lists.ts';
import { created, paging, paramsOf, text } from './params.ts';
import { behaviourOf } from './payment-methods.ts';
import { type Route, route } from './route.ts';
import { type Sandbox } from './sandbox.ts';
import { refId } from './state.ts';

export type OpenStatus =
  'needs_response' | 'under_review' | 'warning_needs_response' | 'warning_under_review';
export type ClosedStatus = 'won' | 'lost' | 'warning_closed';

export interface NewDispute {
  charge: Stripe.Charge;
  amount: number;
  status: OpenStatus;
  reason: string;
}

// Source: https://docs.stripe.com/disputes/how-disputes-work
/** What the customer's bank begins. An inquiry (`warning_...`) takes no money yet. */
export function openDispute(
  sandbox: Sandbox,
  { charge, amount, status, reason }: NewDispute,
): Stripe.Dispute {
  if (charge.status !== 'succeeded') {
    throw invalidRequest(`Charge ${charge.id} did not succeed and cannot be disputed.`);
  }
  if (amount < 1 || amount > charge.amount) {
    throw invalidRequest(`The disputed amount must be between 1 and ${charge.amount}.`, { param: 'amount' });
  }
  const dispute: Stripe.Dispute = {
    id: sandbox.newId('du'),
    object: 'dispute',
    amount,
    balance_transactions: [],
    charge: charge.id,
    created: sandbox.now(),
    currency: charge.currency,
    enhanced_eligibility_types: [],
    evidence: noEvidence(),
    evidence_details: {
      // Guess: evidence is due nine days after a dispute was opened.
      due_by: sandbox.now() + 9 * DAY,
      enhanced_eligibility: {},
      has_evidence: false,
      past_due: false,
      submission_count: 0,
      submission_method: 'not_submitted',
    },
    intended_submission_method: 'manual',
    is_charge_refundable: isInquiry(status),
    livemode: false,
    metadata: {},
    network_reason_code: '10.4',
    payment_intent: charge.payment_intent,
    payment_method_details: {
      card: {
        brand: charge.payment_method_details?.card?.brand ?? 'visa',
        case_type: isInquiry(status) ? 'inquiry' : 'chargeback',
        network: charge.payment_method_details?.card?.network ?? 'visa',
        network_reason_code: '10.4',
      },
      type: 'card',
    },
    reason,
    status,
  };
  sandbox.state.dispute.set(dispute.id, dispute);
  charge.disputed = !isInquiry(status);
  sandbox.emit('charge.dispute.created', dispute);
  if (!isInquiry(status)) {
    sandbox.emit('charge.dispute.funds_withdrawn', dispute);
  }
  return dispute;
}

function isInquiry(status: string): boolean {
  return status.startsWith('warning_');
}

function noEvidence(): Stripe.Dispute.Evidence {
  return {
    access_activity_log: null,
    billing_address: null,
    cancellation_policy: null,
    cancellation_policy_disclosure: null,
    cancellation_rebuttal: null,
    customer_communication: null,
    customer_email_address: null,
    customer_name: null,
    customer_purchase_ip: null,
    customer_signature: null,
    duplicate_charge_documentation: null,
    duplicate_charge_explanation: null,
    duplicate_charge_id: null,
    enhanced_evidence: {},
    product_description: null,
    receipt: null,
    refund_policy: null,
    refund_policy_disclosure: null,
    refund_refusal_explanation: null,
    service_date: null,
    service_documentation: null,
    shipping_address: null,
    shipping_carrier: null,
    shipping_date: null,
    shipping_documentation: null,
    shipping_tracking_number: null,
    uncategorized_file: null,
    uncategorized_text: null,
  };
}

// Source: https://docs.stripe.com/disputes/how-disputes-work
// Guess: an inquiry that becomes a chargeback stays the same dispute.
/** An open dispute takes its next step: an inquiry may become a chargeback, which takes the money. */
export function progressDispute(sandbox: Sandbox, disputeId: string, status: OpenStatus): Stripe.Dispute {
  const dispute = openOne(sandbox, disputeId);
  if (isInquiry(status) && !isInquiry(dispute.status)) {
    throw invalidRequest('A chargeback does not become an inquiry again.', { param: 'status' });
  }
  const isEscalation = isInquiry(dispute.status) && !isInquiry(status);
  const previous = sandbox.assign(dispute, { status, is_charge_refundable: isInquiry(status) });
  sandbox.emit('charge.dispute.updated', dispute, previous ?? {});
  if (isEscalation) {
    sandbox.get('charge', refId(dispute.charge)).disputed = true;
    sandbox.emit('charge.dispute.funds_withdrawn', dispute);
  }
  return dispute;
}

// Source: https://docs.stripe.com/disputes/how-disputes-work
// Guess: a charge stays `disputed` after its dispute was won.
/** The bank has decided. A dispute that is won gives the money back; its charge stays marked as disputed. */
export function closeDispute(sandbox: Sandbox, disputeId: string, status: ClosedStatus): Stripe.Dispute {
  const dispute = openOne(sandbox, disputeId);
  if ((status === 'warning_closed') !== isInquiry(dispute.status)) {
    throw invalidRequest(`A dispute that is ${dispute.status} cannot become ${status}.`, { param: 'status' });
  }
  sandbox.assign(dispute, { status, is_charge_refundable: false });
  sandbox.emit('charge.dispute.closed', dispute);
  if (status === 'won') {
    sandbox.emit('charge.dispute.funds_reinstated', dispute);
  }
  return dispute;
}

function openOne(sandbox: Sandbox, disputeId: string): Stripe.Dispute {
  const dispute = sandbox.get('dispute', disputeId, 'dispute');
  if (['won', 'lost', 'warning_closed'].includes(dispute.status)) {
    throw invalidRequest('This dispute is already closed.');
  }
  return dispute;
}

// Source: https://docs.stripe.com/testing
/** Test cards whose holders dispute each charge. */
export function listenForDisputes(sandbox: Sandbox): void {
  sandbox.on('payment_intent.succeeded', (intent) => {
    const charge = sandbox.get('charge', refId(intent.latest_charge) ?? '');
    const { disputes } = behaviourOf(sandbox, sandbox.get('payment_method', charge.payment_method ?? ''));
    if (disputes !== null) {
      openDispute(sandbox, { charge, amount: charge.amount, status: disputes, reason: 'fraudulent' });
    }
  });
}

export const disputeRoutes: Route[] = [
  route({
    method: 'GET',
    path: '/v1/disputes',
    params: paramsOf<Stripe.DisputeListParams>()({
      ...paging,
      ...created,
      charge: z.optional(text),
      payment_intent: z.optional(text),
    }),
    answer: (sandbox, { charge, payment_intent: intent, created: range, ...page }) => {
      const disputes = sandbox
        .all('dispute')
        .filter(
          (dispute) =>
            (charge === undefined || refId(dispute.charge) === charge) &&
            (intent === undefined || refId(dispute.payment_intent) === intent) &&
            isCreatedIn(dispute, range),
        );
      return pageOf(disputes, '/v1/disputes', page);
    },
  }),
  route({
    method: 'GET',
    path: '/v1/disputes/{id}',
    params: z.strictObject({}),
    answer: (sandbox, _params, { id }) => sandbox.get('dispute', id),
  }),
  route({
    method: 'POST',
    path: '/v1/disputes/{id}/close',
    params: z.strictObject({}),
    answer: (sandbox, _params, { id }) => {
      sandbox.get('dispute', id);
      return closeDispute(sandbox, id, 'lost');
    },
  }),
];
