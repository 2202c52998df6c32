/** The worker that follows Stripe's events, over an embedded DynamoDB and the stand-in for Stripe. */
import './silent-functions.ts';
import { afterEach, beforeEach } from '@jest/globals';
import type { SQSRecord } from 'aws-lambda';
import { randomInt, randomUUID } from 'node:crypto';
import { Stripe } from 'stripe';
import { type Account } from '../../lambdas/domain/account.ts';
import { deadlineIn } from '../../lambdas/runtime/deadline.ts';
import { readStoredAccount } from '../../lambdas/adapters/dynamodb/accounts.ts';
import { linkFirstCustomer, replaceDeletedCustomer } from '../../lambdas/commands/link-customer.ts';
import { DeletedCustomer } from '../../lambdas/adapters/stripe/customers.ts';
import { type FailedEvent, listFailedEvents } from '../../lambdas/adapters/dynamodb/failed-events.ts';
import { type Store } from '../../lambdas/adapters/dynamodb/store.ts';
import { type StripeConnection } from '../../lambdas/adapters/stripe/connection.ts';
import { processStripeEvents } from './as-deployed.ts';
import { type StripeServices } from '../../lambdas/commands/stripe-handler.ts';
import { standInPriceId } from '../../local/stripe-products.ts';
import { type FaultyTable, useFaultyTable } from './faulty-table.ts';
import { openStripe, type TestStripe } from './stripe.ts';

export const PRO = standInPriceId('pro', 'month');
export const PRO_YEARLY = standInPriceId('pro', 'year');
export const ENTERPRISE = standInPriceId('enterprise', 'month');

/** Decides about a request to Stripe: an answer in its place, or null to send it. It may send it itself first. */
export type StripeGate = (send: () => Promise<Response>) => Promise<Response> | Response | null;

/** The connection that the worker has, by way of a gate; its SDK has the same settings as the real one. */
export function gatedConnection(
  { url, secretKey, webhookSecret }: { url: string; secretKey: string; webhookSecret: string },
  gate: StripeGate,
  fetchFrom: typeof fetch = fetch,
): StripeConnection {
  const { hostname, port } = new URL(url);
  const sdk = new Stripe(secretKey, {
    host: hostname,
    port,
    protocol: 'http',
    maxNetworkRetries: 0,
    timeout: 2_000,
    telemetry: false,
    httpClient: Stripe.createFetchHttpClient((input: string | URL | Request, init?: RequestInit) => {
      const send = (): Promise<Response> => fetchFrom(input, init);
      const instead = gate(send);
      return instead === null ? send() : Promise.resolve(instead);
    }),
  });
  return {
    keys: () => Promise.resolve({ secretKey, webhookSecret }),
    sdk: () => Promise.resolve(sdk),
  };
}

/** A message of the queue. */
export function messageOf(body: string, sentAt: number, receives = 1): SQSRecord {
  const id = randomUUID();
  return {
    messageId: id,
    receiptHandle: id,
    body,
    attributes: {
      ApproximateReceiveCount: String(receives),
      SentTimestamp: String(sentAt),
      SenderId: 'test',
      ApproximateFirstReceiveTimestamp: String(sentAt),
    },
    messageAttributes: {},
    md5OfBody: '',
    eventSource: 'aws:sqs',
    eventSourceARN: 'arn',
    awsRegion: 'eu-west-1',
  };
}

/** An event of any type, also of one that Stripe does not know yet. */
export function eventAbout(type: string, object: object, at: number): Stripe.Event {
  const event = {
    id: `evt_${randomUUID().replaceAll('-', '')}`,
    object: 'event',
    type,
    created: Math.floor(at / 1_000),
    livemode: false,
    data: { object: { id: 'in_1', ...object } },
  };
  return event as unknown as Stripe.Event;
}

