import * as z from 'zod/mini';
import { readStoredAccount } from '../../adapters/dynamodb/accounts.ts';
import { idOf } from '../../adapters/stripe/connection.ts';
import { requireKnown } from '../../adapters/stripe/errors.ts';
import { readPaymentMetadata } from '../../adapters/stripe/purchase-payments.ts';
import {
  type EventOutcome,
  type EventRequest,
  type StripeServices,
  unchanged,
} from '../../commands/stripe-handler.ts';
import { USER_ID } from '../../domain/user-id.ts';
import { publishFigures } from '../../runtime/figures.ts';
import { createLogger } from '../../runtime/logger.ts';
import { type Intent, readIntent } from '../adapters/intents.ts';
import { getDelivery } from '../adapters/records.ts';
import { type Delivery } from '../domain/deliveries.ts';
import { isReturned, isUnpaidMail } from '../domain/delivery-payment.ts';
import { DELIVERY_METRICS } from '../wiring/metrics.ts';
import { followIntent, PaymentMismatchError, refundErased } from './follow-intent.ts';
import { type StepContext } from './take-step.ts';

const logger = createLogger('delivery-payments');

/** What Postage writes on the intent of a delivery. */
const metadataOfDelivery = z.object({
  userId: z.string().check(z.regex(USER_ID)),
  deliveryId: z.string().check(z.regex(/^[\w-]{1,64}$/)),
});

/** Which delivery an event is about, and by which intent a card pays for it. */
export interface PaymentHint {
  intentId: string;
  userId: string;
  deliveryId: string;
}

/** A PaymentIntent, a charge, a refund or a dispute. */
const about = z.object({
  object: z.string(),
  id: z.string(),
  payment_intent: z.optional(z.nullable(z.union([z.string(), z.object({ id: z.string() })]))),
  metadata: z.optional(z.nullable(z.record(z.string(), z.string()))),
});

/**
 * The delivery that an event is about; null: it is about none. The metadata of the intent says so. A charge has a copy; a
 * refund that was made in the Dashboard, and a dispute, have none.
 *
 * @throws StripeUnavailableError, NotConfiguredError
 */
export async function findDelivery(
  { stripe }: StripeServices,
  { event, deadline }: EventRequest,
): Promise<PaymentHint | null> {
  const { object, id, payment_intent: intent, metadata } = about.parse(event.object);
  const intentId = object === 'payment_intent' ? id : idOf(intent);
  if (intentId === null) {
    return null;
  }
  const isWithout = object === 'refund' || object === 'dispute';
  const known = isWithout ? await readPaymentMetadata(stripe, intentId, deadline) : metadata;
  const found = metadataOfDelivery.safeParse(known);
  return found.success ? { intentId, ...found.data } : null;
}

/**
 * Brings a delivery to what Stripe says about its payment now. An event is only a hint, since a success may follow a
 * decline, and a refund may be told of before its payment (G10). Nothing is committed with the event, because each step of
 * a delivery counts once by itself.
 *
 * @throws BusyError, StripeUnavailableError, NotConfiguredError
 */
export async function followDeliveryPayment(
  { store, stripe, stage }: StripeServices,
  { sentAt, deadline }: EventRequest,
  { intentId, userId, deliveryId }: PaymentHint,
): Promise<EventOutcome> {
  const delivery = await getDelivery(store, userId, deliveryId, deadline);
  const intent = await requireKnown(readIntent(stripe, intentId, deadline));
  const now = Math.max(sentAt, intent.asOf);
  const context = { userId, id: deliveryId, now, deadline };
  if (!delivery?.payment) {
    return withoutDelivery({ store, stripe }, intent, context);
  }
  try {
    const payment = await followIntent({ store, stripe }, context, delivery, intent);
    if (payment.outcome !== 'gone') {
      tellIfUnpaid(stage, delivery, payment.delivery);
    }
    return unchanged(`payment_${payment.outcome}`, now);
  } catch (error) {
    if (error instanceof PaymentMismatchError) {
      return { outcome: 'failed', reason: 'payment_mismatch' };
    }
    throw error;
  }
}

/** Nobody can call a mail back whose money goes back too late, but somebody should know. */
function tellIfUnpaid(stage: string, before: Delivery, after: Delivery): void {
  if (isUnpaidMail(after) && !isUnpaidMail(before)) {
    logger.error('The money of a mail that is on its way, or was sent, has gone back.', {
      deliveryId: after.id,
    });
    publishFigures(stage, [[DELIVERY_METRICS.unpaid, 1]]);
  }
}

/** If the user has been erased meanwhile, they get their money back. Somebody has to look at anything else. */
async function withoutDelivery(
  { store, stripe }: Pick<StripeServices, 'store' | 'stripe'>,
  { id: intentId, payment }: Intent,
  context: StepContext,
): Promise<EventOutcome> {
  if (payment.state !== 'succeeded') {
    return unchanged('payment_gone', context.now);
  }
  const account = await readStoredAccount(store, context.userId, context.deadline);
  if (account?.kind !== 'erased') {
    return { outcome: 'failed', reason: 'payment_mismatch' };
  }
  await refundErased({ store, stripe }, context, intentId);
  return unchanged('payment_gone', context.now);
}

/**
 * The customer's bank has sent back the refund of a delivery's charge. Stripe does not try again, so somebody has to
 * refund by hand. If they send the event again after that, it is done.
 *
 * @throws as `followDeliveryPayment`
 */
export async function followFailedRefund(
  services: StripeServices,
  request: EventRequest,
  hint: PaymentHint,
): Promise<EventOutcome> {
  const followed = await followDeliveryPayment(services, request, hint);
  const { payment, price } = await readIntent(services.stripe, hint.intentId, request.deadline);
  const isRefunded = payment.state === 'succeeded' && isReturned(payment.charge, price);
  return isRefunded || followed.outcome === 'failed'
    ? followed
    : { outcome: 'failed', reason: 'refund_failed' };
}
