import { randomBytes, randomInt } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type DataDirectory } from '../data-directory.ts';
import { closeServer, listenLocally } from '../http-server.ts';
import { answerApi, type ApiOutcome, type ApiParts, type ApiRequest } from './api.ts';
import { seedCatalog } from './catalog.ts';
import { DAY, HOUR } from './calendar.ts';
import { listenForCheckoutPayments } from './checkout-payment.ts';
import { type Control, createControl } from './control.ts';
import { listenForDisputes } from './disputes.ts';
import { type Faults, faultsOf, NO_FAULTS } from './faults.ts';
import { IdempotencyKeys } from './idempotency.ts';
import { listenForPayments } from './invoices.ts';
import { createLifecycle, type Lifecycle } from './lifecycle.ts';
import { openMemory } from './memory.ts';
import { seededRandom } from './random.ts';
import { type BillingSettings, Sandbox } from './sandbox.ts';
import { listenForDeletedCustomers } from './subscription-end.ts';
import { listenForInvoices } from './subscription-lifecycle.ts';
import { Webhooks } from './webhooks.ts';

export interface StripeOptions {
  /** The time in it, in milliseconds. */
  clock: { now(): number };
  /** Where events go; null (or while it answers null) holds them back. */
  webhookUrl?: (() => string | null) | undefined;
  /** 0 or none for any free one. */
  port?: number | undefined;
  /** One that somebody has been told of already, in place of a port. */
  listening?: ListeningServer | undefined;
  /** Keys that somebody has been told already. */
  keys?: { secretKey: string; webhookSecret: string } | undefined;
  /** Repeats the ids and the faults of an earlier run. */
  seed?: number | undefined;
  billing?: Partial<BillingSettings> | undefined;
  /** Keeps everything over restarts. */
  data?: DataDirectory | undefined;
  /** A mistake of the stand-in's own. */
  onError?: ((error: unknown) => void) | undefined;
}

export interface ListeningServer {
  server: Server;
  url: string;
}

/** Stripe's server on this machine. */
export interface StripeStandIn {
  url: string;
  secretKey: string;
  webhookSecret: string;
  seed: number;
  control: Control;
  /** A request without a socket, for callers in the same process. */
  answer(request: ApiRequest): Promise<ApiOutcome>;
  stop(): Promise<void>;
}

const BILLING: BillingSettings = {
  draftSeconds: HOUR,
  retryDays: [3, 5, 8],
  afterRetries: 'canceled',
  settlementSeconds: 4 * DAY,
};

const MAX_BODY_BYTES = 1024 * 1024;
const TICK_MS = 1_000;

/** @throws UsageError when the port is taken */
export async function startStripe(options: StripeOptions): Promise<StripeStandIn> {
  const { sandbox, webhooks, idempotency, identity, save, closeMemory } = openSandbox(options);
  const { seed, secretKey, webhookSecret } = identity;
  const lifecycle = createLifecycle(sandbox);
  const onError = options.onError ?? ((error) => console.error(error));
  let faults: Faults = NO_FAULTS;
  const { server, url } = options.listening ?? (await listenOn(options.port ?? 0));
  const parts: ApiParts = {
    sandbox,
    lifecycle,
    idempotency,
    random: seededRandom(seed),
    secretKey,
    now: () => options.clock.now(),
    faults: () => faults.api,
    onChange: save,
    onError,
  };
  server.on('request', (request, response) => void respond(parts, request, response));
  const ticking = tickEvery(TICK_MS, lifecycle, onError);
  const control = createControl({
    sandbox,
    onChange: save,
    setFaults: (order) => {
      faults = faultsOf(order);
      webhooks.faults = faults.webhooks;
      return faults;
    },
    flush: () => webhooks.flush(),
    settled: () => webhooks.settled(),
    tick: () => {
      lifecycle.advance();
      save();
    },
    reset: () => {
      sandbox.clear();
      idempotency.clear();
      webhooks.clear();
      seedCatalog(sandbox);
      save();
    },
  });
  const stop = async (): Promise<void> => {
    clearInterval(ticking);
    // What has not been delivered is kept too, so before the webhooks forget it.
    save();
    closeMemory();
    await webhooks.stop();
    await closeServer(server);
  };
  const answer = (request: ApiRequest): Promise<ApiOutcome> => answerApi(parts, request);
  return { url, secretKey, webhookSecret, seed, control, answer, stop };
}

