/**
 * What happens at Stripe and in the table to a delivery that a card pays for. A process may die after any step, and
 * requests with the same key, webhooks and the reconciler may take steps at once. These rules hold all the same (G9):
 *
 * - A delivery has one intent. A request makes it unconfirmed and notes it on the delivery before it confirms it, so an
 *   intent that is not noted never charges. Only a request confirms.
 * - A delivery fails after its intent was cancelled, so that nothing charges for it any more.
 * - What Stripe says about the noted intent decides.
 */
import { BusyError } from '../../adapters/dynamodb/retry.ts';
import { StripeUnavailableError } from '../../adapters/stripe/errors.ts';
import { cancelIntent, type Intent, refundIntent, type RefundOutcome } from '../adapters/intents.ts';
import { getDelivery } from '../adapters/records.ts';
import { type Delivery } from '../domain/deliveries.ts';
import { abandonPayment, confirmPayment, paymentOf } from '../domain/delivery-payment.ts';
import { type LifeDecision } from '../domain/life-decisions.ts';
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
  /** The user has been erased. `refund`: what happened to the charge; null: there was none. */
  | { outcome: 'gone'; refund: RefundOutcome | null };

/** The intent at Stripe does not match the delivery. Postage does nothing about it. */
export class PaymentMismatchError extends Error {
  override name = 'PaymentMismatchError';
}

/**
 * Brings a delivery to what Stripe says about its intent, and charges nothing.
 *
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
      return confirm(payments, context, intent.id, payment.receiptUrl);
    case 'declined': {
      const { declineCode } = payment;
      const ended = await endUnpaid(payments, context, intent.id, failed('payment_declined', context));
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

async function confirm(
  payments: CardPayments,
  context: StepContext,
  intentId: string,
  receiptUrl: string | null,
): Promise<DeliveryPayment> {
  const step = await takeStep(payments.store, context, (current) =>
    confirmPayment(current, { intentId, receiptUrl }),
  );
  if (step.delivery === undefined) {
    // No delivery will be left that could remember the refund.
    const { userId, id: deliveryId, deadline } = context;
    const refund = await refundIntent(payments.stripe, { intentId, userId, deliveryId }, deadline);
    return { outcome: 'gone', refund };
  }
  return outcomeOf(await refundIfNeeded(payments, context, step.delivery));
}

/** Ends an unpaid delivery as failed or as cancelled, after its intent was cancelled. */
export type EndUnpaid = (delivery: Delivery, cancelledIntentId: string | null) => LifeDecision;

/** The delivery fails, because the card will not pay. */
export function failed(failure: string, { now }: StepContext): EndUnpaid {
  return (delivery, intentId) => abandonPayment(delivery, failure, intentId, now);
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
    const { payment } = await cancelIntent(payments.stripe, intentId, context.deadline);
    if (payment.state === 'succeeded') {
      return confirm(payments, context, intentId, payment.receiptUrl);
    }
    if (payment.state !== 'canceled') {
      return outcomeOf(await getDelivery(payments.store, context.userId, context.id, context.deadline));
    }
  }
  const step = await takeStep(payments.store, context, (current) => end(current, intentId));
  return outcomeOf(step.delivery);
}

/** How far the payment of a delivery has come. */
export function outcomeOf(delivery: Delivery | null | undefined): DeliveryPayment {
  switch (delivery?.status) {
    case undefined:
      return { outcome: 'gone', refund: null };
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
