import { randomBytes } from 'node:crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createStore, type Store } from '../lambdas/adapters/dynamodb/store.ts';
import { authorize } from './authorizer.ts';
import { type AwsOperations, secretsManager, startAwsStandIn, stepFunctions } from './aws-stand-in.ts';
import { type Clock, createClock } from './clock.ts';
import { createTable } from './create-table.ts';
import { type DataDirectory, openDataDirectory } from './data-directory.ts';
import { devRoutes } from './dev-routes.ts';
import { startEngine } from './engine.ts';
import { API_FUNCTIONS, type FunctionLoaders } from './functions.ts';
import { type GatewayOptions, openGateway } from './gateway.ts';
import { createIssuer, type Issuer } from './issuer.ts';
import {
  CRON_SECRET_ID,
  GIFT_SECRET_ID,
  setServicesEnvironment,
  setTableEnvironment,
} from './lambda-environment.ts';
import { type LocalEvents, startLocalEvents } from './local-events.ts';
import { type LocalSenders, openSenders } from './local-senders.ts';
import { orTimeout } from './or-timeout.ts';
import { openPayments, type StripeAddress } from './payments.ts';
import { tableName } from './table-name.ts';
import { ROLLOVER_TASKS } from './rollover-tasks.ts';
import { UsageError } from './usage-error.ts';
import { createRolloverMachine, type RolloverMachine } from './state-machine.ts';

export interface RuntimeOptions {
  /** 0 for any free one. */
  port: number;
  /** Where data, keys, secrets and the clock are kept; without it they end with the runtime. */
  dataDir?: string | undefined;
  /** A DynamoDB to use in place of the embedded one. */
  dynamodb?: string | undefined;
  table?: string | undefined;
  /** What the routes call in place of the functions that are deployed. */
  functions?: FunctionLoaders | undefined;
  onAnswer?: GatewayOptions['onAnswer'];
  onError: (error: unknown) => void;
}

/** Postage on this machine: the API, its DynamoDB, its issuer, and what plays AWS for its functions. */
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
  /** Until every event of Stripe's that has come is processed, or set aside. */
  paymentsSettled: () => Promise<void>;
  /** Where the letters lie that were sent. */
  sentFolder: string;
  /** Deals with what is due now. */
  reconcile: () => Promise<void>;
  /** Until every delivery that was handed over is sent or has failed, and answered; the stream must be followed. */
  deliveriesSettled: () => Promise<void>;
  /** Begins to publish events and to count statistics, as the table's stream does in AWS. */
  followStream: () => Promise<void>;
  /** Loads the functions in the background, so that no request waits for it. */
  warm: () => void;
  stop: () => Promise<void>;
}

/**
 * Starts everything; stops again what has started when the rest fails. One runtime per process: the functions read the
 * process's environment.
 *
 * @throws UsageError when the port is taken, the data can't be kept or are in use, or there is no DynamoDB
 */
export async function startRuntime(options: RuntimeOptions): Promise<Runtime> {
  // What starts last stops first.
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
  { port, dataDir, onAnswer, onError, functions = API_FUNCTIONS, ...options }: RuntimeOptions,
  parts: AsyncDisposableStack,
): Promise<Omit<Runtime, 'stop'>> {
  const dynamodb = options.dynamodb ?? parts.adopt(await startEngine({ dataDir }), stopPart).endpoint;
  const table = options.table ?? tableName();
  const gateway = parts.adopt(await openGateway(port), stopPart);
  const { url } = gateway;
  const operations: AwsOperations = {};
  const aws = parts.adopt(await startAwsStandIn(operations), stopPart);

  const data = openDataDirectory(dataDir);
  const clock = createClock(data);
  const issuer = await createIssuer(url, clock, data);
  const cronSecret = keepSecret(data, 'cron-secret');
  const rollover = createRolloverMachine(ROLLOVER_TASKS);
  const senders = parts.adopt(await openSenders({ clock, data, dataDir, onError }), stopPart);
  const events = parts.adopt(await startLocalEvents(senders.onEntry), stopPart);
  const payments = parts.adopt(await openPayments({ url, awsUrl: aws.url, clock, data, onError }), stopPart);
  const secrets = { ...ownSecrets(data, cronSecret), ...payments.secrets, ...senders.secrets };
  Object.assign(operations, events.operations, payments.operations, stepFunctions(rollover));
  Object.assign(operations, secretsManager(secrets));

  setTableEnvironment({ dynamodb, table });
  setServicesEnvironment({ url, awsStandIn: aws.url, objectStore: events.objectStore });
  Object.assign(process.env, payments.environment, senders.environment);
  await createTableWithRetries(table, dynamodb);
  const store = createStore(table);
  parts.defer(() => store.client.destroy());

  const { stripe } = payments;
  gateway.serve({
    functions: { ...functions, admin: () => afterEvents(events, functions.admin) },
    localRoutes: [
      ...devRoutes({ clock, issuer, store, cronSecret, stripe }),
      ...events.routes,
      ...payments.routes,
      ...senders.routes,
    ],
    authorize: (header) => authorize(header, issuer, clock.now()),
    now: clock.now,
    onAnswer,
    onError,
  });
  return {
    ...{ url, dynamodb, table, cronSecret, clock, issuer, store, rollover, stripe },
    paymentsSettled: payments.settled,
    sentFolder: senders.folder,
    reconcile: senders.reconcile,
    deliveriesSettled: () => settleDeliveries(events, senders),
    followStream: async () => parts.defer(await events.follow({ table, clock, data, onError })),
    warm: () => parts.defer(warmUp(functions, payments.warm)),
  };
}

const EVENTS_WITHIN_MS = 2_000;

/** The admin's routes tell what the table's stream has led to, such as the audit trail: up to the request, if it can. */
async function afterEvents<Loaded>(events: LocalEvents, load: () => Promise<Loaded>): Promise<Loaded> {
  await orTimeout(events.caughtUp(), EVENTS_WITHIN_MS, () => undefined);
  return load();
}

async function settleDeliveries(events: LocalEvents, senders: LocalSenders): Promise<void> {
  await events.caughtUp();
  await senders.settled();
  // What the answers have changed is published too.
  await events.caughtUp();
}

/** With the SDK's retries, which the functions' store does without. @throws UsageError */
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

function ownSecrets(data: DataDirectory, cronSecret: string): Record<string, string> {
  return { [CRON_SECRET_ID]: cronSecret, [GIFT_SECRET_ID]: keepSecret(data, 'gift-secret') };
}

function keepSecret(data: DataDirectory, name: 'cron-secret' | 'gift-secret'): string {
  const stored = data.read(name);
  if (
    typeof stored === 'object' &&
    stored !== null &&
    'secret' in stored &&
    typeof stored.secret === 'string'
  ) {
    return stored.secret;
  }
  const secret = randomBytes(24).toString('base64url');
  data.write(name, { secret });
  return secret;
}

/**
 * Loads the functions one after the other; one that can't be loaded says so to whoever calls it.
 *
 * @returns what ends it, after the module that is being loaded
 */
function warmUp(functions: FunctionLoaders, others: () => Promise<void>): () => Promise<void> {
  const ending = new AbortController();
  const loading = (async () => {
    for (const load of Object.values(functions)) {
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
