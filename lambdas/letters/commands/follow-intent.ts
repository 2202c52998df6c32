/**
 * What happens at Stripe and in the table to a delivery that a card pays for. A process may die after any step, and
 * requests with the same key, webhooks and the reconciler may take steps at once. These rules hold all the same (G9):
 *
 * - A delivery has one intent. A request makes it unconfirmed and notes it on the delivery before it confirms it, so an
 *   intent that is not noted never charges. Only a request confirms.
 * - A delivery fails after its intent was cancelled, so that nothing charges for it any more.
 * - What Stripe says about the noted intent, and what it has charged, decides. Stripe is asked after the delivery was read,
 *   and the answer holds only for the delivery as it was read:
 *
 *       one event:  reads the delivery, asks: kept                              writes: it has changed; asks again: disputed
 *       another:                                   asks: disputed; holds it
 */
import { BusyError } from '../../adapters/dynamodb/retry.ts';
import { StripeUnavailableError } from '../../adapters/stripe/errors.ts';
import { cancelIntent, type Intent, readIntent, refundIntent } from '../adapters/intents.ts';
import { getDelivery } from '../adapters/records.ts';
import { type Delivery } from '../domain/deliveries.ts';
import {
  abandonPayment,
  type Charge,
  followCharge,
  paymentOf,
} from '../domain/delivery-payment.ts';
import { ifStill, type LifeDecision } from '../domain/life-decisions.ts';
import { type CardPayments, refundIfNeeded } from './refund-delivery.ts';
import { type StepContext, takeStep } from './take-step.ts';

export type DeliveryPayment =
  /** The delivery is scheduled, or further. */
  | { outcome: 'paid'; delivery: Delivery }
  /** Nothing is decided yet. */
  | { outcome: 'pending'; delivery: Delivery }
  /** The holder has to authenticate. */
  | { outcome: 'action_required'; delivery: Delivery; clientSecret: string }
  /** The delivery has failed: the card was declined. */
  | { outcome: 'declined'; delivery: Delivery; declineCode: string | null }
  /** The delivery has failed: there is no card. */
  | { outcome: 'no_card'; delivery: Delivery }
  /** The delivery has ended for another reason. */
  | { outcome: 'ended'; delivery: Delivery }
  /** The user has been erased, and what they had paid goes back to them. */
  | { outcome: 'gone' };

/** The intent at Stripe does not match the delivery. Postage does nothing about it. */
export class PaymentMismatchError extends Error {
  override name = 'PaymentMismatchError';
}

/**
 * Brings a delivery to what Stripe says about its intent, and charges nothing.
 *
 * @param delivery as it was read before Stripe was asked
 * @throws StripeUnavailableError, BusyError, NotConfiguredError, PaymentMismatchError
 */
export async function followIntent(
  payments: CardPayments,
  context: StepContext,
  delivery: Delivery,
  intent: Intent,
): Promise<DeliveryPayment> {
  assertSame(delivery, intent);
  const { payment } = intent;
  switch (payment.state) {
    case 'unconfirmed':
    case 'processing':
      return outcomeOf(delivery);
    case 'needs_action':
      return delivery.status === 'pending_payment'
        ? { outcome: 'action_required', delivery, clientSecret: payment.clientSecret }
        : outcomeOf(delivery);
    case 'succeeded':
      return follow(payments, context, delivery, payment.charge);
    case 'declined': {
      const { declineCode } = payment;
      const end = failed('payment_declined', context, declineCode);
      const ended = await endUnpaid(payments, context, intent.id, end);
      return ended.outcome === 'ended' ? { ...ended, outcome: 'declined', declineCode } : ended;
    }
    case 'canceled':
      return endUnpaid(payments, context, intent.id, failed('payment_cancelled', context));
  }
}

