import { type Settler } from '../../commands/settle-due.ts';
import { parseDelivery, userOfDelivery } from '../adapters/delivery-item.ts';
import { type Delivery } from '../domain/deliveries.ts';
import { dispatchDelivery, dueAtOf, heldSinceOf } from '../domain/delivery-life.ts';
import { needsRefund } from '../domain/delivery-payment.ts';
import { type DueOutcome } from '../domain/reconciliation.ts';
import { expirePayment } from './expire-payment.ts';
import { type CardPayments, refundDelivery } from './refund-delivery.ts';
import { type StepContext, type StepOutcome, takeStep } from './take-step.ts';

type Settling = (context: StepContext, delivery: Delivery) => Promise<'settled' | 'waiting'>;

/** What the reconciler does about payments by card: it ends those that take too long, asks about those in dispute, and refunds. */
export interface CardSettlement {
  settlePayment: Settling;
  refund: Settling;
}

/** Missing keys, or keys that may not refund, are failures: only deliveries that have been at Stripe come here. */
export function settleCardPayments(payments: CardPayments): CardSettlement {
  return {
    settlePayment: async (context, delivery) => {
      const payment = await expirePayment(payments, context, delivery);
      const isWaiting =
        payment.outcome === 'pending' ||
        (payment.outcome === 'paid' && heldSinceOf(payment.delivery) !== null);
      return isWaiting ? 'waiting' : 'settled';
    },
    refund: async (context, delivery) =>
      needsRefund(await refundDelivery(payments, context, delivery)) ? 'waiting' : 'settled',
  };
}

/** Hands a delivery to its sender, also again when no answer has come, and settles its payment. */
export function settleDelivery({ settlePayment, refund }: CardSettlement): Settler<DueOutcome> {
  return async (store, item, now, deadline) => {
    const delivery = parseDelivery(item);
    const context = { userId: userOfDelivery(item), id: delivery.id, now, deadline };
    if (heldSinceOf(delivery) !== null) {
      // The index may lag.
      return (dueAtOf(delivery) ?? now) > now ? 'not_due' : settlePayment(context, delivery);
    }
    switch (delivery.status) {
      case 'pending_payment':
        return settlePayment(context, delivery);
      case 'scheduled':
      case 'dispatched':
        return toDueOutcome(
          await takeStep(store, context, (current) => dispatchDelivery(current, now), delivery),
        );
      case 'sent':
      case 'failed':
      case 'cancelled':
        // The index may lag.
        return needsRefund(delivery) ? refund(context, delivery) : 'not_due';
    }
  };
}

function toDueOutcome(step: StepOutcome): DueOutcome {
  // Still scheduled: its wall-clock time has been looked at, and lies ahead.
  if (step.outcome !== 'changed' || step.delivery.status === 'scheduled') {
    return 'not_due';
  }
  if (step.delivery.status !== 'dispatched') {
    return 'given_up';
  }
  const again = step.delivery.dispatch.attempts === 2 ? 'dispatched_again' : 'dispatched_once_more';
  return step.delivery.dispatch.attempts === 1 ? 'dispatched' : again;
}
