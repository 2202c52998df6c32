import { type Change } from '../../domain/changes.ts';
import { paymentFactOf } from './delivery-payment.ts';
import { event } from '../../domain/event.ts';
import { type PostageEvent } from '../../domain/events.ts';

/** What a change of a delivery says of its payment by card. */
export function eventsOfPayment({ userId, at, before, after }: Change<'delivery'>): PostageEvent[] {
  if (before === null || !after?.payment) {
    return [];
  }
  const { id: deliveryId } = after;
  const { price, intentId: paymentIntentId } = after.payment;
  const data = { deliveryId, ...price, paymentIntentId };
  const happened = paymentFactOf(before, after);
  switch (happened?.fact) {
    case undefined:
      return [];
    case 'charged':
      return [event('PaymentSucceeded', userId, [deliveryId], at, data)];
    case 'failed':
      return [event('PaymentFailed', userId, [deliveryId], at, { ...data, failure: happened.failure })];
    case 'refunded':
      return [event('PaymentRefunded', userId, [deliveryId], at, data)];
  }
}
