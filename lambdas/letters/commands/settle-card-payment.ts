import { needsRefund } from '../domain/delivery-payment.ts';
import { type CardPayments, expirePayment, refundDelivery } from './card-payments.ts';
import { type Settlement } from '../../commands/settle-due.ts';

/**
 * What the reconciler does about payments by card: it ends those that have taken too long, and refunds. Only what has been
 * at Stripe before needs Stripe for that, so that missing keys, or some that may not refund, are failures to be told of.
 */
export function settleCardPayments(payments: CardPayments): Pick<Settlement, 'settlePayment' | 'refund'> {
  return {
    settlePayment: async (context, delivery) => {
      const { outcome } = await expirePayment(payments, context, delivery);
      return outcome === 'pending' ? 'waiting' : 'settled';
    },
    refund: async (context, delivery) =>
      needsRefund(await refundDelivery(payments, context, delivery)) ? 'waiting' : 'settled',
  };
}
