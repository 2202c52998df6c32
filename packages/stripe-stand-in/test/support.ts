import { afterEach } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { type AddressInfo } from 'node:net';
import { Stripe } from 'stripe';
import { openStripe as openStandIn, type ReadyProduct, type TestStripe } from '../src/index.ts';

export const PRO = 'price_pro_month';
export const PRO_YEAR = 'price_pro_year';
export const ENTERPRISE = 'price_enterprise_month';

const recurring = { currency: 'usd', recurring: { interval: 'month' } };
export const PRODUCTS: ReadyProduct[] = [
  {
    id: 'prod_pro',
    name: 'Pro',
    prices: [
      { ...recurring, id: PRO, unit_amount: 900, lookup_key: 'pro_month' },
      { ...recurring, id: PRO_YEAR, unit_amount: 9_000, recurring: { interval: 'year' } },
    ],
  },
  {
    id: 'prod_enterprise',
    name: 'Enterprise',
    prices: [{ ...recurring, id: ENTERPRISE, unit_amount: 2_900, lookup_key: 'enterprise_month' }],
  },
];

/** A stand-in with two products, and a clock that stands still. */
export const openStripe: typeof openStandIn = (startIso, options) =>
  openStandIn(startIso, { products: PRODUCTS, ...options });

/** Opens Stripe's server within a test, at the test's own time; it stops when the test ends. */
export function useStripe(): typeof openStripe {
  let open: TestStripe | null = null;
  afterEach(async () => {
    await open?.stop();
    open = null;
  });
  return async (startIso, options) => {
    open = await openStripe(startIso, options);
    return open;
  };
}

export interface Received {
  headers: IncomingHttpHeaders;
  body: string;
}

export interface WebhookEndpoint {
  url: string;
  received: Received[];
  /** The ids and types, in the order in which they came. */
  events: () => { id: string; type: string }[];
  /** What is answered: 200 until it is set. */
  answerWith: (status: number) => void;
  close: () => Promise<void>;
}

/** What receives webhooks and notes them. */
export async function openWebhookEndpoint(): Promise<WebhookEndpoint> {
  const received: Received[] = [];
  let status = 200;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      received.push({ headers: request.headers, body: Buffer.concat(chunks).toString('utf8') });
      response.writeHead(status).end();
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    events: () =>
      received.map(({ body }) => {
        const { id, type } = JSON.parse(body) as { id: string; type: string };
        return { id, type };
      }),
    answerWith: (next) => {
      status = next;
    },
    close: async () => {
      server.close().closeAllConnections();
      await once(server, 'close');
    },
  };
}

/** The error of the SDK's own kind that a call ends in. */
export async function stripeError(call: Promise<unknown>): Promise<Stripe.errors.StripeError> {
  try {
    await call;
  } catch (error) {
    if (error instanceof Stripe.errors.StripeError) {
      return error;
    }
    throw error;
  }
  throw new Error('The call succeeded.');
}

export function seconds(iso: string): number {
  return Date.parse(iso) / 1_000;
}

export function iso(second: number | null | undefined): string | null {
  return second === null || second === undefined ? null : new Date(second * 1_000).toISOString();
}

/** The id behind a reference, expanded or not. */
export function idOf(reference: string | { id: string } | null | undefined): string {
  const id = typeof reference === 'object' ? reference?.id : reference;
  if (id === undefined) {
    throw new Error('There is no reference.');
  }
  return id;
}

/** The types of the events after the first `count`. */
export function typesSince({ standIn }: TestStripe, count = 0): string[] {
  return standIn.control
    .events()
    .slice(count)
    .map(({ type }) => type);
}

/** A customer whose default is the test card, or without one. */
export async function customerWith(stripe: Stripe, card: string | null): Promise<string> {
  const { id } = await stripe.customers.create(
    card === null ? {} : { payment_method: card, invoice_settings: { default_payment_method: card } },
  );
  return id;
}

/** A payment of its own, without a subscription. */
export const PAYMENT = { amount: 300, currency: 'usd' };

/** A new customer with a card that is not the default. */
export async function attached(stripe: Stripe, card: string): Promise<{ customer: string; method: string }> {
  const customer = await customerWith(stripe, null);
  const { id: method } = await stripe.paymentMethods.attach(card, { customer });
  return { customer, method };
}

/** An intent that is made unconfirmed first, and then confirmed by its id while the customer is away. */
export async function payAway(stripe: Stripe, card: string): Promise<Stripe.PaymentIntent> {
  const { customer, method } = await attached(stripe, card);
  const { id } = await stripe.paymentIntents.create({ ...PAYMENT, customer });
  return stripe.paymentIntents.confirm(id, { payment_method: method, off_session: true });
}

/** A subscription of a new customer's, to the price of pro per month if no other is given. */
export async function subscribe(
  stripe: Stripe,
  params: Partial<Stripe.SubscriptionCreateParams> = {},
  card: string | null = 'pm_card_visa',
): Promise<Stripe.Subscription> {
  const customer = await customerWith(stripe, card);
  const items = [{ price: PRO }];
  return stripe.subscriptions.create({ customer, items, ...params });
}

export function onlyItem(subscription: Stripe.Subscription): Stripe.SubscriptionItem {
  const [item] = subscription.items.data;
  if (item === undefined) {
    throw new Error('The subscription has no item.');
  }
  return item;
}

/** Start and end of the subscription's period. */
export function periodOf(subscription: Stripe.Subscription): [string | null, string | null] {
  const { current_period_start: start, current_period_end: end } = onlyItem(subscription);
  return [iso(start), iso(end)];
}

/** The newest first. */
export async function invoicesOf(stripe: Stripe, subscription: string): Promise<Stripe.Invoice[]> {
  return (await stripe.invoices.list({ subscription, limit: 100 })).data;
}
