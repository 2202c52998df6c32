import { type Stripe } from 'stripe';
import { type Deadline } from '../../domain/deadline.ts';
import { type Instant } from '../../domain/instants.ts';
import { type Price } from '../../domain/catalogue.ts';
import {
  answeredAt,
  callStripe,
  idOf,
  readStripe,
  type StripeConnection,
} from '../../adapters/stripe/connection.ts';
import { orNull, StripeDeclinedError, StripeRejectedError } from '../../adapters/stripe/errors.ts';
import { listAll } from '../../adapters/stripe/lists.ts';

/** What a card is to pay for, and whose card. */
export interface IntentOrder {
  userId: string;
  deliveryId: string;
  customerId: string;
  price: Price;
}

/** Where the payment of an intent stands. */
export type IntentState =
  /** It has not been tried: nothing is charged unless it is confirmed. */
  | { state: 'unconfirmed' }
  /** Stripe has not finished the charge. */
  | { state: 'processing' }
  | { state: 'succeeded'; receiptUrl: string | null }
  | { state: 'declined'; declineCode: string | null }
  /** The holder has to authenticate, in the dialog that the secret opens. */
  | { state: 'needs_action'; clientSecret: string }
  | { state: 'canceled' };

/** An intent as Stripe has it now. */
export interface Intent {
  id: string;
  payment: IntentState;
  price: { amountCents: number; currency: string };
  customerId: string | null;
  /** The delivery and its user, as they were named when the intent was made. */
  metadata: Readonly<Record<string, string>>;
  /** By Stripe's clock. */
  asOf: Instant;
}

const EXPAND = ['latest_charge'];

/**
 * Makes the intent of a delivery, unconfirmed, so that it charges nothing until it is known whose it is. The idempotency
 * key is the delivery, for as long as Stripe keeps it; a second intent that is made later is never confirmed.
 *
 * @throws StripeUnavailableError, NotConfiguredError, StripeRejectedError
 * @throws StripeMissingError when the customer was deleted
 */
export async function createIntent(
  connection: StripeConnection,
  { userId, deliveryId, customerId, price }: IntentOrder,
  deadline: Deadline,
): Promise<Intent> {
  const { amountCents: amount, currency } = price;
  const intent = await callStripe(connection, deadline, (stripe, options) =>
    stripe.paymentIntents.create(
      {
        amount,
        currency,
        customer: customerId,
        description: 'A letter by post',
        metadata: { userId, deliveryId },
        // Debits of bank accounts take days, and may fail after a week.
        allowed_payment_method_types: ['card'],
      },
      { ...options, idempotencyKey: `delivery:${deliveryId}` },
    ),
  );
  return toIntent(intent);
}

/** @throws StripeUnavailableError, NotConfiguredError, StripeMissingError */
export async function readIntent(
  connection: StripeConnection,
  intentId: string,
  deadline: Deadline,
): Promise<Intent> {
  return toIntent(
    await readStripe(connection, deadline, (stripe, options) =>
      stripe.paymentIntents.retrieve(intentId, { expand: EXPAND }, options),
    ),
  );
}

/**
 * Charges a card while its holder is away. Without an idempotency key: Stripe confirms an intent that has succeeded no
 * second time, and under a key it would repeat a decline for a day, though the holder has paid meanwhile.
 *
 * @returns the intent as it is afterwards, also where somebody else was faster
 * @throws StripeUnavailableError when it is not known whether the card was charged
 * @throws NotConfiguredError
 * @throws StripeMissingError by `payment_method` when the card was removed
 */
export async function confirmIntent(
  connection: StripeConnection,
  intentId: string,
  card: string,
  deadline: Deadline,
): Promise<Intent> {
  return changeIntent(connection, intentId, deadline, (stripe, options) =>
    stripe.paymentIntents.confirm(
      intentId,
      { payment_method: card, off_session: true, expand: EXPAND },
      options,
    ),
  );
}

/**
 * Cancels an intent, so that it can charge no card any more.
 *
 * @returns the intent as it is afterwards: one that has succeeded, or is processing, can't be cancelled
 * @throws StripeUnavailableError, NotConfiguredError, StripeMissingError
 */
export async function cancelIntent(
  connection: StripeConnection,
  intentId: string,
  deadline: Deadline,
): Promise<Intent> {
  return changeIntent(connection, intentId, deadline, (stripe, options) =>
    stripe.paymentIntents.cancel(intentId, { expand: EXPAND }, options),
  );
}

/** Changes an intent. When Stripe refuses because of the card or the intent's state, it reads the intent to learn why. */
async function changeIntent(
  connection: StripeConnection,
  intentId: string,
  deadline: Deadline,
  send: (stripe: Stripe, options: { timeout: number }) => Promise<Stripe.Response<Stripe.PaymentIntent>>,
): Promise<Intent> {
  try {
    return toIntent(await callStripe(connection, deadline, send));
  } catch (error) {
    const isExplained =
      error instanceof StripeDeclinedError ||
      (error instanceof StripeRejectedError && error.code === 'payment_intent_unexpected_state');
    if (!isExplained) {
      throw error;
    }
    return readIntent(connection, intentId, deadline);
  }
}

