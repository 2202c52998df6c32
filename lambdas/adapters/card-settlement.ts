import { needsRefund } from '../domain/delivery-payment.ts';
import { type CardPayments, expirePayment, refundDelivery } from './card-payments.ts';
import { type Settlement } from './dynamodb/reconciliation.ts';
import { NotConfiguredError } from './stripe/errors.ts';

/** What the reconciler does about payments by card: it ends those that have taken too long, and refunds. */
export function settleCardPayments(payments: CardPayments): Pick<Settlement, 'settlePayment' | 'refund'> {
  return {
    settlePayment: (context, delivery) =>
      orWaiting(async () => {
        const { outcome } = await expirePayment(payments, context, delivery);
        return outcome === 'pending' ? 'waiting' : 'settled';
      }),
    refund: (context, delivery) =>
      orWaiting(async () =>
        needsRefund(await refundDelivery(payments, context, delivery)) ? 'waiting' : 'settled',
      ),
  };
}

/** Without Stripe's keys, everything waits until they are set. */
async function orWaiting(settle: () => Promise<'settled' | 'waiting'>): Promise<'settled' | 'waiting'> {
  try {
    return await settle();
  } catch (error) {
    if (error instanceof NotConfiguredError) {
      return 'waiting';
    }
    throw error;
  }
}
