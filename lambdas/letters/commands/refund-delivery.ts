import { type Store } from '../../adapters/dynamodb/store.ts';
import { type StripeConnection } from '../../adapters/stripe/connection.ts';
import { refundIntent } from '../adapters/intents.ts';
import { createLogger } from '../../runtime/logger.ts';
import { type Delivery } from '../domain/deliveries.ts';
import { intentOf, needsRefund, noteRefunded } from '../domain/delivery-payment.ts';
import { type StepContext, takeStep } from './take-step.ts';

/** What a payment by card needs. */
export interface CardPayments {
  store: Store;
  stripe: StripeConnection;
}

const logger = createLogger('refunds');

/**
 * Refunds the charge of a delivery that has ended unsent, and notes it.
 *
 * @returns the delivery afterwards
 * @throws StripeUnavailableError, BusyError, NotConfiguredError, StripeRejectedError
 */
export async function refundDelivery(
  { store, stripe }: CardPayments,
  context: StepContext,
  delivery: Delivery,
): Promise<Delivery> {
  const { userId, id: deliveryId, deadline } = context;
  const order = { intentId: intentOf(delivery), userId, deliveryId };
  if ((await refundIntent(stripe, order, deadline)) === 'waiting') {
    return delivery;
  }
  const step = await takeStep(store, context, noteRefunded, delivery);
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
