import * as z from 'zod/mini';
import { followIntent, PaymentMismatchError } from './follow-intent.ts';
import { type CardPayments } from './refund-delivery.ts';
import { type StepContext } from './take-step.ts';
import { readStoredAccount } from '../../adapters/dynamodb/accounts.ts';
import { getDelivery } from '../adapters/records.ts';
import { requireKnown } from '../../adapters/stripe/errors.ts';
import {
  type Intent,
  isRefunded,
  readIntent,
  refundIntent,
  type RefundOutcome,
} from '../adapters/intents.ts';
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

/** Whether an event is about a delivery that a card pays for. The metadata of its object says so. */
export function isOfDelivery(object: EventRequest['event']['object']): boolean {
  return ofDelivery.safeParse(object).success;
}

/**
 * Brings a delivery to what Stripe says about its payment now. An event is only a hint, since a success may follow a
 * decline. Nothing is committed with the event, because each step of a delivery counts once by itself.
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
  const context = { userId, id: deliveryId, now, deadline };
  const delivery = await getDelivery(store, userId, deliveryId, deadline);
  if (!delivery?.payment) {
    return withoutDelivery({ store, stripe }, intent, context);
  }
  try {
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

/** If the user has been erased meanwhile, they get their money back. Somebody has to look at anything else. */
async function withoutDelivery(
  { store, stripe }: CardPayments,
  intent: Intent,
  { userId, id: deliveryId, now, deadline }: StepContext,
): Promise<EventOutcome> {
  if (intent.payment.state !== 'succeeded') {
    return unchanged('payment_gone', now);
  }
  const account = await readStoredAccount(store, userId, deadline);
  if (account?.kind !== 'erased') {
    return { outcome: 'failed', reason: 'payment_mismatch' };
  }
  const order = { intentId: intent.id, userId, deliveryId };
  return withoutUser(await refundIntent(stripe, order, deadline), now);
}

/** Only the event remembers that the charge of an erased user needs a refund. */
function withoutUser(refund: RefundOutcome | null, at: Instant): EventOutcome {
  return refund === 'waiting'
    ? { outcome: 'failed', reason: 'charge_disputed' }
    : unchanged('payment_gone', at);
}

const refund = z.object({ payment_intent: z.nullable(z.string()) });

/**
 * The customer's bank has sent back the refund of a delivery's charge. Stripe does not try again, so somebody has to
 * refund by hand. If they send the event again after that, it is done.
 *
 * @returns null for a refund of something else. The metadata of the charge's intent says so, since a refund that was made
 *   in the Dashboard has none
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
