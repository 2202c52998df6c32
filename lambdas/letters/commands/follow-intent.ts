/**
 * What happens to a delivery that a card pays for, at Stripe and in the table. Every step can be the last one before a
 * process dies, and several may take any of them at once: requests with the same key, webhooks and the reconciler. What
 * holds all the same (G9):
 *
 * - A delivery has one intent. A request makes it unconfirmed and notes it on the delivery before it confirms it, so an
 *   intent that is not noted never charges. Only a request confirms.
 * - A delivery fails after its intent has been cancelled, so that nothing charges for it any more.
 * - What Stripe says of the noted intent decides, and not what anybody expected of it.
 */
import { BusyError } from '../../adapters/dynamodb/retry.ts';
import { type Store } from '../../adapters/dynamodb/store.ts';
import { type StripeConnection } from '../../adapters/stripe/connection.ts';
import { StripeUnavailableError } from '../../adapters/stripe/errors.ts';
import {
  cancelIntent,
  type Intent,
  refundIntent,
  type RefundOutcome,
} from '../../adapters/stripe/intents.ts';
import { getDelivery } from '../adapters/records.ts';
import { type Delivery } from '../domain/deliveries.ts';
import { abandonPayment, confirmPayment, paymentOf } from '../domain/delivery-payment.ts';
import { type LifeDecision } from '../domain/life-decisions.ts';
import { refundIfNeeded } from './refund-delivery.ts';
import { type StepContext, type StepOutcome, takeStep } from './take-step.ts';

export interface CardPayments {
  store: Store;
  stripe: StripeConnection;
}

export type PaymentOutcome =
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
  /** The delivery has ended otherwise. */
  | { outcome: 'ended'; delivery: Delivery }
  /** The user has been erased; `refund`: what has become of what was charged, null where nothing was. */
  | { outcome: 'gone'; refund: RefundOutcome | null };

/** Stripe has another payment than the delivery asks for: nothing follows from it. */
export class PaymentMismatchError extends Error {
  override name = 'PaymentMismatchError';
}

/**
 * Brings a delivery to what Stripe says of its intent. It charges nothing.
 *
 * @throws StripeUnavailableError, BusyError, NotConfiguredError, PaymentMismatchError
 */
export async function followIntent(
  payments: CardPayments,
  context: StepContext,
  delivery: Delivery,
  intent: Intent,
): Promise<PaymentOutcome> {
  assertSame(delivery, intent);
  const { payment } = intent;
  switch (payment.state) {
    case 'unconfirmed':
    case 'processing':
      return outcomeOf(delivery);
    case 'needs_action': {
      const { clientSecret } = payment;
      return delivery.status === 'pending_payment'
        ? { outcome: 'action_required', delivery, clientSecret }
        : outcomeOf(delivery);
    }
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

/** Whoever may write to the account at Stripe can change what an intent says; a delivery is paid by its own price only. */
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
): Promise<PaymentOutcome> {
  const step = await takeStep(payments.store, context, (current) =>
    confirmPayment(current, { intentId, receiptUrl }),
  );
  if (step.outcome === 'missing' || step.outcome === 'erased') {
    // Of the delivery nothing will be left to remember the refund by.
    const { userId, id: deliveryId, deadline } = context;
    const refund = await refundIntent(payments.stripe, { intentId, userId, deliveryId }, deadline);
    return { outcome: 'gone', refund };
  }
  return outcomeOf(await refundIfNeeded(payments, context, step.delivery));
}

/** Ends an unpaid delivery, as failed for a reason or as called off, once its intent has been cancelled. */
export type EndUnpaid = (delivery: Delivery, cancelledIntentId: string | null) => LifeDecision;

/** The payment of a delivery will not come, for a reason. */
export function failed(failure: string, { now }: StepContext): EndUnpaid {
  return (delivery, intentId) => abandonPayment(delivery, failure, intentId, now);
}

/**
 * Cancels the intent at Stripe, if there is one, and then ends the delivery. Where the intent has been paid meanwhile,
 * the delivery is paid.
 *
 * @throws StripeUnavailableError, BusyError, NotConfiguredError
 */
export async function endUnpaid(
  payments: CardPayments,
  context: StepContext,
  intentId: string | null,
  end: EndUnpaid,
): Promise<PaymentOutcome> {
  if (intentId !== null) {
    const { payment } = await cancelIntent(payments.stripe, intentId, context.deadline);
    if (payment.state === 'succeeded') {
      return confirm(payments, context, intentId, payment.receiptUrl);
    }
    if (payment.state !== 'canceled') {
      return latestOutcome(payments, context);
    }
  }
  return outcomeOfStep(await takeStep(payments.store, context, (current) => end(current, intentId)));
}

async function latestOutcome({ store }: CardPayments, context: StepContext): Promise<PaymentOutcome> {
  const delivery = await getDelivery(store, context.userId, context.id, context.deadline);
  return delivery === null ? { outcome: 'gone', refund: null } : outcomeOf(delivery);
}

export function outcomeOfStep(step: StepOutcome): PaymentOutcome {
  switch (step.outcome) {
    case 'missing':
    case 'erased':
      return { outcome: 'gone', refund: null };
    case 'changed':
    case 'unchanged':
    case 'refused':
      return outcomeOf(step.delivery);
  }
}

export function outcomeOf(delivery: Delivery): PaymentOutcome {
  switch (delivery.status) {
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

/** Whether an error leaves a payment where it stood, to be gone on with. */
export function isInterruption(error: unknown): boolean {
  return error instanceof StripeUnavailableError || error instanceof BusyError;
}
