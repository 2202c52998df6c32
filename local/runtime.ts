import { randomBytes } from 'node:crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import * as z from 'zod/mini';
import { connectTable, createStore, type Store } from '../lambdas/adapters/dynamodb/store.ts';
import { type Instant, toIso } from '../lambdas/domain/instants.ts';
import * as ownConfig from '#config';
import { recordCatalogue } from '../lambdas/adapters/dynamodb/catalogue-records.ts';
import type { Config } from '../lambdas/letters/domain/config.ts';
import { deadlineIn } from '../lambdas/runtime/deadline.ts';
import { snapshotOf } from '../lambdas/wiring/catalogue-snapshot.ts';
import { authorize } from './authorizer.ts';
import { CORE_APP, LETTERS_APP } from './apps.ts';
import { type AwsOperations, secretsManager, startAwsStandIn, stepFunctions } from './aws-stand-in.ts';
import { type Clock, createClock } from './clock.ts';
import { createTable } from './create-table.ts';
import { type DataDirectory, keep, openDataDirectory } from './data-directory.ts';
import { devRoutes } from './dev-routes.ts';
import { startEngine } from './engine.ts';
import type { FunctionLoaders } from './functions.ts';
import { type GatewayOptions, openGateway } from './gateway.ts';
import { AUDIENCE, createIssuer, type Issuer } from './issuer.ts';
import {
  CRON_SECRET_ID,
  GIFT_SECRET_ID,
  setCatalogueSince,
  setServicesEnvironment,
  setTableEnvironment,
  tableName,
} from './lambda-environment.ts';
import { type LocalEvents, startLocalEvents } from './local-events.ts';
import { type LocalSenders, openSenders } from './local-senders.ts';
import { orTimeout } from './or-timeout.ts';
import { openPage } from './page.ts';
import { type LocalPayments, openPayments, type StripeAddress } from './payments.ts';
import { ROLLOVER_TASKS } from './rollover-tasks.ts';
import { type DemoUser, signInPages } from './sign-in.ts';
import { UsageError } from './usage-error.ts';
import { createRolloverMachine, type RolloverMachine } from './state-machine.ts';
import { catalogueInForce } from '../lambdas/wiring/catalogue.ts';

const config: Config = ownConfig;

export interface RuntimeOptions {
  /** 0 takes any free one. */
  port: number;
  /** Keeps data, keys, secrets and the clock; without it they end with the runtime. */
  dataDir?: string | undefined;
  /** A DynamoDB to use in place of the embedded one. */
  dynamodb?: string | undefined;
  table?: string | undefined;
  /** Whether the letters app runs too. */
  hasLetters?: boolean | undefined;
  /** Whom the page to sign in offers. */
  demoUsers?: readonly DemoUser[] | undefined;
  /** Functions to call in place of the deployed ones. */
  functions?: FunctionLoaders | undefined;
  /** Of pages that may call from a browser; none unless told. */
  origins?: readonly string[] | undefined;
  onAnswer?: GatewayOptions['onAnswer'];
  onError: (error: unknown) => void;
}

/** Postage on this machine: the API, its DynamoDB, its issuer, and stand-ins for AWS and Stripe. */
export interface Runtime {
  url: string;
  dynamodb: string;
  table: string;
  cronSecret: string;
  clock: Clock;
  issuer: Issuer;
  store: Store;
  rollover: RolloverMachine;
  stripe: StripeAddress;
  /** Waits until every event from Stripe that has come is processed or set aside. */
  paymentsSettled: () => Promise<void>;
  /** Holds the letters that were sent; null without the letters app. */
  sentFolder: string | null;
  /** Deals with what is due now, as the schedule does every five minutes. */
  reconcile: () => Promise<void>;
  /** Waits until every dispatched delivery is sent or has failed. The stream must be followed. */
  deliveriesSettled: () => Promise<void>;
  /** Builds the page in the background, so that nobody has to wait for it. */
  buildPage: () => void;
  /** Begins to hand the table's changes to the functions on its stream. */
  followStream: () => Promise<void>;
  /** Loads the functions in the background, so that no request has to wait for that. */
  warm: () => void;
  stop: () => Promise<void>;
}

