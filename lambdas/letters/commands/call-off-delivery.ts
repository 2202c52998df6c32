import { cancelDelivery } from '../domain/delivery-life.ts';
import { callOffPayment, paymentOf } from '../domain/delivery-payment.ts';
import { endUnpaid } from './follow-intent.ts';
import { type CardPayments } from './refund-delivery.ts';
import { type StepContext, type StepOutcome, takeStep } from './take-step.ts';

/**
 * The user cancels a delivery. If its payment is pending, its intent is cancelled first. If that comes too late, the
 * delivery is paid, and then cancelled like any other.
 *
 * @throws StripeUnavailableError, BusyError, NotConfiguredError: the same call goes on
 */
export async function callOffDelivery(payments: CardPayments, context: StepContext): Promise<StepOutcome> {
  const callOff = (): Promise<StepOutcome> =>
    takeStep(payments.store, context, (current) => cancelDelivery(current, context.now));
  const step = await callOff();
  if (step.outcome !== 'refused' || step.refusal !== 'payment_pending') {
    return step;
  }
  await endUnpaid(payments, context, paymentOf(step.delivery).intentId, (current, intentId) =>
    callOffPayment(current, intentId, context.now),
  );
  return callOff();
}
