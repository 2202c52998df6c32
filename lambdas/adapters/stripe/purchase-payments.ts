import { type Stripe } from 'stripe';
import { type Deadline } from '../../domain/deadline.ts';
import { type Instant } from '../../domain/instants.ts';
import { type PaymentFacts, type PurchaseStatus } from '../../domain/purchases.ts';
import { answeredAt, idOf, readStripe, type StripeConnection } from './connection.ts';
import { requireKnown } from './errors.ts';
import { listAll } from './lists.ts';

/** By what an event names a payment. */
export type PaymentReference = { checkoutSession: string } | { paymentIntent: string };

/** A payment as it stands at Stripe, and what was written on it when it began. */
export interface PurchasePayment {
  /** By Stripe's clock. */
  asOf: Instant;
  metadata: Readonly<Record<string, string>>;
  facts: PaymentFacts;
}

/**
 * Asks Stripe for a payment, its refunds and its disputes.
 *
 * @throws StripeUnavailableError
 * @throws NotConfiguredError also where Stripe knows no such payment
 */
export async function readPurchasePayment(
  connection: StripeConnection,
  reference: PaymentReference,
  deadline: Deadline,
): Promise<PurchasePayment> {
  return requireKnown(
    'paymentIntent' in reference
      ? readByIntent(connection, reference.paymentIntent, deadline)
      : readBySession(connection, reference.checkoutSession, deadline),
  );
}

/** What was written on a payment when it began. @throws as `readPurchasePayment` */
export async function readPaymentMetadata(
  connection: StripeConnection,
  intentId: string,
  deadline: Deadline,
): Promise<Readonly<Record<string, string>>> {
  const { metadata } = await requireKnown(
    readStripe(connection, deadline, (stripe, options) =>
      stripe.paymentIntents.retrieve(intentId, {}, options),
    ),
  );
  return metadata;
}

async function readByIntent(
  connection: StripeConnection,
  intentId: string,
  deadline: Deadline,
): Promise<PurchasePayment> {
  const intent = await readStripe(connection, deadline, (stripe, options) =>
    stripe.paymentIntents.retrieve(intentId, {}, options),
  );
  const returned = await readReturned(connection, intent, deadline);
  return {
    asOf: Math.max(answeredAt(intent), returned.asOf),
    metadata: intent.metadata,
    facts: { ...factsOf(intent), status: statusOf(intent, null), returnedCents: returned.cents },
  };
}

async function readBySession(
  connection: StripeConnection,
  sessionId: string,
  deadline: Deadline,
): Promise<PurchasePayment> {
  const session = await readStripe(connection, deadline, (stripe, options) =>
    stripe.checkout.sessions.retrieve(sessionId, { expand: ['payment_intent'] }, options),
  );
  const { payment_intent: intent, metadata } = session;
  if (typeof intent === 'object' && intent !== null) {
    const returned = await readReturned(connection, intent, deadline);
    return {
      asOf: Math.max(answeredAt(session), returned.asOf),
      metadata: metadata ?? {},
      facts: { ...factsOf(intent), status: statusOf(intent, session), returnedCents: returned.cents },
    };
  }
  return {
    asOf: answeredAt(session),
    metadata: metadata ?? {},
    facts: {
      status: unpaidStatusOf(session),
      paymentIntentId: null,
      customerId: idOf(session.customer),
      amountCents: session.amount_total ?? 0,
      currency: session.currency ?? '',
      returnedCents: 0,
    },
  };
}

function factsOf(intent: Stripe.PaymentIntent): Omit<PaymentFacts, 'status' | 'returnedCents'> {
  const { id, status, customer, amount, amount_received: received, currency } = intent;
  return {
    paymentIntentId: id,
    customerId: idOf(customer),
    amountCents: status === 'succeeded' ? received : amount,
    currency,
  };
}

/** The intent says whether it is paid; the page, where there is one, whether it still can be. */
function statusOf({ status }: Stripe.PaymentIntent, session: Stripe.Checkout.Session | null): PurchaseStatus {
  switch (status) {
    case 'succeeded':
      return 'paid';
    case 'processing':
      return 'processing';
    case 'canceled':
      return session?.status === 'expired' ? 'expired' : 'failed';
    case 'requires_payment_method':
      return session?.status === 'complete' ? 'failed' : unpaidStatusOf(session);
    case 'requires_action':
    case 'requires_capture':
    case 'requires_confirmation':
    default:
      // Something is yet to be done; on a page that is complete, such as verifying a bank account.
      return session?.status === 'complete' ? 'processing' : unpaidStatusOf(session);
  }
}

function unpaidStatusOf(session: Stripe.Checkout.Session | null): PurchaseStatus {
  return session?.status === 'expired' ? 'expired' : 'open';
}

/** Refunds that have failed or been called off have not gone back. */
const UNDONE_REFUNDS: readonly (string | null)[] = ['failed', 'canceled'];
/** A dispute that was won or prevented has taken nothing, and neither has an inquiry (`warning_…`). */
const HARMLESS_DISPUTES: readonly string[] = ['won', 'prevented'];

/**
 * What is with the customer again, or in dispute. By the refunds and disputes themselves: a charge stays marked as
 * disputed when the dispute has been won.
 */
async function readReturned(
  connection: StripeConnection,
  { id, status }: Stripe.PaymentIntent,
  deadline: Deadline,
): Promise<{ cents: number; asOf: Instant }> {
  if (status !== 'succeeded') {
    return { cents: 0, asOf: 0 };
  }
  const [refunds, disputes] = await Promise.all([
    listAll(connection, deadline, (stripe, paging, options) =>
      stripe.refunds.list({ payment_intent: id, ...paging }, options),
    ),
    listAll(connection, deadline, (stripe, paging, options) =>
      stripe.disputes.list({ payment_intent: id, ...paging }, options),
    ),
  ]);
  const returned = [
    ...refunds.items.filter((refund) => !UNDONE_REFUNDS.includes(refund.status)),
    ...disputes.items.filter(
      (dispute) => !HARMLESS_DISPUTES.includes(dispute.status) && !dispute.status.startsWith('warning_'),
    ),
  ];
  return {
    cents: returned.reduce((sum, { amount }) => sum + amount, 0),
    asOf: Math.max(refunds.asOf, disputes.asOf),
  };
}
