import { type DeliveryChange } from './changes.ts';
import { type Delivery } from './deliveries.ts';
import { type PaymentFact, paymentFactsOf, paymentOf } from './delivery-payment.ts';
import { event, type PaymentEvent } from './events.ts';

/** The events of a change that are about the payment by card. */
export function eventsOfPayment(change: DeliveryChange): PaymentEvent[] {
  const { before, after } = change;
  return before === null || after === null
    ? []
    : paymentFactsOf(before, after).flatMap((happened) => eventsOf(happened, { ...change, after }));
}

function eventsOf(
  happened: PaymentFact,
  { userId, at, after }: DeliveryChange & { after: Delivery },
): PaymentEvent[] {
  const { id: deliveryId, version } = after;
  const { price, intentId: paymentIntentId } = paymentOf(after);
  const data = { deliveryId, ...price, paymentIntentId };
  // Money can go back in parts, and a charge be disputed again.
  const once = [deliveryId];
  const each = [deliveryId, version];
  switch (happened.fact) {
    case 'charged':
      return [event('PaymentSucceeded', userId, once, at, data)];
    case 'failed':
      return [event('PaymentFailed', userId, once, at, { ...data, failure: happened.failure })];
    case 'disputed':
      return [event('PaymentDisputed', userId, each, at, data)];
    case 'dispute_won':
      return [event('PaymentDisputeWon', userId, each, at, data)];
    case 'dispute_lost':
    case 'refunded': {
      const name = happened.fact === 'refunded' ? 'PaymentRefunded' : 'PaymentDisputeLost';
      // A refund that has come back from the holder's bank waits among the failed events.
      return happened.cents < 0
        ? []
        : [event(name, userId, each, at, { ...data, amountCents: happened.cents })];
    }
  }
}
