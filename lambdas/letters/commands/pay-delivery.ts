import { readStoredAccount } from '../../adapters/dynamodb/accounts.ts';
import { StripeMissingError } from '../../adapters/stripe/errors.ts';
import {
  confirmIntent,
  createIntent,
  findMethod,
  MethodRefusedError,
  readIntent,
} from '../adapters/intents.ts';
import { isLive } from '../../domain/account.ts';
import { createLogger } from '../../runtime/logger.ts';
import { type Delivery } from '../domain/deliveries.ts';
import { intentOf, noteIntent, paymentOf } from '../domain/delivery-payment.ts';
import { endUnpaid, failed, followIntent, outcomeOf, type DeliveryPayment } from './follow-intent.ts';
import { type CardPayments } from './refund-delivery.ts';
import { type StepContext, takeStep } from './take-step.ts';

/** Why a delivery failed that had nothing to be paid with. */
export const NO_METHOD = 'payment_method_missing';

const logger = createLogger('payments');

/** What a request needs that charges a card: also the app's address, to which a bank's page leads back. */
export interface ChargingServices extends CardPayments {
  appUrl: string;
}

/**
 * Goes on with the payment of a delivery from where it stands, up to charging the card.
 *
 * @throws StripeUnavailableError, BusyError: nobody knows then where it stands; the same call goes on
 * @throws NotConfiguredError, PaymentMismatchError
 */
export async function payDelivery(
  payments: ChargingServices,
  context: StepContext,
  delivery: Delivery,
): Promise<DeliveryPayment> {
  if (delivery.status !== 'pending_payment') {
    return outcomeOf(delivery);
  }
  const { intentId } = paymentOf(delivery);
  const intent = intentId === null ? null : await readIntent(payments.stripe, intentId, context.deadline);
  return intent === null || intent.payment.state === 'unconfirmed'
    ? charge(payments, context, delivery)
    : followIntent(payments, context, delivery, intent);
}

async function charge(
  payments: ChargingServices,
  context: StepContext,
  delivery: Delivery,
): Promise<DeliveryPayment> {
  const { stripe, appUrl: returnUrl } = payments;
  let current = delivery;
  try {
    const methodId = await methodOf(payments, context, delivery);
    if (methodId === null) {
      return await endWithoutCard(payments, context, current);
    }
    const noted = await noteNewIntent(payments, context, delivery);
    if (noted.outcome !== 'pending') {
      return noted;
    }
    current = noted.delivery;
    const intentId = intentOf(current);
    const intent = await confirmIntent(stripe, intentId, { methodId, returnUrl }, context.deadline);
    return await followIntent(payments, context, current, intent);
  } catch (error) {
    if (!isAboutMethod(error)) {
      throw error;
    }
    logger.warn('Stripe can charge no such method.', { deliveryId: delivery.id, error });
    return endWithoutCard(payments, context, current);
  }
}

/** Somebody has removed the customer or the card at Stripe, or Stripe can't charge this kind of method at once. */
function isAboutMethod(error: unknown): boolean {
  const isCustomerGone = error instanceof StripeMissingError && error.param === 'customer';
  return isCustomerGone || error instanceof MethodRefusedError;
}

async function methodOf(
  { store, stripe }: CardPayments,
  { userId, deadline }: StepContext,
  delivery: Delivery,
): Promise<string | null> {
  const { customerId } = paymentOf(delivery);
  if (customerId === null) {
    return null;
  }
  const account = await readStoredAccount(store, userId, deadline);
  const subscription = account?.kind === 'account' ? account.subscription : null;
  const subscriptionId = subscription !== null && isLive(subscription) ? subscription.id : null;
  return findMethod(stripe, { customerId, subscriptionId }, deadline);
}

/** @returns `pending` with the intent noted on the delivery, or else how the payment has ended */
async function noteNewIntent(
  { store, stripe }: CardPayments,
  context: StepContext,
  delivery: Delivery,
): Promise<DeliveryPayment> {
  const { intentId, customerId, price } = paymentOf(delivery);
  if (intentId !== null || customerId === null) {
    return { outcome: 'pending', delivery };
  }
  const { userId, id: deliveryId, deadline } = context;
  const { statementDescriptor } = store.catalogue.checkout;
  const order = { userId, deliveryId, customerId, price, statementDescriptor };
  const made = await createIntent(stripe, order, deadline);
  return outcomeOf(
    (await takeStep(store, context, (current) => noteIntent(current, made), delivery)).delivery,
  );
}

async function endWithoutCard(
  payments: CardPayments,
  context: StepContext,
  delivery: Delivery,
): Promise<DeliveryPayment> {
  const { intentId } = paymentOf(delivery);
  const ended = await endUnpaid(payments, context, intentId, failed(NO_METHOD, context));
  return ended.outcome === 'ended' ? { ...ended, outcome: 'no_card' } : ended;
}
