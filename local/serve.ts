import { isDeepStrictEqual } from 'node:util';
import { catalogueOf, freePlan, plansOnSale } from '../lambdas/domain/catalogue.ts';
import { USAGE_WRITE_SCOPE } from '../lambdas/http/roles.ts';
import { deadlineIn } from '../lambdas/runtime/deadline.ts';
import { CATALOGUE } from '../lambdas/wiring/catalogue.ts';
import { catalogue as shipped } from '../examples/letters/postage.config.ts';
import { DEMO_PEOPLE, DEMO_USERS, seedDemoUsers } from './demo-data.ts';
import type { GatewayOptions } from './gateway.ts';
import { scheduleNightly } from './nightly.ts';
import { announce, withdraw } from './running-file.ts';
import { type Runtime, startRuntime } from './runtime.ts';

/** Whom the page to sign in offers, whatever the catalogue. */
const ANYBODY = [
  { id: 'alice', about: 'New here', isOwner: false },
  { id: 'owner', about: 'Owner of the app, with the dashboard', isOwner: true },
];

const SERVICE = 'demo-service';
const SEEDS_WITHIN_MS = 20_000;

export interface ServeOptions {
  port: number;
  dataDir: string | undefined;
  /** Of pages that may call from a browser. */
  origins: readonly string[];
  withDemo: boolean;
  asJson: boolean;
}

/** Runs everything until a signal comes. @throws UsageError */
export async function serve(options: ServeOptions): Promise<void> {
  try {
    await start(options);
  } catch (error) {
    // While everything stops, a part that was about to start fails.
    if (!isStopping) {
      throw error;
    }
  }
}

async function start(options: ServeOptions): Promise<void> {
  const runtime = await startRuntime({
    port: options.port,
    dataDir: options.dataDir,
    origins: options.origins,
    demoUsers: options.withDemo && isShipped() ? [...DEMO_PEOPLE, ...ANYBODY] : ANYBODY,
    onAnswer: logAnswer,
    onError: (error) => console.error(error),
  });
  stopOnSignals(runtime);
  // The demo users have used what the shipped catalogue allows.
  const withDemo = options.withDemo && runtime.sentFolder !== null && isShipped();
  process.on('exit', () => withdraw(process.pid));
  if (withDemo) {
    await seedDemoUsers(runtime.store, runtime.clock.now(), deadlineIn(SEEDS_WITHIN_MS));
  }
  const { url, dynamodb, table } = runtime;
  announce({
    pid: process.pid,
    startedAt: Date.now(),
    url,
    dynamodb,
    table,
    dataDir: options.dataDir ?? null,
  });
  scheduleNightly(runtime.clock, runtime.rollover);
  const text = options.asJson
    ? describeAsJson(runtime, await issueTokens(runtime, withDemo ? DEMO_USERS : []))
    : describe(runtime, withDemo);
  process.stdout.write(text);
  // From here on, what the functions log goes to standard error.
  process.stdout.write = process.stderr.write.bind(process.stderr);
  runtime.warm();
  if (!options.asJson) {
    runtime.buildPage();
  }
  await runtime.followStream();
  scheduleReconciler(runtime);
}

const RECONCILER_INTERVAL_MS = 300_000;

/** As the schedule does in AWS, but by this machine's time, not by the local clock. */
function scheduleReconciler({ reconcile }: Runtime): void {
  const run = (): void => void reconcile().catch((error: unknown) => console.error(error));
  setInterval(run, RECONCILER_INTERVAL_MS).unref();
}

const logAnswer: GatewayOptions['onAnswer'] = ({ method, path, status, tookMs }) => {
  process.stderr.write(`${method} ${path} ${status} ${tookMs.toFixed(0)} ms\n`);
};

let isStopping = false;

/** The first signal stops everything in order, the second at once. Either way, nothing is left running. */
function stopOnSignals(runtime: Runtime): void {
  const stop = (): void => {
    if (isStopping) {
      process.exit(130);
    }
    isStopping = true;
    runtime.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        console.error(error);
        process.exit(1);
      },
    );
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, stop);
  }
}

