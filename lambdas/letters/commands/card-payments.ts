/**
 * What happens to a delivery that a card pays for, at Stripe and in the table. Every step can be the last one before a
 * process dies, and any of them may be repeated, also by several at once: requests with the same key, webhooks and the
 * reconciler. What holds all the same (G9):
 *
 * - A delivery has one intent. It is made unconfirmed and noted on the delivery before it is confirmed, so that no intent
 *   that is not noted ever charges. Only a request confirms.
 * - A delivery fails after its intent has been cancelled, so that nothing charges for it any more.
 * - What Stripe says of the noted intent decides, and not what anybody expected of it.
 */
import { isLive } from '../../domain/account.ts';
import { type CardPayment, type Delivery } from '../domain/deliveries.ts';
import { cancelDelivery } from '../domain/delivery-life.ts';
import {
  abandonPayment,
  callOffPayment,
  confirmPayment,
  needsRefund,
  noteIntent,
  noteRefunded,
} from '../domain/delivery-payment.ts';
import { readStoredAccount } from '../../adapters/dynamodb/accounts.ts';
import { type StepContext, type StepOutcome, takeStep } from './take-step.ts';
import { getDelivery } from '../adapters/records.ts';
import { BusyError } from '../../adapters/dynamodb/retry.ts';
import { type Store } from '../../adapters/dynamodb/store.ts';
import { type StripeConnection } from '../../adapters/stripe/connection.ts';
import {
  StripeMissingError,
  StripeRejectedError,
  StripeUnavailableError,
} from '../../adapters/stripe/errors.ts';
import {
  cancelIntent,
  confirmIntent,
  createIntent,
  findCard,
  type Intent,
  readIntent,
  refundIntent,
  type RefundOutcome,
} from '../../adapters/stripe/intents.ts';

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

/** A delivery that is not paid by card was taken for one. */
class NotPaidByCardError extends Error {
  override name = 'NotPaidByCardError';
}

/**
 * Goes on with the payment of a delivery from wherever it stands, up to charging the card.
 *
 * @throws StripeUnavailableError, BusyError: where it stands then is not known; doing the same again goes on
 * @throws NotConfiguredError, PaymentMismatchError
 */
export async function payDelivery(
  payments: CardPayments,
  context: StepContext,
  delivery: Delivery,
): Promise<PaymentOutcome> {
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
  payments: CardPayments,
  context: StepContext,
  delivery: Delivery,
): Promise<PaymentOutcome> {
  const { stripe } = payments;
  let current = delivery;
  try {
    const card = await cardOf(payments, context, delivery);
    if (card === null) {
      return await endWithoutCard(payments, context, current);
    }
    const noted = await noteNewIntent(payments, context, delivery);
    if (noted.outcome !== 'pending') {
      return noted;
    }
    current = noted.delivery;
    const intentId = intentOf(current);
    const intent = await confirmIntent(stripe, intentId, card, context.deadline);
    return await followIntent(payments, context, current, intent);
  } catch (error) {
    if (isAboutCard(error)) {
      return endWithoutCard(payments, context, current);
    }
    throw error;
  }
}

/** The customer or his card was removed at Stripe, or the card is of a kind that can't be charged at once. */
function isAboutCard(error: unknown): boolean {
  const isRefused = error instanceof StripeMissingError || error instanceof StripeRejectedError;
  return isRefused && (error.param === 'customer' || error.param === 'payment_method');
}

async function cardOf(
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
  return findCard(stripe, { customerId, subscriptionId }, deadline);
}

