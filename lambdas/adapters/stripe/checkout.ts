import { type Stripe } from 'stripe';
import { type Deadline } from '../../domain/deadline.ts';
import { type Checkout } from '../../domain/catalogue.ts';
import { callStripe, type StripeAnswer, type StripeConnection } from './connection.ts';
import { NotConfiguredError, StripeMissingError, StripeRejectedError } from './errors.ts';
import { listAll } from './lists.ts';

export interface SubscriptionOrder {
  userId: string;
  customerId: string;
  priceId: string;
  /** 0 for none. */
  trialDays: number;
  /** Where Stripe sends the user back to. */
  appUrl: string;
  checkout: Checkout;
  /** One request has one open session for a customer; null: each request makes another one. */
  requestId: string | null;
}

/** A session of a subscription's Checkout, and its page. */
export interface SubscriptionCheckout {
  id: string;
  url: string;
}

/** Each of a request's sessions replaces one that is over: a newer request has expired it, or it was paid. */
const MAX_SESSIONS = 5;

/**
 * Begins a Checkout of a subscription, and expires the older ones that the user could still pay: nobody may pay twice. Of
 * several that are begun at once, all processes keep the same one.
 *
 * @throws StripeUnavailableError, NotConfiguredError, StripeIdempotencyError
 * @throws StripeMissingError by `customer` when the customer was deleted
 */
export async function checkOutSubscription(
  connection: StripeConnection,
  order: SubscriptionOrder,
  deadline: Deadline,
): Promise<SubscriptionCheckout> {
  const { customerId, requestId } = order;
  const first = requestId === null ? null : `${requestId}:${customerId}`;
  let key = first;
  for (let sessions = 1; ; sessions += 1) {
    const session = await createSession(connection, order, key, deadline);
    const open = await listOpenSessions(connection, order, deadline);
    const place = open.indexOf(session.id);
    if (place === -1 && first !== null && sessions < MAX_SESSIONS) {
      // The session that is over stands for all before it: a key has 255 characters at most.
      key = `${first}:${session.id}`;
      continue;
    }
    // The newest comes first.
    for (const older of place === -1 ? [] : open.slice(place + 1)) {
      await expireSession(connection, older, deadline);
    }
    return { id: session.id, url: pageOf(session) };
  }
}

/** Tells a session of Postage's from one for another product of the owner's, which may name the user too. */
const OWN_MARK = 'postage_checkout';

function createSession(
  connection: StripeConnection,
  { userId, customerId, priceId, trialDays, appUrl, checkout }: SubscriptionOrder,
  idempotencyKey: string | null,
  deadline: Deadline,
): Promise<Stripe.Response<Stripe.Checkout.Session>> {
  return begin(connection, deadline, (stripe, options) =>
    stripe.checkout.sessions.create(
      {
        mode: 'subscription',
        customer: customerId,
        client_reference_id: userId,
        metadata: { userId, [OWN_MARK]: 'subscription' },
        line_items: [{ price: priceId, quantity: 1 }],
        ...optionsOf(checkout),
        subscription_data: {
          metadata: { userId },
          ...(trialDays === 0 ? {} : { trial_period_days: trialDays }),
        },
        success_url: returnUrl(appUrl, 'succeeded'),
        cancel_url: returnUrl(appUrl, 'cancelled'),
      },
      { ...options, ...(idempotencyKey === null ? {} : { idempotencyKey }) },
    ),
  );
}

/** The user's open Checkouts of a subscription, the newest first. Those of other products of the owner's don't count. */
async function listOpenSessions(
  connection: StripeConnection,
  { customerId }: SubscriptionOrder,
  deadline: Deadline,
): Promise<string[]> {
  const { items } = await listAll(connection, deadline, (stripe, paging, options) =>
    stripe.checkout.sessions.list({ customer: customerId, status: 'open', ...paging }, options),
  );
  return items
    .filter(({ mode, metadata }) => mode === 'subscription' && metadata?.[OWN_MARK] !== undefined)
    .map(({ id }) => id);
}