/**
 * Starts everything. When a part fails, it stops those that have started. One runtime per process: the functions read
 * the process's environment.
 *
 * @throws UsageError when the port is taken, the data can't be kept or are in use, or there is no DynamoDB
 */
export async function startRuntime(options: RuntimeOptions): Promise<Runtime> {
  // The last part to start is the first to stop.
  const parts = new AsyncDisposableStack();
  const stop = (): Promise<void> => parts.disposeAsync();
  try {
    return { ...(await startParts(options, parts)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

const stopPart = (part: { stop: () => Promise<void> }): Promise<void> => part.stop();

async function startParts(
  { port, dataDir, onAnswer, onError, origins = [], ...options }: RuntimeOptions,
  parts: AsyncDisposableStack,
): Promise<Omit<Runtime, 'stop'>> {
  const hasLetters = options.hasLetters ?? config.letters !== null;
  const app = hasLetters ? LETTERS_APP : CORE_APP;
  const { functions = app.functions } = options;
  const dynamodb = options.dynamodb ?? parts.adopt(await startEngine({ dataDir }), stopPart).endpoint;
  const table = options.table ?? tableName();
  const gateway = parts.adopt(await openGateway(port), stopPart);
  const { url } = gateway;
  const operations: AwsOperations = {};
  const aws = parts.adopt(await startAwsStandIn(operations), stopPart);

  const data = openDataDirectory(dataDir);
  const clock = createClock(data);
  const issuer = await createIssuer(url, clock, data);
  const { cronSecret, ownSecrets } = await keepSecrets(data);
  const rollover = createRolloverMachine(ROLLOVER_TASKS);
  const senders = hasLetters
    ? parts.adopt(await openSenders({ clock, data, dataDir, onError }), stopPart)
    : null;
  const events = parts.adopt(await startLocalEvents(senders?.onEntry ?? (() => undefined)), stopPart);
  const paid = await openPayments({ url, awsUrl: aws.url, clock, data, app, onError });
  const payments = parts.adopt(paid, stopPart);
  const secrets = secretsManager({ ...ownSecrets, ...payments.secrets, ...senders?.secrets });
  Object.assign(operations, events.operations, payments.operations, stepFunctions(rollover), secrets);

  setTableEnvironment({ dynamodb, table });
  setServicesEnvironment({ url, awsStandIn: aws.url, objectStore: events.objectStore });
  Object.assign(process.env, payments.environment, senders?.environment);
  await createTableWithRetries(table, dynamodb);
  await recordOwnCatalogue(table, clock.now());
  const store = createStore(table, catalogueInForce());
  parts.defer(() => store.client.destroy());

  const { stripe } = payments;
  const users = options.demoUsers ?? [];
  const { pages, build } = pagesOf({ url, issuer, hasLetters, payments, onError, users });
  gateway.serve({
    routes: app.routes,
    functions: { ...functions, admin: () => afterEvents(events, functions.admin) },
    localRoutes: [
      ...devRoutes({ clock, issuer, store, cronSecret, stripe }),
      ...events.routes,
      ...payments.routes,
      ...(senders?.routes ?? []),
    ],
    pages,
    authorize: (header) => authorize(header, issuer, clock.now()),
    origins,
    now: clock.now,
    onAnswer,
    onError,
  });
  return {
    ...{ url, dynamodb, table, cronSecret, clock, issuer, store, rollover, stripe },
    paymentsSettled: payments.settled,
    sentFolder: senders?.folder ?? null,
    buildPage: build,
    reconcile: async () => {
      const { handler } = await app.reconciler();
      await handler({ now: toIso(clock.now()) });
    },
    deliveriesSettled: () => settleDeliveries(events, senders),
    followStream: async () => parts.defer(await events.follow({ app, table, clock, data, onError })),
    warm: () => parts.defer(warmUp(new Set(app.routes.map(({ group }) => functions[group])), payments.warm)),
  };
}

interface PagesOptions {
  url: string;
  issuer: Issuer;
  hasLetters: boolean;
  payments: LocalPayments;
  users: readonly DemoUser[];
  onError: (error: unknown) => void;
}

/** The page, with what it is told of this machine, and those on which its users sign in. */
function pagesOf({ url, issuer, hasLetters, payments, users, onError }: PagesOptions): {
  pages: NonNullable<GatewayOptions['pages']>;
  build: () => void;
} {
  const about = { name: 'Postage', apiUrl: '/', issuer: url, clientId: AUDIENCE, scope: 'openid' };
  const page = openPage(
    { signIn: [url], stripeStandIn: payments.stripe.url },
    async () => ({ ...about, signOutUrl: null, hasLetters, stripe: await payments.inPage() }),
    onError,
  );
  const signIn = signInPages({ issuer, users });
  return { pages: async (request) => (await page.answer(request)) ?? signIn(request), build: page.build };
}

const RECORDED_WITHIN_MS = 20_000;

/** As a deployment does, before the functions are loaded. */
async function recordOwnCatalogue(table: string, now: Instant): Promise<void> {
  const connected = connectTable(table);
  const snapshot = snapshotOf(config.catalogue);
  setCatalogueSince(await recordCatalogue(connected, snapshot, now, deadlineIn(RECORDED_WITHIN_MS)));
  connected.client.destroy();
}

const EVENTS_WITHIN_MS = 2_000;

/** Admin routes show what follows from the table's stream, such as the audit trail. So they wait for the stream first. */
async function afterEvents<Loaded>(events: LocalEvents, load: () => Promise<Loaded>): Promise<Loaded> {
  await orTimeout(events.caughtUp(), EVENTS_WITHIN_MS, () => undefined);
  return load();
}

async function settleDeliveries(events: LocalEvents, senders: LocalSenders | null): Promise<void> {
  await events.caughtUp();
  await senders?.settled();
  // The answers change deliveries, which publishes events.
  await events.caughtUp();
}

/** With a client of its own: the functions' store has no retries by the SDK. @throws UsageError */
async function createTableWithRetries(table: string, dynamodb: string): Promise<void> {
  const client = new DynamoDBClient();
  try {
    await createTable(client, table);
  } catch (error) {
    throw new UsageError(`The table ${table} cannot be reached at ${dynamodb}. (${String(error)})`);
  } finally {
    client.destroy();
  }
}

async function keepSecrets(
  data: DataDirectory,
): Promise<{ cronSecret: string; ownSecrets: Record<string, string> }> {
  const cronSecret = await keepSecret(data, 'cron-secret');
  const giftSecret = await keepSecret(data, 'gift-secret');
  return { cronSecret, ownSecrets: { [CRON_SECRET_ID]: cronSecret, [GIFT_SECRET_ID]: giftSecret } };
}

const keptSecret = z.object({ secret: z.string() });

async function keepSecret(data: DataDirectory, name: 'cron-secret' | 'gift-secret'): Promise<string> {
  const make = (): z.infer<typeof keptSecret> => ({ secret: randomBytes(24).toString('base64url') });
  return (await keep(data, name, keptSecret, make)).secret;
}

/**
 * Loads the functions one after the other. An error shows when somebody calls the function.
 *
 * @returns how to end it, after the current module
 */
function warmUp(
  functions: Iterable<() => Promise<unknown>>,
  others: () => Promise<void>,
): () => Promise<void> {
  const ending = new AbortController();
  const loading = (async () => {
    for (const load of functions) {
      if (!ending.signal.aborted) {
        await load().catch(() => undefined);
      }
    }
    if (!ending.signal.aborted) {
      await others().catch(() => undefined);
    }
  })();
  return async () => {
    ending.abort();
    await loading;
  };
}
