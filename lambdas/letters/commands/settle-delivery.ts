import { type Settler } from '../../commands/settle-due.ts';
import { parseDelivery, userOfDelivery } from '../adapters/delivery-item.ts';
import { type Delivery } from '../domain/deliveries.ts';
import { dispatchDelivery } from '../domain/delivery-life.ts';
import { needsRefund } from '../domain/delivery-payment.ts';
import { type DueOutcome } from '../domain/reconciliation.ts';
import { type CardPayments } from './follow-intent.ts';
import { expirePayment } from './expire-payment.ts';
import { refundDelivery } from './refund-delivery.ts';
import { type StepContext, type StepOutcome, takeStep } from './take-step.ts';

/** What is done about the payment of a delivery by card: one that has not come, and a charge to be refunded. */
export interface CardSettlement {
  settlePayment: (context: StepContext, delivery: Delivery) => Promise<'settled' | 'waiting'>;
  refund: (context: StepContext, delivery: Delivery) => Promise<'settled' | 'waiting'>;
}

/**
 * Ends the payments that have taken too long, and refunds. Only what has been at Stripe before needs Stripe for that, so
 * that missing keys, or some that may not refund, are failures to be told of.
 */
export function settleCardPayments(payments: CardPayments): CardSettlement {
  return {
    settlePayment: async (context, delivery) => {
      const { outcome } = await expirePayment(payments, context, delivery);
      return outcome === 'pending' ? 'waiting' : 'settled';
    },
    refund: async (context, delivery) =>
      needsRefund(await refundDelivery(payments, context, delivery)) ? 'waiting' : 'settled',
  };
}

/** Hands deliveries to their senders, again where no answer has come, and settles what has to do with money. */
export function settleDelivery({ settlePayment, refund }: CardSettlement): Settler<DueOutcome> {
  return async (store, item, now, deadline) => {
    const delivery = parseDelivery(item);
    const context = { userId: userOfDelivery(item), id: delivery.id, now, deadline };
    switch (delivery.status) {
      case 'pending_payment':
        return settlePayment(context, delivery);
      case 'scheduled':
      case 'dispatched':
        return toDueOutcome(
          await takeStep(store, context, (current) => dispatchDelivery(current, now), delivery),
        );
      case 'failed':
      case 'cancelled':
        return delivery.refund === 'needed' ? refund(context, delivery) : 'not_due';
      case 'sent':
        // The index lags.
        return 'not_due';
    }
  };
}

function toDueOutcome(step: StepOutcome): DueOutcome {
  if (step.outcome !== 'changed') {
    return 'not_due';
  }
  if (step.delivery.status !== 'dispatched') {
    return 'given_up';
  }
  switch (step.delivery.dispatch.attempts) {
    case 1:
      return 'dispatched';
    case 2:
      return 'dispatched_again';
    default:
      return 'dispatched_once_more';
  }
}
