import { readIntent } from '../adapters/intents.ts';
import { type Delivery } from '../domain/deliveries.ts';
import { heldSinceOf } from '../domain/delivery-life.ts';
import { paymentOf } from '../domain/delivery-payment.ts';
import { endUnpaid, failed, followIntent, type DeliveryPayment } from './follow-intent.ts';
import { type CardPayments } from './refund-delivery.ts';
import { type StepContext } from './take-step.ts';

/**
 * Ends a payment that has taken too long: as Stripe says, or unpaid if Stripe has not decided. A delivery that is held
 * has been paid, and goes on or ends as Stripe says.
 *
 * @throws StripeUnavailableError, BusyError, NotConfiguredError, PaymentMismatchError
 */
export async function expirePayment(
  payments: CardPayments,
  context: StepContext,
  delivery: Delivery,
): Promise<DeliveryPayment> {
  const { intentId } = paymentOf(delivery);
  if (intentId !== null) {
    const intent = await readIntent(payments.stripe, intentId, context.deadline);
    const followed = await followIntent(payments, context, delivery, intent);
    const isOpen = followed.outcome === 'pending' || followed.outcome === 'action_required';
    if (!isOpen || heldSinceOf(followed.delivery) !== null) {
      return followed;
    }
  }
  return endUnpaid(payments, context, intentId, failed('payment_expired', context));
}
