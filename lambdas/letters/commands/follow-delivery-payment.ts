import * as z from 'zod/mini';
import { followIntent, PaymentMismatchError } from './follow-intent.ts';
import { readStoredAccount } from '../../adapters/dynamodb/accounts.ts';
import { getDelivery } from '../adapters/records.ts';
import { requireKnown } from '../../adapters/stripe/errors.ts';
import {
  type Intent,
  isRefunded,
  readIntent,
  refundIntent,
  type RefundOutcome,
} from '../../adapters/stripe/intents.ts';
import { readPaymentMetadata } from '../../adapters/stripe/purchase-payments.ts';
import { type Instant } from '../../domain/instants.ts';
import { USER_ID } from '../../domain/user-id.ts';
import {
  type EventOutcome,
  type EventRequest,
  type StripeServices,
  unchanged,
} from '../../commands/stripe-handler.ts';

/** What Postage writes on the intent of a delivery. */
const ofDelivery = z.object({
  id: z.string(),
  metadata: z.object({
    userId: z.string().check(z.regex(USER_ID)),
    deliveryId: z.string().check(z.regex(/^[\w-]{1,64}$/)),
  }),
});

/** Whether an event is about a delivery that a card pays for, by the metadata of its object. */
export function isOfDelivery(object: EventRequest['event']['object']): boolean {
  return ofDelivery.safeParse(object).success;
}

/**
 * Brings a delivery to what Stripe says of its payment now: an event is a hint, since a decline may be followed by a
 * success. Nothing is committed with the event, because each step of a delivery counts once by itself.
 *
 * @throws BusyError, StripeUnavailableError, NotConfiguredError
 */
export async function followDeliveryPayment(
  { store, stripe }: StripeServices,
  { event, sentAt, deadline }: EventRequest,
): Promise<EventOutcome> {
  const { id: intentId, metadata } = ofDelivery.parse(event.object);
  const { userId, deliveryId } = metadata;
  const intent = await requireKnown(readIntent(stripe, intentId, deadline));
  const now = Math.max(sentAt, intent.asOf);
  const delivery = await getDelivery(store, userId, deliveryId, deadline);
  if (!delivery?.payment) {
    return withoutDelivery({ store, stripe }, { event, sentAt: now, deadline }, intent, metadata);
  }
  try {
    const context = { userId, id: deliveryId, now, deadline };
    const payment = await followIntent({ store, stripe }, context, delivery, intent);
    return payment.outcome === 'gone'
      ? withoutUser(payment.refund, now)
      : unchanged(`payment_${payment.outcome}`, now);
  } catch (error) {
    if (error instanceof PaymentMismatchError) {
      return { outcome: 'failed', reason: 'payment_mismatch' };
    }
    throw error;
  }
}

/** The user may have been erased meanwhile, and gets his money back; anything else is not ours to decide. */
async function withoutDelivery(
  { store, stripe }: Pick<StripeServices, 'store' | 'stripe'>,
  { sentAt, deadline }: EventRequest,
  intent: Intent,
  { userId, deliveryId }: { userId: string; deliveryId: string },
): Promise<EventOutcome> {
  if (intent.payment.state !== 'succeeded') {
    return unchanged('payment_gone', sentAt);
  }
  const account = await readStoredAccount(store, userId, deadline);
  if (account?.kind !== 'erased') {
    return { outcome: 'failed', reason: 'payment_mismatch' };
  }
  const order = { intentId: intent.id, userId, deliveryId };
  return withoutUser(await refundIntent(stripe, order, deadline), sentAt);
}

/** Of an erased user's charge nothing but its event remembers that it has yet to be refunded. */
function withoutUser(refund: RefundOutcome | null, at: Instant): EventOutcome {
  return refund === 'waiting'
    ? { outcome: 'failed', reason: 'charge_disputed' }
    : unchanged('payment_gone', at);
}

const refund = z.object({ payment_intent: z.nullable(z.string()) });

/**
 * The customer's bank has sent back what a refund of a delivery's charge gave it. Stripe tries no other way, so that
 * somebody has to give the money back by hand; sent again after that, the event is done.
 *
 * @returns null for a refund of something else, by what stands on the charge's intent: on a refund that was made in the
 *   Dashboard stands nothing
 * @throws StripeUnavailableError, NotConfiguredError
 */
export async function followFailedRefund(
  { stripe }: StripeServices,
  { event, sentAt, deadline }: EventRequest,
): Promise<EventOutcome | null> {
  const { payment_intent: intentId } = refund.parse(event.object);
  const metadata = intentId === null ? null : await readPaymentMetadata(stripe, intentId, deadline);
  if (intentId === null || metadata?.['deliveryId'] === undefined) {
    return null;
  }
  return (await isRefunded(stripe, intentId, deadline))
    ? unchanged('refunded', sentAt)
    : { outcome: 'failed', reason: 'refund_failed' };
}
