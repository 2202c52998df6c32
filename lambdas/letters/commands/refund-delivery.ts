import { type Store } from '../../adapters/dynamodb/store.ts';
import { type StripeConnection } from '../../adapters/stripe/connection.ts';
import { refundIntent } from '../../adapters/stripe/intents.ts';
import { createLogger } from '../../runtime/logger.ts';
import { type Delivery } from '../domain/deliveries.ts';
import { intentOf, needsRefund, noteRefunded } from '../domain/delivery-payment.ts';
import { type StepContext, takeStep } from './take-step.ts';

/** What a refund needs. */
export interface RefundServices {
  store: Store;
  stripe: StripeConnection;
}

const logger = createLogger('refunds');

/**
 * Refunds the charge of a delivery that has ended without being sent, and notes it.
 *
 * @returns the delivery as it is afterwards
 * @throws StripeUnavailableError, BusyError, NotConfiguredError, StripeRejectedError
 */
export async function refundDelivery(
  { store, stripe }: RefundServices,
  context: StepContext,
  delivery: Delivery,
): Promise<Delivery> {
  const { userId, id: deliveryId, deadline } = context;
  const order = { intentId: intentOf(delivery), userId, deliveryId };
  if ((await refundIntent(stripe, order, deadline)) === 'waiting') {
    return delivery;
  }
  const step = await takeStep(store, context, noteRefunded, delivery);
  return step.outcome === 'missing' || step.outcome === 'erased' ? delivery : step.delivery;
}

/** At once, if it can be; else it stays due, and the reconciler refunds it. */
export async function refundIfNeeded(
  payments: RefundServices,
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
