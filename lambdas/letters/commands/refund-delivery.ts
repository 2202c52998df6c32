import { type Store } from '../../adapters/dynamodb/store.ts';
import { type StripeConnection } from '../../adapters/stripe/connection.ts';
import { refundIntent } from '../adapters/intents.ts';
import { createLogger } from '../../runtime/logger.ts';
import { type Delivery } from '../domain/deliveries.ts';
import { followCharge, intentOf, needsRefund } from '../domain/delivery-payment.ts';
import { ifStill } from '../domain/life-decisions.ts';
import { type StepContext, takeStep } from './take-step.ts';

/** What a payment by card needs. */
export interface CardPayments {
  store: Store;
  stripe: StripeConnection;
}

const logger = createLogger('refunds');

/**
 * Refunds the charge of a delivery that has ended unsent, and notes it. While the charge is in dispute, the refund waits.
 *
 * @returns the delivery afterwards
 * @throws StripeUnavailableError, BusyError, NotConfiguredError, StripeRejectedError
 */
export async function refundDelivery(
  { store, stripe }: CardPayments,
  context: StepContext,
  delivery: Delivery,
): Promise<Delivery> {
  const { userId, id: deliveryId, now, deadline } = context;
  const order = { intentId: intentOf(delivery), userId, deliveryId };
  const { payment } = await refundIntent(stripe, order, deadline);
  if (payment.state !== 'succeeded') {
    return delivery;
  }
  const { charge } = payment;
  const step = await takeStep(
    store,
    context,
    ifStill(delivery, (current) => followCharge(current, charge, now)),
  );
  return step.delivery ?? delivery;
}

/** Refunds at once if possible. */
export async function refundIfNeeded(
  payments: CardPayments,
  context: StepContext,
  delivery: Delivery,
): Promise<Delivery> {
  if (!needsRefund(delivery)) {
    return delivery;
  }
  try {
    return await refundDelivery(payments, context, delivery);
  } catch (error) {
    // The delivery stays due, and the reconciler tries again in five minutes.
    logger.error('A charge could not be refunded at once.', { deliveryId: delivery.id, error });
    return delivery;
  }
}
