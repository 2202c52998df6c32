import { randomBytes, randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { answerApi, type ApiOutcome, type ApiParts, type ApiRequest } from './api.ts';
import { type ReadyProduct, seedCatalog } from './catalog.ts';
import { DAY, HOUR } from './calendar.ts';
import { listenForCheckoutPayments } from './checkout-payment.ts';
import { type Control, createControl } from './control.ts';
import { answerControl, type ControlAnswer } from './control-routes.ts';
import { listenForDisputes } from './disputes.ts';
import { type Faults, faultsOf, NO_FAULTS } from './faults.ts';
import { answerHostedPage } from './hosted-pages.ts';
import { IdempotencyKeys } from './idempotency.ts';
import { answerPage } from './in-page.ts';
import { listenForPayments } from './invoices.ts';
import { type Access, type Account, otherKeysOf } from './keys.ts';
import { createLifecycle, type Lifecycle } from './lifecycle.ts';
import { type DataStore, openMemory } from './memory.ts';
import { type Plays } from './plays.ts';
import { seededRandom } from './random.ts';
import { RateLimiter, type RateLimits } from './rate-limits.ts';
import { parseTarget } from './router.ts';
import { type BillingSettings, Sandbox } from './sandbox.ts';
import { listenForDeletedCustomers } from './subscription-end.ts';
import { listenForInvoices } from './subscription-lifecycle.ts';
import { targetsOf } from './webhook-endpoints.ts';
import { type Target, Webhooks } from './webhooks.ts';

export interface StripeOptions {
  /** What time it is at Stripe, in milliseconds. */
  clock: { now(): number };
  /** What is sold, before anybody makes more of it over the API. */
  products?: readonly ReadyProduct[] | undefined;
  /** Where events go. While there is no address they are held back. */
  webhookUrl?: (() => string | null) | undefined;
  /** 0, or none: any free port. */
  port?: number | undefined;
  /** A server whose address somebody knows already, in place of a port. */
  listening?: ListeningServer | undefined;
  /** Keys that somebody knows already. */
  keys?: { secretKey: string; webhookSecret: string } | undefined;
  /** Repeats the ids and the faults of an earlier run. */
  seed?: number | undefined;
  billing?: Partial<BillingSettings> | undefined;
  /** The Dashboard's settings of payments, and what is played where Stripe's sources do not agree. */
  plays?: Partial<Plays> | undefined;
  /** How many requests a second it takes; null, or none, for any number. */
  rateLimits?: Partial<RateLimits> | null | undefined;
  /** Serves Checkout and the Portal as pages to click through, and gives their addresses out. */
  hostsPages?: boolean | undefined;
  /** Keeps everything over restarts. */
  data?: DataStore | undefined;
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
  publishableKey: string;
  /** The account in live mode, where nothing is yet. */
  liveKey: string;
  /** An account of somebody else's, where nothing is either. */
  otherAccountKey: string;
  webhookSecret: string;
  seed: number;
  control: Control;
  /** Carries out a control route without a socket. The server answers the same routes below `/control`. */
  answerControl(method: string, path: string, json: unknown): Promise<ControlAnswer>;
  /** A request without a socket, for callers in the same process. */
  answer(request: ApiRequest): Promise<ApiOutcome>;
  stop(): Promise<void>;
}

const BILLING: BillingSettings = {
  draftSeconds: HOUR,
  // Guess: a failed payment is tried again after 3, 5 and 8 days, and then the subscription is cancelled.
  retryDays: [3, 5, 8],
  afterRetries: 'canceled',
  unpaidInvoices: 'open',
  // Guess: a subscription by invoice is given up 30 days after an invoice was due.
  deadlineDays: 30,
  overdueDays: null,
  pendingUpdateMetadata: 'refused',
  anchorInTrial: 'ends_trial',
  portalUnpaidChange: 'applied',
  portalWhileScheduled: 'releases',
  methodWhileScheduled: 'copied',
  portalDecrease: 'per_year',
  // Guess: a bank debit ends four days after it began.
  settlementSeconds: 4 * DAY,
};

// Source: https://docs.stripe.com/rate-limits
const RATE_LIMITS: RateLimits = { endpoint: 25, global: 100, by: 'process' };

const MAX_BODY_BYTES = 1024 * 1024;
const TICK_MS = 1_000;
const CLOSES_WITHIN_MS = 1_000;
const CONTROL = '/control';
const JSON_HEADERS = { 'content-type': 'application/json' };

/** @throws Error of Node's when the port is taken */
export async function startStripe(options: StripeOptions): Promise<StripeStandIn> {
  const { sandbox, webhooks, idempotency, identity, save, closeMemory } = openSandbox(options);
  const { seed, secretKey, webhookSecret } = identity;
  const lifecycle = createLifecycle(sandbox);
  const onError = options.onError ?? ((error) => console.error(error));
  let faults: Faults = NO_FAULTS;
  const { server, url } = options.listening ?? (await listenOn(options.port ?? 0));
  const parts: ApiParts = {
    keys: keysTo({ sandbox, lifecycle, idempotency }, secretKey, options.clock),
    random: seededRandom(seed),
    limiter: limiterOf(options),
    now: () => options.clock.now(),
    faults: () => faults.api,
    onChange: save,
    onError,
  };
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
      seedCatalog(sandbox, options.products ?? []);
      save();
    },
  });
  const stop = async (): Promise<void> => {
    clearInterval(ticking);
    // First, because the webhooks then forget what they have not delivered.
    save();
    closeMemory();
    await webhooks.stop();
    await closeServer(server);
  };
  if (options.hostsPages === true) {
    sandbox.pagesUrl = url;
  }
  const act: StripeStandIn['answerControl'] = (...order) => answerControl(control, ...order);
  const answer = answering({ sandbox, control, act, parts });
  server.on('request', (request, response) => void respond(answer, request, response));
  return {
    url,
    secretKey,
    ...otherKeysOf(secretKey),
    webhookSecret,
    seed,
    control,
    answerControl: act,
    answer,
    stop,
  };
}

