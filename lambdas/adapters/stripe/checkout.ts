import { type Stripe } from 'stripe';
import { type Deadline } from '../../domain/deadline.ts';
import { type Checkout } from '../../domain/catalogue.ts';
import { callStripe, type StripeAnswer, type StripeConnection } from './connection.ts';
import { NotConfiguredError, StripeMissingError } from './errors.ts';

export interface SubscriptionOrder {
  userId: string;
  customerId: string;
  priceId: string;
  /** 0 for none. */
  trialDays: number;
  /** Where Stripe sends the user back to. */
  appUrl: string;
  checkout: Checkout;
  /** One request makes one session for a customer; null: each request makes another one. */
  requestId: string | null;
}

/**
 * Begins a Checkout of a subscription.
 *
 * @returns the address of its page
 * @throws StripeUnavailableError, NotConfiguredError, StripeIdempotencyError
 * @throws StripeMissingError by `customer` when the customer was deleted
 */
export async function checkOutSubscription(
  connection: StripeConnection,
  order: SubscriptionOrder,
  deadline: Deadline,
): Promise<string> {
  const { userId, customerId, priceId, trialDays, requestId } = order;
  const session = await begin(connection, deadline, (stripe, options) =>
    stripe.checkout.sessions.create(
      {
        mode: 'subscription',
        customer: customerId,
        client_reference_id: userId,
        metadata: { userId },
        line_items: [{ price: priceId, quantity: 1 }],
        ...optionsOf(order.checkout),
        subscription_data: {
          metadata: { userId },
          ...(trialDays === 0 ? {} : { trial_period_days: trialDays }),
        },
        success_url: returnUrl(order.appUrl, 'succeeded'),
        cancel_url: returnUrl(order.appUrl, 'cancelled'),
      },
      { ...options, ...(requestId === null ? {} : { idempotencyKey: `${requestId}:${customerId}` }) },
    ),
  );
  return pageOf(session);
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
