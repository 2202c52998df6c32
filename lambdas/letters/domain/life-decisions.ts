/** How a step of a delivery's life is decided, whichever step it is. */
import { type CardPayment, type Delivery, type DeliveryLife } from './deliveries.ts';

export type LifeRefusal =
  /** It has ended, and this would end it otherwise. */
  | 'already_sent'
  | 'already_failed'
  | 'already_cancelled'
  | 'payment_pending'
  /** It has an intent at Stripe that could still charge the card, and has to be cancelled there first. */
  | 'payment_underway'
  | 'already_paid'
  | 'not_paid_by_card'
  /** It is on its way, and can't be called back. */
  | 'already_dispatched'
  | 'not_dispatched'
  /** It is about an attempt that another one has followed, or about another letter of the provider's. */
  | 'superseded'
  /** A sender has claimed this attempt. */
  | 'already_claimed'
  | 'not_due';

export type LifeDecision =
  | { outcome: 'changed'; delivery: Delivery }
  /** It has been done already. */
  | { outcome: 'unchanged' }
  | { outcome: 'refused'; refusal: LifeRefusal };

export const UNCHANGED: LifeDecision = { outcome: 'unchanged' };

export function refused(refusal: LifeRefusal): LifeDecision {
  return { outcome: 'refused', refusal };
}

export function changed(delivery: Delivery, life: DeliveryLife, payment = delivery.payment): LifeDecision {
  return { outcome: 'changed', delivery: withLife(delivery, life, payment) };
}

/** The delivery with another life, and with nothing left of the old one. */
function withLife(delivery: Delivery, life: DeliveryLife, payment: CardPayment | null): Delivery {
  const { id, letterId, paidWith, deliverAt, createdAt } = delivery;
  const version = delivery.version + 1;
  const kept = { id, letterId, paidWith, payment, deliverAt, createdAt, version, ...life };
  switch (delivery.channel) {
    case 'email':
      return { ...kept, channel: delivery.channel, recipient: delivery.recipient };
    case 'mail':
      return { ...kept, channel: delivery.channel, recipient: delivery.recipient };
  }
}
