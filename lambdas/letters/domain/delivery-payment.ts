/**
 * The steps of a delivery that a card pays for. A charge ends in a scheduled delivery or in a refund, in any order in
 * which users, Stripe and jobs take these steps (G9).
 */
import {
  type CardPayment,
  type Delivery,
  type DeliveryLife,
  type OpenDispute,
  type Refund,
} from './deliveries.ts';
import { heldSinceOf, isCharged, isUnsent, type UnsentDelivery } from './delivery-life.ts';
import { DAY_MS, type Instant } from '../../domain/instants.ts';
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

/** What an intent has charged, and what has become of the money, as Stripe says now. */
export interface Charge {
  intentId: string;
  receiptUrl: string | null;
  refundedCents: number;
  /** Lost in disputes. */
  lostCents: number;
  /** In disputes that are not decided. */
  disputedCents: number;
}

/** Whose the money is. A part of it that goes back changes the books, and nothing else. */
type ChargeStanding = 'kept' | 'disputed' | 'returned';

function standingOf(charge: Charge, { price }: CardPayment): ChargeStanding {
  if (isReturned(charge, price)) {
    return 'returned';
  }
  const { refundedCents, lostCents, disputedCents } = charge;
  return refundedCents + lostCents + disputedCents >= price.amountCents ? 'disputed' : 'kept';
}

/** Whether all that was charged has gone back. */
export function isReturned(
  { refundedCents, lostCents }: Pick<Charge, 'refundedCents' | 'lostCents'>,
  { amountCents }: { amountCents: number },
): boolean {
  return refundedCents + lostCents >= amountCents;
}

/**
 * Brings a delivery to what Stripe says of its charge. A delivery that waits is scheduled if the money is kept, held while
 * it is in dispute, and cancelled once it has gone back. A delivery that has ended needs a refund, unless the money has
 * gone back (G9). Nobody can call back one that is on its way: only its books change.
 */
export function followCharge(delivery: Delivery, charge: Charge, now: Instant): LifeDecision {
  const { payment } = delivery;
  if (payment === null) {
    return refused('not_paid_by_card');
  }
  const { intentId, receiptUrl, refundedCents, lostCents } = charge;
  const standing = standingOf(charge, payment);
  const dispute = standing === 'disputed' ? disputeOf(delivery, payment, now) : null;
  const returns = { standing, isChargedBack: lostCents > 0, isReinstated: lostCents < payment.lostCents };
  const life = lifeAfter(delivery, returns, now);
  // Stripe shows the same receipt under new addresses.
  const isSame =
    payment.intentId === intentId &&
    payment.refundedCents === refundedCents &&
    payment.lostCents === lostCents &&
    payment.dispute === dispute;
  return life === null && isSame
    ? UNCHANGED
    : changed(delivery, life ?? delivery, {
        ...payment,
        intentId,
        receiptUrl,
        refundedCents,
        lostCents,
        dispute,
      });
}

/** How often the reconciler asks about a dispute. Banks take weeks or months. */
const DISPUTE_LOOK_MS = DAY_MS;

function disputeOf(delivery: Delivery, { dispute }: CardPayment, now: Instant): OpenDispute {
  const nextLookAt = now + DISPUTE_LOOK_MS;
  if (dispute === null) {
    return { since: now, nextLookAt };
  }
  const isDue = heldSinceOf(delivery) !== null && dispute.nextLookAt <= now;
  return isDue ? { ...dispute, nextLookAt } : dispute;
}

interface Returns {
  standing: ChargeStanding;
  isChargedBack: boolean;
  /** A dispute that was lost has been taken up again: the money may come back. */
  isReinstated: boolean;
}

/** Null: the life stays as it is. */
function lifeAfter(
  delivery: Delivery,
  { standing, isChargedBack, isReinstated }: Returns,
  now: Instant,
): DeliveryLife | null {
  switch (delivery.status) {
    case 'pending_payment':
    case 'scheduled':
      if (standing === 'returned') {
        return { status: 'cancelled', cancelledAt: now, refund: 'done' };
      }
      return standing === 'kept' && delivery.status === 'pending_payment' ? { status: 'scheduled' } : null;
    case 'dispatched':
    case 'sent':
      return null;
    case 'failed':
    case 'cancelled': {
      const owed = delivery.refund === 'none' || isReinstated ? 'needed' : delivery.refund;
      // Stripe refunds nothing of a charge that was charged back, even if that was a part of it.
      const refund = standing === 'returned' || isChargedBack ? 'done' : owed;
      return refund === delivery.refund ? null : endedWith(delivery, refund);
    }
  }
}

/** Whether all that a card has paid for a mail has gone back, though the mail is on its way, or was sent. */
export function isUnpaidMail({ status, payment }: Delivery): boolean {
  const isGone = status === 'dispatched' || status === 'sent';
  return isGone && payment !== null && isReturned(payment, payment.price);
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
  declineCode: string | null = null,
): LifeDecision {
  const failed = { status: 'failed', dispatch: null, failedAt: now, failure, refund: 'none' } as const;
  return endUnpaid(delivery, failed, cancelledIntentId, declineCode);
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

function endUnpaid(
  delivery: Delivery,
  end: EndedLife,
  cancelledIntentId: string | null,
  declineCode: string | null = null,
): LifeDecision {
  if (delivery.payment !== null && delivery.status === end.status) {
    return UNCHANGED;
  }
  return ofUnpaid(delivery, (payment) =>
    payment.intentId === cancelledIntentId && payment.dispute === null
      ? changed(delivery, end, { ...payment, declineCode })
      : refused('payment_underway'),
  );
}

/** Whether a card has paid for a delivery that will not be sent, and nobody has refunded the charge. */
export function needsRefund(delivery: Delivery): boolean {
  return isUnsent(delivery) && delivery.refund === 'needed';
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
export type PaymentFact =
  | { fact: 'charged' | 'disputed' | 'dispute_won' }
  | { fact: 'failed'; failure: string }
  /** `cents`: what has gone back now. Below zero: a refund has come back from the holder's bank. */
  | { fact: 'refunded' | 'dispute_lost'; cents: number };

/** What a change of a delivery says about its payment. */
export function paymentFactsOf(before: Delivery, after: Delivery): PaymentFact[] {
  if (before.payment === null || after.payment === null) {
    return [];
  }
  const refunded = after.payment.refundedCents - before.payment.refundedCents;
  const lost = after.payment.lostCents - before.payment.lostCents;
  const [wasDisputed, isDisputed] = [before.payment.dispute !== null, after.payment.dispute !== null];
  const facts: PaymentFact[] = [];
  if (!isCharged(before) && isCharged(after)) {
    facts.push({ fact: 'charged' });
  } else if (before.status === 'pending_payment' && after.status === 'failed') {
    facts.push({ fact: 'failed', failure: after.failure });
  }
  if (isDisputed && !wasDisputed) {
    facts.push({ fact: 'disputed' });
  }
  if (wasDisputed && !isDisputed && lost <= 0) {
    facts.push({ fact: 'dispute_won' });
  }
  if (lost !== 0) {
    facts.push({ fact: 'dispute_lost', cents: lost });
  }
  return refunded === 0 ? facts : [...facts, { fact: 'refunded', cents: refunded }];
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