/** Pages, control routes and the API, by their addresses. */
function answering(server: {
  sandbox: Sandbox;
  control: Control;
  act: StripeStandIn['answerControl'];
  parts: ApiParts;
}): StripeStandIn['answer'] {
  const { sandbox, control, act, parts } = server;
  return async (request) => {
    const { path } = parseTarget(request.target);
    const hosted =
      sandbox.pagesUrl === null ? null : answerHostedPage({ ...request, path }, sandbox, control);
    const page = hosted ?? answerPage(request.method, path);
    if (page !== null) {
      return page;
    }
    return path === CONTROL || path.startsWith(`${CONTROL}/`)
      ? answerInJson(act, request, path.slice(CONTROL.length))
      : answerApi(parts, request);
  };
}

async function answerInJson(
  act: StripeStandIn['answerControl'],
  { method, body }: ApiRequest,
  path: string,
): Promise<ApiOutcome> {
  let json: unknown;
  try {
    json = body === '' ? undefined : JSON.parse(body);
  } catch {
    return { status: 400, headers: JSON_HEADERS, body: '{"error":{"message":"The body is not JSON."}}' };
  }
  const { status, result, error } = await act(method, path, json);
  return { status, headers: JSON_HEADERS, body: JSON.stringify(result ?? { error }) };
}

interface Identity {
  seed: number;
  secretKey: string;
  webhookSecret: string;
}

/** The account with what it has kept, or a new one with the products that were handed in. */
function openSandbox({ clock, products, seed, keys, billing, plays, webhookUrl, data }: StripeOptions): {
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
      targets: () => [...ownTargets(webhookUrl, identity.webhookSecret), ...targetsOf(sandbox)],
      now: () => clock.now(),
      random: seededRandom(identity.seed),
    },
    NO_FAULTS.webhooks,
  );
  const sandbox = new Sandbox({
    seed: identity.seed,
    clock,
    settings: { ...BILLING, ...billing },
    plays,
    onEvent: (event) => webhooks.enqueue(event),
  });
  connectRules(sandbox);
  const idempotency = new IdempotencyKeys();
  memory.restore(kept, { sandbox, idempotency, webhooks });
  if (sandbox.state.product.size === 0) {
    seedCatalog(sandbox, products ?? []);
  }
  const { secretKey, webhookSecret } = identity;
  const save = (): void =>
    memory.write({ seed: identity.seed, secretKey, webhookSecret, sandbox, idempotency, webhooks });
  save();
  return { sandbox, webhooks, idempotency, identity, save, closeMemory: () => memory.close() };
}

/** Where all events go, as with `stripe listen`. It is no endpoint of the account's. */
function ownTargets(url: (() => string | null) | undefined, secret: string): Target[] {
  return url === undefined
    ? []
    : [
        {
          id: null,
          url: url(),
          secret,
          asksFor: () => true,
          bodyOf: (event) => JSON.stringify(event, null, 2),
        },
      ];
}

/** The account by its two keys, the same one in live mode, and another one; the last two are empty at each start. */
function keysTo(
  account: Account,
  secretKey: string,
  clock: StripeOptions['clock'],
): ReadonlyMap<string, Access> {
  const { publishableKey, liveKey, otherAccountKey } = otherKeysOf(secretKey);
  const { seed, settings, plays } = account.sandbox;
  const empty = (own: { seed: number; livemode: boolean }): Access => {
    const sandbox = new Sandbox({ ...own, clock, settings, plays, onEvent: () => undefined });
    connectRules(sandbox);
    return {
      sandbox,
      lifecycle: createLifecycle(sandbox),
      idempotency: new IdempotencyKeys(),
      isPublishable: false,
    };
  };
  const live = empty({ seed, livemode: true });
  live.sandbox.otherMode = account.sandbox;
  account.sandbox.otherMode = live.sandbox;
  return new Map([
    [secretKey, { ...account, isPublishable: false }],
    [publishableKey, { ...account, isPublishable: true }],
    [liveKey, live],
    [otherAccountKey, empty({ seed: seed + 1, livemode: false })],
  ]);
}

function limiterOf({ rateLimits, clock }: StripeOptions): RateLimiter | null {
  return rateLimits === undefined || rateLimits === null
    ? null
    : new RateLimiter({ ...RATE_LIMITS, ...rateLimits }, clock);
}

/** Does what is due, also while nobody asks. */
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
  await once(server.listen(port, '127.0.0.1'), 'listening');
  const address = server.address();
  const boundPort = typeof address === 'object' && address !== null ? address.port : port;
  return { server, url: `http://127.0.0.1:${boundPort}` };
}

/** Ends after the requests under way, or without them when they take too long. */
async function closeServer(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeIdleConnections();
  await Promise.race([closed, sleep(CLOSES_WITHIN_MS, undefined, { ref: false })]);
  server.closeAllConnections();
}

function connectRules(sandbox: Sandbox): void {
  listenForPayments(sandbox);
  listenForInvoices(sandbox);
  listenForCheckoutPayments(sandbox);
  listenForDisputes(sandbox);
  listenForDeletedCustomers(sandbox);
}

async function respond(
  answer: StripeStandIn['answer'],
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = await bodyOf(request);
  const outcome: ApiOutcome =
    body === null
      ? 'cut'
      : await answer({
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
