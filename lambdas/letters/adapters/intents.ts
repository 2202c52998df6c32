import { type Stripe } from 'stripe';
import { type Deadline } from '../../domain/deadline.ts';
import { type Instant } from '../../domain/instants.ts';
import { type Price } from '../../domain/catalogue.ts';
import {
  answeredAt,
  callStripe,
  createUnderKey,
  idOf,
  readStripe,
  type StripeConnection,
} from '../../adapters/stripe/connection.ts';
import {
  orNull,
  StripeDeclinedError,
  StripeMissingError,
  StripeRejectedError,
  StripeUnavailableError,
} from '../../adapters/stripe/errors.ts';
import { listAll } from '../../adapters/stripe/lists.ts';
import { type Charge } from '../domain/delivery-payment.ts';

/** What a card is to pay for, and whose card. */
export interface IntentOrder {
  userId: string;
  deliveryId: string;
  customerId: string;
  price: Price;
  /** What stands behind the name of the business on the card's statement; null: nothing. */
  statementDescriptor: string | null;
}

/** Where the payment of an intent stands. */
export type IntentState =
  /** It has not been tried: nothing is charged unless it is confirmed. */
  | { state: 'unconfirmed' }
  /** Stripe has not finished the charge. */
  | { state: 'processing' }
  | { state: 'succeeded'; charge: Charge }
  | { state: 'declined'; declineCode: string | null }
  /** The holder has to authenticate: `handleNextAction` of Stripe.js finishes with this secret alone. */
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

/** Methods that answer at once. Debits of bank accounts take days, and may fail after a week. */
const METHOD_TYPES = ['card', 'link'] as const;

/**
 * Makes the intent of a delivery, unconfirmed, so that it charges nothing until it is known whose it is. The idempotency
 * key is the delivery, for as long as Stripe keeps it; a second intent is never confirmed.
 *
 * @throws StripeUnavailableError, NotConfiguredError, StripeRejectedError
 * @throws StripeMissingError when the customer was deleted
 */
export async function createIntent(
  connection: StripeConnection,
  { userId, deliveryId, customerId, price, statementDescriptor: suffix }: IntentOrder,
  deadline: Deadline,
): Promise<string> {
  const { amountCents: amount, currency } = price;
  // A key goes with one set of parameters, and the catalogue may have changed since.
  const key = `delivery:${deliveryId}${suffix === null ? '' : `:${suffix}`}`;
  const { id } = await createUnderKey(connection, deadline, key, (stripe, options) =>
    stripe.paymentIntents.create(
      {
        amount,
        currency,
        customer: customerId,
        description: 'A letter by post',
        metadata: { userId, deliveryId },
        allowed_payment_method_types: [...METHOD_TYPES],
        ...(suffix === null ? {} : { statement_descriptor_suffix: suffix }),
      },
      options,
    ),
  );
  return id;
}

/** @throws StripeUnavailableError, NotConfiguredError, StripeMissingError */
export async function readIntent(
  connection: StripeConnection,
  intentId: string,
  deadline: Deadline,
): Promise<Intent> {
  const intent = await readStripe(connection, deadline, (stripe, options) =>
    stripe.paymentIntents.retrieve(intentId, { expand: EXPAND }, options),
  );
  return toIntent(connection, intent, deadline);
}

/** Which method is to pay, and where a bank's page leads back to if it has one of its own. */
export interface Confirmation {
  methodId: string;
  returnUrl: string;
}

/**
 * Charges a method while its holder is there: if the bank asks for them, the intent keeps the method and waits. Without an
 * idempotency key: Stripe confirms an intent that has succeeded no second time, and under a key it would repeat a decline
 * for a day, though the holder has paid meanwhile.
 *
 * @returns the intent as it is afterwards, also where somebody else was faster
 * @throws StripeUnavailableError when it is not known whether the card was charged
 * @throws NotConfiguredError, MethodRefusedError
 */
export async function confirmIntent(
  connection: StripeConnection,
  intentId: string,
  { methodId, returnUrl }: Confirmation,
  deadline: Deadline,
): Promise<Intent> {
  try {
    return await changeIntent(connection, intentId, deadline, (stripe, options) =>
      stripe.paymentIntents.confirm(
        intentId,
        { payment_method: methodId, use_stripe_sdk: true, return_url: returnUrl, expand: EXPAND },
        options,
      ),
    );
  } catch (error) {
    // Stripe documents no code for most of what may be wrong with a method, and nothing else here is the user's.
    const isAboutMethod =
      error instanceof StripeRejectedError ||
      (error instanceof StripeMissingError && error.param !== 'intent');
    throw isAboutMethod ? new MethodRefusedError(error.message, { cause: error }) : error;
  }
}