export interface PaymentsSuite extends FaultyTable {
  stripe: () => Stripe;
  at: () => TestStripe;
  /** Another Stripe in place of the test's, which knows nobody. */
  restart: () => Promise<void>;
  services: (gate?: StripeGate, store?: Store) => StripeServices;
  /** The events of Stripe's that nobody has been told of yet. */
  newEvents: () => Stripe.Event[];
  /** Hands events to the worker as one batch. @returns the types of those that failed */
  follow: (events: readonly Stripe.Event[], services?: StripeServices) => Promise<string[]>;
  /** Lets the worker follow everything that has happened. */
  followAll: () => Promise<void>;
  /** A user with a customer at Stripe, who pays with this card. */
  givenCustomer: (card?: string | null) => Promise<{ userId: string; customerId: string }>;
  /** Puts another customer in the place of a user's, who was deleted at Stripe, as a Checkout does. */
  replaceCustomer: (user: { userId: string; customerId: string }, next: string) => Promise<string>;
  account: (userId: string) => Promise<Account>;
  failed: () => Promise<FailedEvent[]>;
}

/** How the stand-in plays Stripe. */
export type StandInOptions = NonNullable<Parameters<typeof openStripe>[1]>;

/** A Stripe of its own for each test, which begins at this instant. */
export function usePayments(startIso: string, options: StandInOptions = {}): PaymentsSuite {
  const table = useFaultyTable();
  let opened: TestStripe | null = null;
  let told = 0;
  const restart = async (): Promise<void> => {
    await opened?.stop();
    // Another seed each time: the table remembers the ids of the tests before.
    opened = await openStripe(startIso, { ...options, seed: randomInt(2 ** 31) });
    told = 0;
  };
  beforeEach(restart);
  afterEach(async () => {
    await opened?.stop();
  });
  const begun = (): TestStripe => {
    if (opened === null) {
      throw new Error('Stripe is there once a test has begun.');
    }
    return opened;
  };
  const services = (gate: StripeGate = () => null, store = table.faultyStore()): StripeServices => ({
    store,
    stripe: gatedConnection(begun().standIn, gate),
    stage: 'test',
    holdBack: () => Promise.resolve(),
  });
  const newEvents = (): Stripe.Event[] => {
    const events = begun().standIn.control.events().slice(told);
    told += events.length;
    return events;
  };
  const follow = async (events: readonly Stripe.Event[], by = services()): Promise<string[]> => {
    const messages = events.map((event) => messageOf(JSON.stringify(event), begun().clock.now()));
    const { batchItemFailures } = await processStripeEvents(by, messages);
    const failed = new Set(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
    return events.filter((_, index) => failed.has(messages[index]?.messageId ?? '')).map(({ type }) => type);
  };
  return {
    ...table,
    stripe: () => begun().stripe,
    at: begun,
    restart,
    services,
    newEvents,
    follow,
    followAll: async () => {
      const failed = await follow(newEvents());
      if (failed.length > 0) {
        throw new Error(`The worker failed on ${failed.join(', ')}.`);
      }
    },
    givenCustomer: async (card = 'pm_card_visa') => {
      const userId = `user-${randomUUID()}`;
      const { id: customerId } = await begun().stripe.customers.create({
        metadata: { userId },
        ...(card === null
          ? {}
          : { payment_method: card, invoice_settings: { default_payment_method: card } }),
      });
      await linkFirstCustomer(table.store(), { userId, customerId }, begun().clock.now(), deadlineIn(5_000));
      return { userId, customerId };
    },
    replaceCustomer: async ({ userId, customerId: former }, customerId) => {
      const deleted = await DeletedCustomer.confirm(services().stripe, former, deadlineIn(5_000));
      const link = { userId, customerId };
      const now = begun().clock.now();
      return (await replaceDeletedCustomer(table.store(), deleted, link, now, deadlineIn(5_000))) ?? former;
    },
    account: async (userId) => {
      const account = await readStoredAccount(table.store(), userId, deadlineIn(20_000));
      if (account?.kind !== 'account') {
        throw new Error(`There is no account of ${userId}.`);
      }
      return account;
    },
    failed: async () =>
      (await listFailedEvents(table.store(), { limit: 100, after: null }, deadlineIn(20_000))).items,
  };
}