/** @returns the delivery with its intent, as pending; else what has become of it */
async function noteNewIntent(
  { store, stripe }: CardPayments,
  context: StepContext,
  delivery: Delivery,
): Promise<PaymentOutcome> {
  const { intentId, customerId, price } = paymentOf(delivery);
  if (intentId !== null || customerId === null) {
    return { outcome: 'pending', delivery };
  }
  const { userId, id: deliveryId, deadline } = context;
  const { id } = await createIntent(stripe, { userId, deliveryId, customerId, price }, deadline);
  return outcomeOfStep(await takeStep(store, context, (current) => noteIntent(current, id), delivery));
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
      const ended = await endUnpaid(payments, context, intent.id, 'payment_declined');
      return ended.outcome === 'ended' ? { ...ended, outcome: 'declined', declineCode } : ended;
    }
    case 'canceled':
      return endUnpaid(payments, context, intent.id, 'payment_cancelled');
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

/**
 * Cancels the intent at Stripe, if there is one, and then ends the delivery.
 *
 * @param failure why it has failed; null: its user has called it off
 * @throws StripeUnavailableError, BusyError, NotConfiguredError
 */
async function endUnpaid(
  payments: CardPayments,
  context: StepContext,
  intentId: string | null,
  failure: string | null,
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
  const { now } = context;
  return outcomeOfStep(
    await takeStep(payments.store, context, (current) =>
      failure === null
        ? callOffPayment(current, intentId, now)
        : abandonPayment(current, failure, intentId, now),
    ),
  );
}

async function latestOutcome({ store }: CardPayments, context: StepContext): Promise<PaymentOutcome> {
  const delivery = await getDelivery(store, context.userId, context.id, context.deadline);
  return delivery === null ? { outcome: 'gone', refund: null } : outcomeOf(delivery);
}

async function endWithoutCard(
  payments: CardPayments,
  context: StepContext,
  delivery: Delivery,
): Promise<PaymentOutcome> {
  const { intentId } = paymentOf(delivery);
  const ended = await endUnpaid(payments, context, intentId, 'payment_method_missing');
  return ended.outcome === 'ended' ? { ...ended, outcome: 'no_card' } : ended;
}

/**
 * Ends a payment that has taken too long: as Stripe says, or else unpaid.
 *
 * @throws StripeUnavailableError, BusyError, NotConfiguredError, PaymentMismatchError
 */
export async function expirePayment(
  payments: CardPayments,
  context: StepContext,
  delivery: Delivery,
): Promise<PaymentOutcome> {
  const { intentId } = paymentOf(delivery);
  if (intentId !== null) {
    const intent = await readIntent(payments.stripe, intentId, context.deadline);
    const followed = await followIntent(payments, context, delivery, intent);
    if (followed.outcome !== 'pending' && followed.outcome !== 'action_required') {
      return followed;
    }
  }
  return endUnpaid(payments, context, intentId, 'payment_expired');
}

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
  await endUnpaid(payments, context, paymentOf(step.delivery).intentId, null);
  return callOff();
}

/**
 * Refunds the charge of a delivery that has ended without being sent, and notes it.
 *
 * @returns the delivery as it is afterwards
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
  return 'delivery' in step ? step.delivery : delivery;
}

/** At once, if it can be; else it stays due, and the reconciler refunds it. */
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
  } catch {
    // The reconciler meets it in five minutes, and tells what is wrong if it still is.
    return delivery;
  }
}

function outcomeOfStep(step: StepOutcome): PaymentOutcome {
  return 'delivery' in step ? outcomeOf(step.delivery) : { outcome: 'gone', refund: null };
}

function outcomeOf(delivery: Delivery): PaymentOutcome {
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

/** @throws NotPaidByCardError */
export function paymentOf({ id, payment }: Delivery): CardPayment {
  if (payment === null) {
    throw new NotPaidByCardError(`No card pays for the delivery ${id}.`);
  }
  return payment;
}

function intentOf(delivery: Delivery): string {
  const { intentId } = paymentOf(delivery);
  if (intentId === null) {
    throw new NotPaidByCardError(`The delivery ${delivery.id} has no intent.`);
  }
  return intentId;
}

/** Whether an error leaves a payment where it stood, to be gone on with. */
export function isInterruption(error: unknown): boolean {
  return error instanceof StripeUnavailableError || error instanceof BusyError;
}
