import { randomBytes } from 'node:crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createStore, type Store } from '../lambdas/adapters/dynamodb/store.ts';
import { authorize } from './authorizer.ts';
import { secretsManager, startAwsStandIn, stepFunctions } from './aws-stand-in.ts';
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
 * Starts everything; what has been started is stopped again when the rest fails. One runtime per process: the
 * functions read the process's environment.
 *
 * @throws UsageError when the port is taken, the data can't be kept or are in use, or there is no DynamoDB
 */
export async function startRuntime(options: RuntimeOptions): Promise<Runtime> {
  const stops: (() => Promise<void> | void)[] = [];
  const stop = async (): Promise<void> => {
    for (const stopOne of stops.splice(0).reverse()) {
      await stopOne();
    }
  };
  try {
    return { ...(await startAll(options, stops)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startAll(
  options: RuntimeOptions,
  stops: (() => Promise<void> | void)[],
): Promise<Omit<Runtime, 'stop'>> {
  const gateway = await openGateway(options.port);
  stops.push(() => gateway.close());
  const { url } = gateway;
  const engine =
    options.dynamodb === undefined
      ? await startEngine({ dataDir: options.dataDir })
      : { endpoint: options.dynamodb, stop: () => undefined };
  // Last of all, after the requests under way.
  stops.unshift(() => engine.stop());

  const data = openDataDirectory(options.dataDir);
  const clock = createClock(data);
  const issuer = await createIssuer(url, clock, data);
  const cronSecret = keepSecret(data, 'cron-secret');
  const rollover = createRolloverMachine(ROLLOVER_TASKS);
  const { onError, dataDir } = options;
  const senders = await openSenders({ clock, data, dataDir, onError });
  const events = await startLocalEvents(senders.onEntry);
  stops.push(() => events.stop());
  const payments = await openPayments({ url, clock, data, onError });
  const awsStandIn = await startAwsStandIn({
    ...events.operations,
    ...stepFunctions(rollover),
    ...secretsManager({ ...ownSecrets(data, cronSecret), ...payments.secrets, ...senders.secrets }),
    ...payments.operations,
  });
  stops.push(() => awsStandIn.stop());

  const dynamodb = engine.endpoint;
  const table = options.table ?? tableName();
  setTableEnvironment({ dynamodb, table });
  setServicesEnvironment({ url, awsStandIn: awsStandIn.url, objectStore: events.objectStore });
  const paymentsEnvironment = payments.environment({ awsStandIn: awsStandIn.url, app: `${url}/docs` });
  Object.assign(process.env, paymentsEnvironment, senders.environment);
  const store = createStore(table);
  stops.push(() => store.client.destroy());
  // Before what their functions call.
  stops.push(
    () => payments.stop(),
    () => senders.stop(),
  );
  await createTableWithRetries(table, dynamodb);

  const functions = options.functions ?? API_FUNCTIONS;
  gateway.serve({
    functions,
    localRoutes: [
      ...devRoutes({ clock, issuer, store }),
      ...events.routes,
      ...payments.routes,
      ...senders.routes,
    ],
    authorize: (header) => authorize(header, issuer, clock.now()),
    now: clock.now,
    onAnswer: options.onAnswer,
    onError,
  });
  const follow = async (): Promise<void> => {
    stops.push(await events.follow({ table, clock, data, onError }));
  };
  const warm = (): void => void stops.push(warmUp(functions, payments.warm));
  const { stripe, settled: paymentsSettled } = payments;
  const deliveriesSettled = (): Promise<void> => settleDeliveries(events, senders);
  return {
    ...{ url, dynamodb, table, cronSecret, clock, issuer, store, rollover, stripe, paymentsSettled },
    ...{ sentFolder: senders.folder, reconcile: senders.reconcile, deliveriesSettled },
    followStream: follow,
    warm,
  };
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