/** People who may write at Stripe can change an intent. Only the delivery's own price pays for it. */
function assertSame(delivery: Delivery, intent: Intent): void {
  const { price, customerId, intentId } = paymentOf(delivery);
  const isSame =
    intent.price.amountCents === price.amountCents &&
    intent.price.currency === price.currency &&
    intent.customerId === customerId &&
    (intentId === null || intentId === intent.id);
  if (!isSame) {
    throw new PaymentMismatchError(`The intent ${intent.id} is not that of the delivery ${delivery.id}.`);
  }
}

async function follow(
  payments: CardPayments,
  context: StepContext,
  delivery: Delivery,
  charge: Charge,
): Promise<DeliveryPayment> {
  const { intentId } = charge;
  const step = await takeStep(
    payments.store,
    context,
    ifStill(delivery, (current) => followCharge(current, charge, context.now)),
  );
  if (step.delivery === undefined) {
    return refundErased(payments, context, intentId);
  }
  return step.outcome === 'refused' && step.refusal === 'outdated'
    ? followAnew(payments, context, intentId, step.delivery)
    : outcomeOf(await refundIfNeeded(payments, context, step.delivery));
}

/**
 * Gives back what an erased user has paid. No delivery will be left that could remember it. While the charge is in dispute,
 * nothing can be given back: the event of the dispute's end comes here again.
 *
 * @throws StripeUnavailableError, NotConfiguredError, StripeRejectedError
 */
export async function refundErased(
  { stripe }: CardPayments,
  { userId, id: deliveryId, deadline }: StepContext,
  intentId: string,
): Promise<DeliveryPayment> {
  await refundIntent(stripe, { intentId, userId, deliveryId }, deadline);
  return { outcome: 'gone' };
}

/** Asks Stripe about an intent and follows it. @param delivery as it was just read @throws as `followIntent` */
async function followAnew(
  payments: CardPayments,
  context: StepContext,
  intentId: string,
  delivery: Delivery | null,
): Promise<DeliveryPayment> {
  return delivery === null
    ? refundErased(payments, context, intentId)
    : followIntent(
        payments,
        context,
        delivery,
        await readIntent(payments.stripe, intentId, context.deadline),
      );
}

/** Ends an unpaid delivery as failed or as cancelled, after its intent was cancelled. */
export type EndUnpaid = (delivery: Delivery, cancelledIntentId: string | null) => LifeDecision;

/** The delivery fails, because the card will not pay. */
export function failed(failure: string, { now }: StepContext, declineCode: string | null = null): EndUnpaid {
  return (delivery, intentId) => abandonPayment(delivery, failure, intentId, now, declineCode);
}

/**
 * Cancels the intent at Stripe, if there is one, and then ends the delivery. If Stripe has charged meanwhile, the delivery
 * is paid.
 *
 * @throws StripeUnavailableError, BusyError, NotConfiguredError
 */
export async function endUnpaid(
  payments: CardPayments,
  context: StepContext,
  intentId: string | null,
  end: EndUnpaid,
): Promise<DeliveryPayment> {
  if (intentId !== null) {
    const { userId, id, deadline } = context;
    const { payment } = await cancelIntent(payments.stripe, intentId, deadline);
    if (payment.state !== 'canceled') {
      const delivery = await getDelivery(payments.store, userId, id, deadline);
      const isPaid = payment.state === 'succeeded';
      return isPaid ? followAnew(payments, context, intentId, delivery) : outcomeOf(delivery);
    }
  }
  const step = await takeStep(payments.store, context, (current) => end(current, intentId));
  return outcomeOf(step.delivery);
}

/** How far the payment of a delivery has come. */
export function outcomeOf(delivery: Delivery | null | undefined): DeliveryPayment {
  switch (delivery?.status) {
    case undefined:
      return { outcome: 'gone' };
    case 'pending_payment':
      return { outcome: 'pending', delivery };
    case 'scheduled':
    case 'dispatched':
    case 'sent':
      return { outcome: 'paid', delivery };
    case 'failed':
    case 'cancelled':
      return { outcome: 'ended', delivery };
  }
}

/** Whether a payment that threw this can go on later from where it stood. */
export function isInterruption(error: unknown): boolean {
  return error instanceof StripeUnavailableError || error instanceof BusyError;
}