/** Nobody can pay on a session's page any more. One that is not open stays as it is. @throws as `callStripe` */
export async function expireSession(
  connection: StripeConnection,
  sessionId: string,
  deadline: Deadline,
): Promise<void> {
  try {
    await callStripe(connection, deadline, (stripe, options) =>
      stripe.checkout.sessions.expire(sessionId, {}, options),
    );
  } catch (error) {
    if (!(error instanceof StripeRejectedError)) {
      throw error;
    }
  }
}

export interface BundleOrder {
  userId: string;
  customerId: string;
  purchaseId: string;
  priceId: string;
  /** Where Stripe sends the user back to. */
  appUrl: string;
  checkout: Checkout;
}

/**
 * Begins a Checkout of a bundle of credits. A repetition for the same purchase and customer within a day gives the
 * same page. The page itself is open for a day.
 *
 * @returns the address of its page
 * @throws StripeUnavailableError, NotConfiguredError, StripeIdempotencyError
 * @throws StripeMissingError by `customer` when the customer was deleted
 */
export async function checkOutBundle(
  connection: StripeConnection,
  { userId, customerId, purchaseId, priceId, appUrl, checkout }: BundleOrder,
  deadline: Deadline,
): Promise<string> {
  // Both carry it: some events name the session, others the payment.
  const metadata = { userId, purchaseId };
  const { statementDescriptor: suffix, makesInvoices } = checkout;
  const session = await begin(connection, deadline, (stripe, options) =>
    stripe.checkout.sessions.create(
      {
        mode: 'payment',
        customer: customerId,
        client_reference_id: userId,
        metadata,
        payment_intent_data: {
          metadata,
          ...(suffix === null ? {} : { statement_descriptor_suffix: suffix }),
        },
        ...(makesInvoices ? { invoice_creation: { enabled: true, invoice_data: { metadata } } } : {}),
        ...optionsOf(checkout),
        line_items: [{ price: priceId, quantity: 1 }],
        success_url: returnUrl(appUrl, 'succeeded'),
        cancel_url: returnUrl(appUrl, 'cancelled'),
      },
      { ...options, idempotencyKey: `${purchaseId}:${customerId}` },
    ),
  );
  return pageOf(session);
}

/** What the catalogue sets for every page. */
function optionsOf({ tax, takesCodes, termsUrl }: Checkout): Partial<Stripe.Checkout.SessionCreateParams> {
  return {
    ...(tax === null
      ? {}
      : {
          automatic_tax: { enabled: true },
          // Stripe counts by the customer's address, and prints their name beside a tax id.
          customer_update: { address: 'auto', name: 'auto' },
          tax_id_collection: { enabled: true },
        }),
    ...(takesCodes ? { allow_promotion_codes: true } : {}),
    ...(termsUrl === null ? {} : { consent_collection: { terms_of_service: 'required' } }),
  };
}

/** @throws NotConfiguredError */
function pageOf({ url }: { url: string | null }): string {
  if (url === null) {
    throw new NotConfiguredError('Stripe made a Checkout session without a page.');
  }
  return url;
}

/** When Stripe does not know a price, somebody has configured it wrongly. */
async function begin<Answer extends StripeAnswer>(
  ...call: Parameters<typeof callStripe<Answer>>
): Promise<Answer> {
  try {
    return await callStripe(...call);
  } catch (error) {
    const isPrice = error instanceof StripeMissingError && error.param?.startsWith('line_items') === true;
    throw isPrice ? new NotConfiguredError(error.message, { cause: error }) : error;
  }
}

/** The app's address, and how the Checkout went. */
function returnUrl(appUrl: string, outcome: 'succeeded' | 'cancelled'): string {
  const url = new URL(appUrl);
  url.searchParams.set('checkout', outcome);
  return url.href;
}
