/**
 * The steps of a delivery that a card pays for. A charge ends in a scheduled delivery or in a refund, in whatever order
 * users, Stripe and jobs take these steps (G9).
 */
import { type Delivery, type DeliveryLife, type Refund } from './deliveries.ts';
import { type Instant } from '../../domain/instants.ts';
import { changed, type LifeDecision, refused, UNCHANGED } from './life-decisions.ts';

/** Notes the intent at Stripe that is to charge for a delivery. The first one stays: there is never a second (G9). */
export function noteIntent(delivery: Delivery, intentId: string): LifeDecision {
  const { payment } = delivery;
  if (payment === null) {
    return refused('not_paid_by_card');
  }
  switch (delivery.status) {
    case 'pending_payment':
      return payment.intentId === null
        ? changed(delivery, { status: 'pending_payment' }, { ...payment, intentId })
        : UNCHANGED;
    case 'scheduled':
    case 'dispatched':
    case 'sent':
      return refused('already_paid');
    case 'failed':
      return refused('already_failed');
    case 'cancelled':
      return refused('already_cancelled');
  }
}

/** A payment that Stripe has taken. */
export interface TakenPayment {
  intentId: string;
  receiptUrl: string | null;
}

/**
 * The card has been charged for a delivery: from now on it is scheduled, or, where it has ended meanwhile, the charge
 * has to be refunded (G9).
 */
export function confirmPayment(delivery: Delivery, { intentId, receiptUrl }: TakenPayment): LifeDecision {
  if (delivery.payment === null) {
    return refused('not_paid_by_card');
  }
  const payment = { ...delivery.payment, intentId, receiptUrl };
  switch (delivery.status) {
    case 'pending_payment':
      return changed(delivery, { status: 'scheduled' }, payment);
    case 'scheduled':
    case 'dispatched':
    case 'sent':
      return UNCHANGED;
    case 'failed':
    case 'cancelled':
      return delivery.refund === 'none'
        ? changed(delivery, endedWith(delivery, 'needed'), payment)
        : UNCHANGED;
  }
}

/**
 * The payment of a delivery by card will not come. There is nothing to give back.
 *
 * @param cancelledIntentId the intent that has been cancelled at Stripe, so that it can't charge any more; null: none was
 *   known. Another one that has been noted meanwhile is in somebody's hands:
 *
 *     job:      reads: no intent                                  fails the delivery: refused, there is an intent
 *     request:                    notes its intent, confirms it
 */
export function abandonPayment(
  delivery: Delivery,
  failure: string,
  cancelledIntentId: string | null,
  now: Instant,
): LifeDecision {
  const failed = { status: 'failed', dispatch: null, failedAt: now, failure, refund: 'none' } as const;
  return endUnpaid(delivery, failed, cancelledIntentId);
}

/** The user calls a delivery off while its payment is pending. As for `abandonPayment`, its intent is cancelled first. */
export function callOffPayment(
  delivery: Delivery,
  cancelledIntentId: string | null,
  now: Instant,
): LifeDecision {
  return endUnpaid(delivery, { status: 'cancelled', cancelledAt: now, refund: 'none' }, cancelledIntentId);
}

type EndedLife = Extract<DeliveryLife, { status: 'failed' | 'cancelled' }>;

function endUnpaid(delivery: Delivery, end: EndedLife, cancelledIntentId: string | null): LifeDecision {
  if (delivery.payment === null) {
    return refused('not_paid_by_card');
  }
  switch (delivery.status) {
    case 'pending_payment':
      return delivery.payment.intentId === cancelledIntentId
        ? changed(delivery, end)
        : refused('payment_underway');
    case 'scheduled':
    case 'dispatched':
    case 'sent':
      return refused('already_paid');
    case 'failed':
      return end.status === 'failed' ? UNCHANGED : refused('already_failed');
    case 'cancelled':
      return end.status === 'cancelled' ? UNCHANGED : refused('already_cancelled');
  }
}

/** Whether a card has paid for a delivery that will not be sent, and has not got its money back. */
export function needsRefund(delivery: Delivery): boolean {
  return refundIn(delivery) === 'needed';
}

/** The charge of a delivery that ended without being sent has been refunded. */
export function noteRefunded(delivery: Delivery): LifeDecision {
  switch (delivery.status) {
    case 'pending_payment':
      return refused('payment_pending');
    case 'scheduled':
      return refused('not_dispatched');
    case 'dispatched':
      return refused('already_dispatched');
    case 'sent':
      return refused('already_sent');
    case 'failed':
    case 'cancelled':
      return delivery.refund === 'needed' ? changed(delivery, endedWith(delivery, 'done')) : UNCHANGED;
  }
}

/** An ended delivery as it is, but for its refund. */
function endedWith(delivery: Delivery & { status: 'failed' | 'cancelled' }, refund: Refund): EndedLife {
  switch (delivery.status) {
    case 'failed': {
      const { status, dispatch, failedAt, failure } = delivery;
      return { status, dispatch, failedAt, failure, refund };
    }
    case 'cancelled': {
      const { status, cancelledAt } = delivery;
      return { status, cancelledAt, refund };
    }
  }
}

/** What has happened to the money of a delivery. */
export type PaymentFact = { fact: 'charged' } | { fact: 'failed'; failure: string } | { fact: 'refunded' };

/** What a change of a delivery says of its payment; null: nothing. A delivery is charged once, and refunded once (G9). */
export function paymentFactOf(before: Delivery, after: Delivery): PaymentFact | null {
  if (before.status === 'pending_payment' && after.status === 'scheduled') {
    return { fact: 'charged' };
  }
  if (before.status === 'pending_payment' && after.status === 'failed') {
    return { fact: 'failed', failure: after.failure };
  }
  const refunds = [refundIn(before), refundIn(after)].join(' → ');
  // It was charged after it had ended: what has been charged before ends with its refund needed.
  if ((before.status === 'failed' || before.status === 'cancelled') && refunds === 'none → needed') {
    return { fact: 'charged' };
  }
  return refunds === 'needed → done' ? { fact: 'refunded' } : null;
}

function refundIn(delivery: Delivery): Refund {
  return 'refund' in delivery ? delivery.refund : 'none';
}
