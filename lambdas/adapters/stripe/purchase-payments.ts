import { type Stripe } from 'stripe';
import { type Deadline } from '../../domain/deadline.ts';
import { type Instant } from '../../domain/instants.ts';
import { type PaymentFacts, type PurchaseStatus } from '../../domain/purchases.ts';
import { answeredAt, idOf, readStripe, type StripeConnection } from './connection.ts';
import { requireKnown } from './errors.ts';
import { listAll } from './lists.ts';

/** How an event names a payment. */
export type PaymentReference = { checkoutSession: string } | { paymentIntent: string };

/** A purchase's payment as it stands at Stripe, with the metadata that Postage wrote on it when it began. */
export interface PaymentAnswer {
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
): Promise<PaymentAnswer> {
  return requireKnown(
    'paymentIntent' in reference
      ? readByIntent(connection, reference.paymentIntent, deadline)
      : readBySession(connection, reference.checkoutSession, deadline),
  );
}

/** The metadata that Postage wrote on a payment when it began. @throws as `readPurchasePayment` */
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

/** The page on which it is paid tells what it costs; a payment that somebody made by hand has none. */
async function readByIntent(
  connection: StripeConnection,
  intentId: string,
  deadline: Deadline,
): Promise<PaymentAnswer> {
  const intent = await readStripe(connection, deadline, (stripe, options) =>
    stripe.paymentIntents.retrieve(intentId, {}, options),
  );
  const { data } = await readStripe(connection, deadline, (stripe, options) =>
    stripe.checkout.sessions.list({ payment_intent: intentId, limit: 1 }, options),
  );
  const [session = null] = data;
  const returned = await readReturned(connection, intent, deadline);
  return {
    asOf: Math.max(answeredAt(intent), returned.asOf),
    metadata: intent.metadata,
    facts: factsOf(intent, session, statusOf(intent, null), returned.cents),
  };
}

async function readBySession(
  connection: StripeConnection,
  sessionId: string,
  deadline: Deadline,
): Promise<PaymentAnswer> {
  const session = await readStripe(connection, deadline, (stripe, options) =>
    stripe.checkout.sessions.retrieve(sessionId, { expand: ['payment_intent'] }, options),
  );
  const { payment_intent: intent, metadata } = session;
  if (typeof intent === 'object' && intent !== null) {
    const returned = await readReturned(connection, intent, deadline);
    return {
      asOf: Math.max(answeredAt(session), returned.asOf),
      metadata: metadata ?? {},
      facts: factsOf(intent, session, statusOf(intent, session), returned.cents),
    };
  }
  return {
    asOf: answeredAt(session),
    metadata: metadata ?? {},
    facts: {
      status: isFree(session) ? 'paid' : unpaidStatusOf(session),
      paymentIntentId: null,
      customerId: idOf(session.customer),
      amountCents: session.amount_subtotal ?? 0,
      currency: session.currency ?? '',
      returnedCents: 0,
    },
  };
}

/** A code has made it free: there is nothing to pay, and no payment. */
function isFree({ status, amount_total: total }: Stripe.Checkout.Session): boolean {
  return status === 'complete' && total === 0;
}

/** Sums are those before tax and discount, which the catalogue knows. What has gone back is its share of them. */
function factsOf(
  { id, status: state, customer, amount, amount_received: received, currency }: Stripe.PaymentIntent,
  session: Stripe.Checkout.Session | null,
  status: PurchaseStatus,
  backCents: number,
): PaymentFacts {
  const charged = state === 'succeeded' ? received : amount;
  const amountCents = session?.amount_subtotal ?? charged;
  return {
    status,
    paymentIntentId: id,
    customerId: idOf(customer),
    amountCents,
    currency,
    returnedCents: charged === 0 ? 0 : Math.floor((amountCents * backCents) / charged),
  };
}

/** The intent says whether it is paid. The page, if there is one, says whether the user still can pay. */
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
      // The user has yet to do something. On a complete page it is, for example, verifying a bank account.
      return session?.status === 'complete' ? 'processing' : unpaidStatusOf(session);
  }
}

function unpaidStatusOf(session: Stripe.Checkout.Session | null): PurchaseStatus {
  return session?.status === 'expired' ? 'expired' : 'open';
}

/** The money of these refunds has not gone back. */
const UNDONE_REFUNDS: readonly (string | null)[] = ['failed', 'canceled'];
/** These disputes have taken no money, and neither has an inquiry (`warning_…`). */
const HARMLESS_DISPUTES: readonly string[] = ['won', 'prevented'];

/**
 * How much has gone back to the customer or is in dispute. It adds up the refunds and disputes themselves, since a charge
 * stays marked as disputed after the dispute was won.
 */
async function readReturned(
  connection: StripeConnection,
  { id, status, amount: paidCents, currency: paidIn }: Stripe.PaymentIntent,
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
    // The bank may dispute in its own currency. https://docs.stripe.com/api/disputes/object#dispute_object-currency
    cents: returned.reduce(
      (sum, { amount, currency }) => sum + (currency === paidIn ? amount : paidCents),
      0,
    ),
    asOf: Math.max(refunds.asOf, disputes.asOf),
  };
}