function toIntent(intent: Stripe.Response<Stripe.PaymentIntent>): Intent {
  return {
    id: intent.id,
    payment: toState(intent),
    price: { amountCents: intent.amount, currency: intent.currency },
    customerId: idOf(intent.customer),
    metadata: intent.metadata,
    asOf: answeredAt(intent),
  };
}

const AUTHENTICATION_REQUIRED = 'authentication_required';

function toState(intent: Stripe.PaymentIntent): IntentState {
  const { status, client_secret: clientSecret, last_payment_error: error, latest_charge: charge } = intent;
  switch (status) {
    case 'succeeded':
      return {
        state: 'succeeded',
        receiptUrl: typeof charge === 'object' ? (charge?.receipt_url ?? null) : null,
      };
    case 'canceled':
      return { state: 'canceled' };
    case 'requires_confirmation':
      return { state: 'unconfirmed' };
    case 'requires_action':
      return { state: 'needs_action', clientSecret: clientSecret ?? '' };
    case 'requires_payment_method':
      if (error === null) {
        return { state: 'unconfirmed' };
      }
      // Off session, a card that wants its holder is declined; the dialog goes on with the same intent.
      return error.code === AUTHENTICATION_REQUIRED
        ? { state: 'needs_action', clientSecret: clientSecret ?? '' }
        : { state: 'declined', declineCode: error.decline_code ?? error.code ?? null };
    case 'processing':
    case 'requires_capture':
    default:
      // A status that Stripe adds later counts as not over.
      return { state: 'processing' };
  }
}

/**
 * The card that a customer pays with: the subscription's, else their own default. Stripe chooses in the same order for
 * an invoice. A subscription that something else pays has no card.
 *
 * @param subscriptionId null: they have none. A subscription of another customer counts for none
 * @returns null when there is none
 * @throws StripeUnavailableError, NotConfiguredError
 */
export async function findCard(
  connection: StripeConnection,
  { customerId, subscriptionId }: { customerId: string; subscriptionId: string | null },
  deadline: Deadline,
): Promise<string | null> {
  const subscription =
    subscriptionId === null
      ? null
      : await orNull(
          readStripe(connection, deadline, (stripe, options) =>
            stripe.subscriptions.retrieve(subscriptionId, { expand: ['default_payment_method'] }, options),
          ),
        );
  if (subscription !== null && idOf(subscription.customer) === customerId) {
    const card = cardIn(subscription.default_payment_method) ?? idOf(subscription.default_source);
    if (card !== null) {
      return card;
    }
  }
  const customer = await orNull(
    readStripe(connection, deadline, (stripe, options) => stripe.customers.retrieve(customerId, {}, options)),
  );
  return customer === null || customer.deleted === true
    ? null
    : (idOf(customer.invoice_settings.default_payment_method) ?? idOf(customer.default_source));
}

/** A bank account may pay a subscription, but its bank answers too late for a mail. */
function cardIn(method: string | Stripe.PaymentMethod | null): string | null {
  return typeof method === 'object' && method?.type === 'card' ? method.id : null;
}

/**
 * `refunded`: the customer has the money, also where their bank took it back for them. `waiting`: the bank holds it while
 * a dispute goes on.
 */
export type RefundOutcome = 'refunded' | 'waiting';

/**
 * Gives back what an intent has charged, all that has not been given back yet.
 *
 * @throws StripeUnavailableError, NotConfiguredError, StripeRejectedError
 */
export async function refundIntent(
  connection: StripeConnection,
  { intentId, userId, deliveryId }: { intentId: string; userId: string; deliveryId: string },
  deadline: Deadline,
): Promise<RefundOutcome> {
  try {
    await callStripe(connection, deadline, (stripe, options) =>
      stripe.refunds.create(
        { payment_intent: intentId, metadata: { userId, deliveryId } },
        { ...options, idempotencyKey: `refund:${deliveryId}` },
      ),
    );
    return 'refunded';
  } catch (error) {
    const code = error instanceof StripeRejectedError ? error.code : null;
    if (code === 'charge_already_refunded') {
      return 'refunded';
    }
    if (code === 'charge_disputed') {
      return (await isChargedBack(connection, intentId, deadline)) ? 'refunded' : 'waiting';
    }
    throw error;
  }
}

/** Whether a dispute about what an intent has charged was lost: its money stays with the customer. */
async function isChargedBack(
  connection: StripeConnection,
  intentId: string,
  deadline: Deadline,
): Promise<boolean> {
  const { items: disputes } = await listAll(connection, deadline, (stripe, paging, options) =>
    stripe.disputes.list({ payment_intent: intentId, ...paging }, options),
  );
  return disputes.some(({ status }) => status === 'lost');
}

/** Whether all that an intent has charged has been given back. @throws StripeUnavailableError, NotConfiguredError */
export async function isRefunded(
  connection: StripeConnection,
  intentId: string,
  deadline: Deadline,
): Promise<boolean> {
  const { latest_charge: charge } = await readStripe(connection, deadline, (stripe, options) =>
    stripe.paymentIntents.retrieve(intentId, { expand: EXPAND }, options),
  );
  return typeof charge === 'object' && charge?.refunded === true;
}
