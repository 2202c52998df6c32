import { readIntent } from '../../adapters/stripe/intents.ts';
import { type Delivery } from '../domain/deliveries.ts';
import { paymentOf } from '../domain/delivery-payment.ts';
import { type CardPayments, endUnpaid, failed, followIntent, type PaymentOutcome } from './follow-intent.ts';
import { type StepContext } from './take-step.ts';

/**
 * Ends a payment that has taken too long: as Stripe says, or else unpaid.
 *
 * @throws StripeUnavailableError, BusyError, NotConfiguredError, PaymentMismatchError
 */
export async function expirePayment(
  payments: CardPayments,
  context: StepContext,
  delivery: Delivery,
): Promise<PaymentOutcome> {
  const { intentId } = paymentOf(delivery);
  if (intentId !== null) {
    const intent = await readIntent(payments.stripe, intentId, context.deadline);
    const followed = await followIntent(payments, context, delivery, intent);
    if (followed.outcome !== 'pending' && followed.outcome !== 'action_required') {
      return followed;
    }
  }
  return endUnpaid(payments, context, intentId, failed('payment_expired', context));
}
