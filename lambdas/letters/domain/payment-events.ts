import { type DeliveryChange } from './changes.ts';
import { paymentFactOf } from './delivery-payment.ts';
import { event, type PaymentFailed, type PaymentRefunded, type PaymentSucceeded } from './events.ts';

type PaymentEvent = PaymentSucceeded | PaymentFailed | PaymentRefunded;

/** The events of a change that are about the payment by card. */
export function eventsOfPayment({ userId, at, before, after }: DeliveryChange): PaymentEvent[] {
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
