/** How every step of a delivery's life is decided. */
import { type CardPayment, type Delivery, type DeliveryLife, type DeliveryStatus } from './deliveries.ts';

export type LifeRefusal =
  /** The delivery has ended, and the step would end it differently. */
  | 'already_sent'
  | 'already_failed'
  | 'already_cancelled'
  | 'payment_pending'
  /** An intent at Stripe could still charge the card. It has to be cancelled first. */
  | 'payment_underway'
  | 'already_paid'
  | 'not_paid_by_card'
  /** The holder disputes the charge. */
  | 'payment_disputed'
  /** Somebody has changed the delivery since Stripe was asked. */
  | 'outdated'
  /** The delivery is on its way, and nobody can call it back. */
  | 'already_dispatched'
  | 'not_dispatched'
  /** The step is about an earlier attempt, or about another letter at the provider. */
  | 'superseded'
  /** A sender has claimed this attempt. */
  | 'already_claimed'
  | 'not_due';

export type LifeDecision =
  | { outcome: 'changed'; delivery: Delivery }
  /** The step has been taken before. */
  | { outcome: 'unchanged' }
  | { outcome: 'refused'; refusal: LifeRefusal };

export const UNCHANGED: LifeDecision = { outcome: 'unchanged' };

export function refused(refusal: LifeRefusal): LifeDecision {
  return { outcome: 'refused', refusal };
}

/** Takes a step only if nobody has changed the delivery since it was read. */
export function ifStill(
  { version }: Delivery,
  decide: (delivery: Delivery) => LifeDecision,
): (delivery: Delivery) => LifeDecision {
  return (current) => (current.version === version ? decide(current) : refused('outdated'));
}

/** What a delivery answers to a step that its status does not allow. */
const REFUSAL_OF: Readonly<Record<DeliveryStatus, LifeRefusal>> = {
  pending_payment: 'payment_pending',
  scheduled: 'not_dispatched',
  dispatched: 'already_dispatched',
  sent: 'already_sent',
  failed: 'already_failed',
  cancelled: 'already_cancelled',
};

export function refusedBy({ status }: Delivery): LifeDecision {
  return refused(REFUSAL_OF[status]);
}

/** @param life the delivery itself: its life stays */
export function changed(delivery: Delivery, life: DeliveryLife, payment = delivery.payment): LifeDecision {
  return { outcome: 'changed', delivery: withLife(delivery, life, payment) };
}

/** The delivery with its new life, and nothing of the old one. */
function withLife(delivery: Delivery, life: DeliveryLife, payment: CardPayment | null): Delivery {
  const { id, letterId, paidWith, deliverAt, createdAt, promised } = delivery;
  const version = delivery.version + 1;
  const promise = promised === undefined ? {} : { promised };
  const kept = { ...life, id, letterId, paidWith, payment, deliverAt, createdAt, version, ...promise };
  switch (delivery.channel) {
    case 'email':
      return { ...kept, channel: delivery.channel, recipient: delivery.recipient };
    case 'mail':
      return { ...kept, channel: delivery.channel, recipient: delivery.recipient };
  }
}
