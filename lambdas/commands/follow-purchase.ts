import * as z from 'zod/mini';
import { readStoredAccount } from '../adapters/dynamodb/accounts.ts';
import { readPurchase } from '../adapters/dynamodb/purchase-item.ts';
import { idOf } from '../adapters/stripe/connection.ts';
import { type StripeEvent } from '../adapters/stripe/events.ts';
import {
  type PaymentReference,
  readPaymentMetadata,
  readPurchasePayment,
} from '../adapters/stripe/purchase-payments.ts';
import { type PaymentFacts } from '../domain/purchases.ts';
import { USER_ID } from '../domain/user-id.ts';
import { applyPurchasePayment } from './apply-purchase-payment.ts';
import {
  type EventOutcome,
  type EventRequest,
  type StripeServices,
  unchanged,
  untilWritten,
} from './stripe-handler.ts';

/** Which purchase an event is about, and by which reference to ask Stripe for its payment. */
interface Hint {
  reference: PaymentReference;
  userId: string;
  purchaseId: string;
}

/**
 * Brings a purchase, and its buyer's account, to what Stripe says of its payment now, its refunds and disputes included.
 * The event itself is a hint only: which one it is, and in which order they come, makes no difference (G10).
 *
 * @throws OvertakenError, BusyError, StripeUnavailableError, NotConfiguredError
 */
export async function followPurchase(services: StripeServices, request: EventRequest): Promise<EventOutcome> {
  const hint = await findPurchase(services, request);
  if (hint === null) {
    // A payment of the app's, or a subscription's, or one that Postage has not begun.
    return unchanged('no_purchase', request.sentAt);
  }
  return untilWritten(services.store, request, () => follow(services, request, hint));
}

async function follow(
  { store, stripe }: StripeServices,
  { event, sentAt, deadline }: EventRequest,
  { reference, userId, purchaseId }: Hint,
): Promise<EventOutcome | 'overtaken'> {
  const account = USER_ID.test(userId) ? await readStoredAccount(store, userId, deadline) : null;
  if (account === null) {
    return { outcome: 'failed', reason: 'customer_without_user' };
  }
  if (account.kind === 'erased') {
    return followErased(stripe, { sentAt, deadline }, reference);
  }
  const purchase = await readPurchase(store, userId, purchaseId, deadline);
  if (purchase === null) {
    return { outcome: 'failed', reason: 'unknown_purchase' };
  }
  const payment = await readPurchasePayment(stripe, reference, deadline);
  const at = Math.max(sentAt, payment.asOf);
  const { metadata, facts } = payment;
  if (metadata['userId'] !== userId || metadata['purchaseId'] !== purchaseId) {
    return { outcome: 'failed', reason: 'purchase_mismatch' };
  }
  if ('paymentIntent' in reference && facts.status !== 'paid') {
    // Only the page tells whether the user can still pay.
    return unchanged('not_paid', at);
  }
  const processed = { id: event.id, type: event.type, outcome: 'followed', at };
  const written = await applyPurchasePayment(store, { userId, purchase, facts, event: processed }, deadline);
  switch (written) {
    case 'written':
    case 'processed before':
      return { outcome: 'done', concerns: [] };
    case 'mismatch':
      return { outcome: 'failed', reason: 'purchase_mismatch' };
    case 'no account':
      return { outcome: 'failed', reason: 'customer_without_user' };
    case 'overtaken':
      return written;
  }
}

/** Postage keeps nothing of an erased user's purchase. It is over once they have their money back, or have paid none. */
async function followErased(
  stripe: StripeServices['stripe'],
  { sentAt, deadline }: Pick<EventRequest, 'sentAt' | 'deadline'>,
  paid: PaymentReference,
): Promise<EventOutcome> {
  const { facts } = await readPurchasePayment(stripe, paid, deadline);
  const isOver = facts.returnedCents >= paidCentsOf(facts);
  return isOver ? unchanged('payment_gone', sentAt) : { outcome: 'failed', reason: 'customer_without_user' };
}

function paidCentsOf({ status, amountCents, paymentIntentId }: PaymentFacts): number {
  const isFree = paymentIntentId === null;
  return status === 'paid' && !isFree ? amountCents : 0;
}

const reference = z.optional(z.nullable(z.union([z.string(), z.object({ id: z.string() })])));

/** A Checkout session, a PaymentIntent, a charge, a refund or a dispute. */
const about = z.object({
  object: z.string(),
  id: z.string(),
  payment_intent: reference,
  metadata: z.optional(z.nullable(z.record(z.string(), z.string()))),
});

/** The metadata names the purchase. Refunds and disputes have none of it, so their payment's is read. */
async function findPurchase(
  { stripe }: StripeServices,
  { event, deadline }: EventRequest,
): Promise<Hint | null> {
  const paid = referenceIn(event);
  if (paid === null) {
    return null;
  }
  const { object, metadata } = about.parse(event.object);
  const known =
    'paymentIntent' in paid && (object === 'refund' || object === 'dispute')
      ? await readPaymentMetadata(stripe, paid.paymentIntent, deadline)
      : metadata;
  const { userId, purchaseId } = known ?? {};
  return purchaseId === undefined ? null : { reference: paid, userId: userId ?? '', purchaseId };
}

function referenceIn({ object: told }: StripeEvent): PaymentReference | null {
  const { object, id, payment_intent: intent } = about.parse(told);
  switch (object) {
    case 'checkout.session':
      return { checkoutSession: id };
    case 'payment_intent':
      return { paymentIntent: id };
    default: {
      const paymentIntent = idOf(intent);
      return paymentIntent === null ? null : { paymentIntent };
    }
  }
}