interface Identity {
  seed: number;
  secretKey: string;
  webhookSecret: string;
}

/** The account with what it has kept, or a new one with the seeded catalogue. */
function openSandbox({ clock, seed, keys, billing, webhookUrl, data }: StripeOptions): {
  sandbox: Sandbox;
  webhooks: Webhooks;
  idempotency: IdempotencyKeys;
  identity: Identity;
  save: () => void;
  closeMemory: () => void;
} {
  const memory = openMemory(data);
  const kept = memory.read();
  const identity = { ...(kept ?? newIdentity(seed)), ...keys };
  const webhooks = new Webhooks(
    {
      url: webhookUrl ?? (() => null),
      secret: identity.webhookSecret,
      now: () => clock.now(),
      random: seededRandom(identity.seed),
    },
    NO_FAULTS.webhooks,
  );
  const sandbox = new Sandbox({
    seed: identity.seed,
    clock,
    settings: { ...BILLING, ...billing },
    onEvent: (event) => webhooks.enqueue(event),
  });
  connectRules(sandbox);
  const idempotency = new IdempotencyKeys();
  memory.restore(kept, { sandbox, idempotency, webhooks });
  if (sandbox.state.product.size === 0) {
    seedCatalog(sandbox);
  }
  const { secretKey, webhookSecret } = identity;
  const save = (): void =>
    memory.write({ seed: identity.seed, secretKey, webhookSecret, sandbox, idempotency, webhooks });
  save();
  return { sandbox, webhooks, idempotency, identity, save, closeMemory: () => memory.close() };
}

/** So that what is due happens though nobody asks. */
function tickEvery(ms: number, lifecycle: Lifecycle, onError: (error: unknown) => void): NodeJS.Timeout {
  return setInterval(() => {
    try {
      lifecycle.advance();
    } catch (error) {
      onError(error);
    }
  }, ms).unref();
}

function newIdentity(seed = randomInt(2 ** 31)): Identity {
  return {
    seed,
    secretKey: `sk_test_${randomBytes(18).toString('hex')}`,
    webhookSecret: `whsec_${randomBytes(24).toString('hex')}`,
  };
}

async function listenOn(port: number): Promise<ListeningServer> {
  const server = createServer();
  // Longer than a client keeps a connection, so that it does not send into one that just closed.
  server.keepAliveTimeout = 65_000;
  const { url } = await listenLocally(server, port);
  return { server, url };
}

function connectRules(sandbox: Sandbox): void {
  listenForPayments(sandbox);
  listenForInvoices(sandbox);
  listenForCheckoutPayments(sandbox);
  listenForDisputes(sandbox);
  listenForDeletedCustomers(sandbox);
}

async function respond(parts: ApiParts, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await bodyOf(request);
  const outcome: ApiOutcome =
    body === null
      ? 'cut'
      : await answerApi(parts, {
          method: request.method ?? '',
          target: request.url ?? '/',
          headers: request.headers,
          body,
        });
  if (outcome === 'cut') {
    // A reset, not an orderly end: the client can't know how far its request came.
    request.socket.resetAndDestroy();
  } else if (outcome !== 'hang') {
    response.sendDate = false;
    response.writeHead(outcome.status, outcome.headers).end(outcome.body);
  }
}

/** Null when it is too long or breaks off. */
async function bodyOf(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of request) {
      const bytes = chunk as Buffer;
      length += bytes.length;
      if (length > MAX_BODY_BYTES) {
        return null;
      }
      chunks.push(bytes);
    }
  } catch {
    return null;
  }
  return Buffer.concat(chunks).toString('utf8');
}
