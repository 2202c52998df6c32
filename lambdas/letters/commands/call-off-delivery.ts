import { cancelDelivery } from '../domain/delivery-life.ts';
import { callOffPayment, paymentOf } from '../domain/delivery-payment.ts';
import { type CardPayments, endUnpaid } from './follow-intent.ts';
import { type StepContext, type StepOutcome, takeStep } from './take-step.ts';

/**
 * The user calls a delivery off. One whose payment is pending ends after its intent has been cancelled; where that comes
 * too late, it is paid, and then called off like any other.
 *
 * @throws StripeUnavailableError, BusyError, NotConfiguredError: doing the same again goes on
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