/** Stripe can't charge this method: it was removed, or is of a kind that an intent of ours does not take. */
export class MethodRefusedError extends Error {
  override name = 'MethodRefusedError';
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
    return await toIntent(connection, await callStripe(connection, deadline, send), deadline);
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

async function toIntent(
  connection: StripeConnection,
  intent: Stripe.Response<Stripe.PaymentIntent>,
  deadline: Deadline,
): Promise<Intent> {
  return {
    id: intent.id,
    payment:
      intent.status === 'succeeded'
        ? { state: 'succeeded', charge: await toCharge(connection, intent, deadline) }
        : toUnpaidState(intent),
    price: { amountCents: intent.amount, currency: intent.currency },
    customerId: idOf(intent.customer),
    metadata: intent.metadata,
    asOf: answeredAt(intent),
  };
}

function toUnpaidState(intent: Stripe.PaymentIntent): IntentState {
  const { status, client_secret: clientSecret, last_payment_error: error } = intent;
  switch (status) {
    case 'canceled':
      return { state: 'canceled' };
    case 'requires_confirmation':
      return { state: 'unconfirmed' };
    case 'requires_action':
      return { state: 'needs_action', clientSecret: clientSecret ?? '' };
    case 'requires_payment_method':
      return error === null
        ? { state: 'unconfirmed' }
        : { state: 'declined', declineCode: error.decline_code ?? error.code ?? null };
    case 'processing':
    case 'requires_capture':
    case 'succeeded':
    default:
      // A status that Stripe adds later counts as not over.
      return { state: 'processing' };
  }
}

/** What an intent has charged, with what has become of the money since. */
async function toCharge(
  connection: StripeConnection,
  { id, latest_charge: charge }: Stripe.PaymentIntent,
  deadline: Deadline,
): Promise<Charge> {
  if (charge === null || typeof charge === 'string') {
    throw new StripeUnavailableError(`Stripe shows no charge of the intent ${id}.`);
  }
  // A charge stays marked as disputed after the dispute was won.
  const disputes = charge.disputed ? await listDisputes(connection, id, deadline) : [];
  return {
    intentId: id,
    receiptUrl: charge.receipt_url,
    refundedCents: charge.amount_refunded,
    lostCents: centsOf(
      disputes.filter((dispute) => outcomeOf(dispute) === 'lost'),
      charge,
    ),
    disputedCents: centsOf(
      disputes.filter((dispute) => outcomeOf(dispute) === 'open'),
      charge,
    ),
  };
}

async function listDisputes(
  connection: StripeConnection,
  intentId: string,
  deadline: Deadline,
): Promise<Stripe.Dispute[]> {
  const { items } = await listAll(connection, deadline, (stripe, paging, options) =>
    stripe.disputes.list({ payment_intent: intentId, ...paging }, options),
  );
  return items;
}

/** What a dispute has done to the money. An inquiry (`warning_…`) has taken none yet; an appeal has not given it back. */
function outcomeOf({ status }: Stripe.Dispute): 'lost' | 'kept' | 'open' {
  if (status === 'lost') {
    return 'lost';
  }
  return status === 'won' || status === 'prevented' || status.startsWith('warning_') ? 'kept' : 'open';
}

/**
 * What disputes of a charge are about together, at most all of it. One in another currency counts as the whole charge: by
 * its own rate it is that, more or less.
 */
function centsOf(disputes: readonly Stripe.Dispute[], { amount, currency }: Stripe.Charge): number {
  const cents = disputes.reduce(
    (sum, dispute) => sum + (dispute.currency === currency ? dispute.amount : amount),
    0,
  );
  return Math.min(cents, amount);
}

/**
 * The method that a customer pays with, if it answers at once: the subscription's, else their own default. Stripe chooses
 * in the same order for an invoice. A method that has to be asked for days, such as a bank account, pays no mail.
 *
 * @param subscriptionId null: they have none. A subscription of another customer counts for none
 * @returns null when there is none
 * @throws StripeUnavailableError, NotConfiguredError
 */
export async function findMethod(
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
    const method = promptOf(subscription.default_payment_method) ?? cardOf(subscription.default_source);
    if (method !== null) {
      return method;
    }
  }
  const customer = await orNull(
    readStripe(connection, deadline, (stripe, options) =>
      stripe.customers.retrieve(customerId, { expand: ['invoice_settings.default_payment_method'] }, options),
    ).catch(nullIfNothingExpands),
  );
  return customer === null || customer.deleted === true
    ? null
    : (promptOf(customer.invoice_settings.default_payment_method) ?? cardOf(customer.default_source));
}

/** A customer who was deleted has nothing that could be expanded. Whether Stripe then refuses is not documented. */
function nullIfNothingExpands(error: unknown): null {
  if (error instanceof StripeRejectedError && error.param === 'expand') {
    return null;
  }
  throw error;
}

function promptOf(method: string | Stripe.PaymentMethod | null): string | null {
  const isPrompt = typeof method === 'object' && METHOD_TYPES.some((type) => type === method?.type);
  return isPrompt ? idOf(method) : null;
}

/** A card of Stripe's former kind, and not a bank account. */
function cardOf(source: string | Stripe.CustomerSource | null): string | null {
  const id = idOf(source);
  return id?.startsWith('card_') === true ? id : null;
}

/**
 * Gives back what an intent has charged and nobody has given back. Without an idempotency key: Stripe gives back no more
 * than was charged, and under a key it would repeat for a day that it can't, though a dispute was won meanwhile.
 *
 * @returns the intent as it is afterwards: while its charge is in dispute, or the dispute was lost, nothing can be given back
 * @throws StripeUnavailableError, NotConfiguredError, StripeRejectedError
 */
export async function refundIntent(
  connection: StripeConnection,
  { intentId, userId, deliveryId }: { intentId: string; userId: string; deliveryId: string },
  deadline: Deadline,
): Promise<Intent> {
  try {
    await callStripe(connection, deadline, (stripe, options) =>
      stripe.refunds.create({ payment_intent: intentId, metadata: { userId, deliveryId } }, options),
    );
  } catch (error) {
    const code = error instanceof StripeRejectedError ? error.code : null;
    if (code !== 'charge_already_refunded' && code !== 'charge_disputed') {
      throw error;
    }
  }
  return readIntent(connection, intentId, deadline);
}
