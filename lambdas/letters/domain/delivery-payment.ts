/**
 * The steps of a delivery that a card pays for. A charge ends in a scheduled delivery or in a refund, in any order in
 * which users, Stripe and jobs take these steps (G9).
 */
import { type CardPayment, type Delivery, type DeliveryLife, type Refund } from './deliveries.ts';
import { isUnsent, type UnsentDelivery } from './delivery-life.ts';
import { type Instant } from '../../domain/instants.ts';
import { changed, type LifeDecision, refused, refusedBy, UNCHANGED } from './life-decisions.ts';

/** Notes the intent at Stripe that is to charge for a delivery. The first one stays: there is never a second (G9). */
export function noteIntent(delivery: Delivery, intentId: string): LifeDecision {
  return ofUnpaid(delivery, (payment) =>
    payment.intentId === null
      ? changed(delivery, { status: 'pending_payment' }, { ...payment, intentId })
      : UNCHANGED,
  );
}

/** Steps that only a delivery can take whose payment by card is pending. */
function ofUnpaid(delivery: Delivery, decide: (payment: CardPayment) => LifeDecision): LifeDecision {
  if (delivery.payment === null) {
    return refused('not_paid_by_card');
  }
  if (delivery.status === 'pending_payment') {
    return decide(delivery.payment);
  }
  return isUnsent(delivery) ? refusedBy(delivery) : refused('already_paid');
}

/** A payment that Stripe has taken. */
export interface TakenPayment {
  intentId: string;
  receiptUrl: string | null;
}

/** Stripe has charged the card. The delivery is scheduled now. If it has ended meanwhile, it needs a refund (G9). */
export function confirmPayment(delivery: Delivery, { intentId, receiptUrl }: TakenPayment): LifeDecision {
  if (delivery.payment === null) {
    return refused('not_paid_by_card');
  }
  const payment = { ...delivery.payment, intentId, receiptUrl };
  if (delivery.status === 'pending_payment') {
    return changed(delivery, { status: 'scheduled' }, payment);
  }
  return isUnsent(delivery) && delivery.refund === 'none'
    ? changed(delivery, endedWith(delivery, 'needed'), payment)
    : UNCHANGED;
}

/**
 * The card will not pay for a delivery. There is nothing to give back.
 *
 * @param cancelledIntentId the intent that Postage has cancelled at Stripe, so that it can't charge any more; null: the
 *   delivery had none. If somebody has noted another one meanwhile, they are working on it:
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

/** The user cancels a delivery while its payment is pending. Its intent is cancelled first, as for `abandonPayment`. */
export function callOffPayment(
  delivery: Delivery,
  cancelledIntentId: string | null,
  now: Instant,
): LifeDecision {
  return endUnpaid(delivery, { status: 'cancelled', cancelledAt: now, refund: 'none' }, cancelledIntentId);
}

type EndedLife = Extract<DeliveryLife, { status: 'failed' | 'cancelled' }>;

function endUnpaid(delivery: Delivery, end: EndedLife, cancelledIntentId: string | null): LifeDecision {
  if (delivery.payment !== null && delivery.status === end.status) {
    return UNCHANGED;
  }
  return ofUnpaid(delivery, ({ intentId }) =>
    intentId === cancelledIntentId ? changed(delivery, end) : refused('payment_underway'),
  );
}

/** Whether a card has paid for a delivery that will not be sent, and nobody has refunded the charge. */
export function needsRefund(delivery: Delivery): boolean {
  return refundIn(delivery) === 'needed';
}

/** Stripe has refunded the charge of a delivery that ended unsent. */
export function noteRefunded(delivery: Delivery): LifeDecision {
  if (!isUnsent(delivery)) {
    return refusedBy(delivery);
  }
  return delivery.refund === 'needed' ? changed(delivery, endedWith(delivery, 'done')) : UNCHANGED;
}

/** The life of an ended delivery, with another refund. */
function endedWith(delivery: UnsentDelivery, refund: Refund): EndedLife {
  if (delivery.status === 'cancelled') {
    return { status: delivery.status, cancelledAt: delivery.cancelledAt, refund };
  }
  const { status, dispatch, failedAt, failure } = delivery;
  return { status, dispatch, failedAt, failure, refund };
}

/** What has happened to the money of a delivery. */
export type PaymentFact = { fact: 'charged' } | { fact: 'failed'; failure: string } | { fact: 'refunded' };

/** What a change of a delivery says about its payment; null: nothing. Stripe charges once, and refunds once (G9). */
export function paymentFactOf(before: Delivery, after: Delivery): PaymentFact | null {
  if (before.status === 'pending_payment' && after.status === 'scheduled') {
    return { fact: 'charged' };
  }
  if (before.status === 'pending_payment' && after.status === 'failed') {
    return { fact: 'failed', failure: after.failure };
  }
  // Stripe charged after the end. A delivery that was paid in time ends with its refund needed.
  if (isUnsent(before) && before.refund === 'none' && needsRefund(after)) {
    return { fact: 'charged' };
  }
  return needsRefund(before) && refundIn(after) === 'done' ? { fact: 'refunded' } : null;
}

function refundIn(delivery: Delivery): Refund {
  return 'refund' in delivery ? delivery.refund : 'none';
}

/** The code took a delivery for one that a card pays for. */
class NotPaidByCardError extends Error {
  override name = 'NotPaidByCardError';
}

/** @throws NotPaidByCardError */
export function paymentOf({ id, payment }: Delivery): CardPayment {
  if (payment === null) {
    throw new NotPaidByCardError(`No card pays for the delivery ${id}.`);
  }
  return payment;
}

export function intentOf(delivery: Delivery): string {
  const { intentId } = paymentOf(delivery);
  if (intentId === null) {
    throw new NotPaidByCardError(`The delivery ${delivery.id} has no intent.`);
  }
  return intentId;
}