type Tokens = Record<string, string>;

async function issueTokens({ issuer }: Runtime, users: readonly string[]): Promise<Tokens> {
  const scopes = [...users.map((user) => [user, ''] as const), [SERVICE, USAGE_WRITE_SCOPE] as const];
  const tokens = scopes.map(
    async ([user, scope]) => [user, (await issuer.issue(user, scope)).access_token] as const,
  );
  return Object.fromEntries(await Promise.all(tokens));
}

/** It never holds the owner's own keys at Stripe. */
function describeAsJson(runtime: Runtime, tokens: Tokens): string {
  const { url, dynamodb, table, issuer, cronSecret, sentFolder } = runtime;
  const stripe = runtime.stripe.url === null ? null : runtime.stripe;
  return `${JSON.stringify({ url, dynamodb, table, issuer: issuer.url, cronSecret, stripe, sentFolder, tokens })}\n`;
}

function describe({ url, dynamodb, stripe, sentFolder }: Runtime, withDemo: boolean): string {
  return `Postage answers at ${url} (ready in ${Math.round(performance.now())} ms; Ctrl-C stops it)
Page           ${url}/app/
Documentation  ${url}/docs
DynamoDB       ${dynamodb}${sentFolder === null ? '' : `\nSent letters   ${sentFolder}`}
Stripe         ${stripe.url === null ? 'https://api.stripe.com, in test mode' : `${stripe.url}, a stand-in`}

In another terminal, for a user named alice:
  URL=${url}
  eval "$(curl -s $URL/dev/env)"   # sets ${VARIABLES}
  curl -H "Authorization: Bearer $TOKEN" $URL/credits
${sentFolder === null ? '' : LETTERS}  curl -H "Authorization: Bearer $SERVICE_TOKEN" -H 'Content-Type: application/json' \\
    -H 'Idempotency-Key: 1' -d '${EXAMPLE_USE}' $URL/users/alice/usage
  curl -X POST -H "Authorization: Bearer $CRON_SECRET" $URL/cron/rollover-usage
${withDemo ? DEMO : ''}
On this machine only:
  curl -X PUT -d '${EXAMPLE_PLAN}' $URL/dev/accounts/alice
  curl -d '{"now":"2027-01-31T00:00:00Z"}' $URL/dev/clock   # moves the clock ahead; tokens expire by it
${sentFolder === null ? '' : SENDING}  curl "$URL/dev/events?user=alice"

`;
}

const [FIRST_METER = 'letters'] = [...CATALOGUE.meters, ...CATALOGUE.levels].map(({ id }) => id);
const EXAMPLE_USE = JSON.stringify({ consume: { [FIRST_METER]: 1 } });
const [plan = freePlan(CATALOGUE).id] = plansOnSale(CATALOGUE);
const EXAMPLE_PLAN = JSON.stringify({ plan, interval: 'month', anchor: '2026-01-31T00:00:00Z' });

const VARIABLES = 'TOKEN, SERVICE_TOKEN, ADMIN_TOKEN, CRON_SECRET, STRIPE_URL, STRIPE_KEY';

const LETTERS = `  curl -H "Authorization: Bearer $TOKEN" $URL/entitlements
  curl -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' \\
    -d '{"title":"Hello","body":"How are you?"}' $URL/letters
`;

const SENDING = `  curl -X POST -H "Authorization: Bearer $CRON_SECRET" $URL/cron/reconcile-deliveries
  curl -X PUT -d '{"email":"ok","mail":"hang"}' $URL/dev/senders
`;

const DEMO = `
For a demo user with a history (${DEMO_USERS.join(', ')}):
  eval "$(curl -s "$URL/dev/env?user=demo-pro")"
  curl -H "Authorization: Bearer $TOKEN" $URL/usage/history
`;

function isShipped(): boolean {
  return isDeepStrictEqual(CATALOGUE, catalogueOf(shipped, CATALOGUE.since));
}
