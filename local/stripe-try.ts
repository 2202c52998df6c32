/** `npm run stripe -- try`: what Stripe does in a sandbox, beside what Postage expects. */
import { randomUUID } from 'node:crypto';
import { Stripe } from 'stripe';
import { connectionBy } from '../lambdas/adapters/stripe/connection.ts';
import { NotConfiguredError, toOurError } from '../lambdas/adapters/stripe/errors.ts';
import type { Catalogue } from '../lambdas/domain/catalogue.ts';
import { oncePerhapsTwice, SkippedError, TryAccount } from './stripe-try-account.ts';
import { PAYMENT_POINTS, PORTAL_POINTS } from './stripe-try-payments.ts';
import type { Facts, Point } from './stripe-try-points.ts';
import { SCHEDULE_POINTS } from './stripe-try-schedules.ts';
import { UNTRIED_POINTS, UPDATE_POINTS } from './stripe-try-updates.ts';
import { UsageError } from './usage-error.ts';

const POINTS: readonly Point[] = [
  ...PORTAL_POINTS,
  ...UPDATE_POINTS,
  ...SCHEDULE_POINTS,
  ...PAYMENT_POINTS,
  ...UNTRIED_POINTS,
];

const WHAT_IT_MAKES = `It makes two products with three prices, some 20 customers with test cards, their subscriptions and payments, and two
test clocks in the sandbox of STRIPE_SECRET_KEY, and takes them away again. Nobody is charged: a sandbox has no real money.
The sandbox's webhook endpoints get the events. It takes a minute or two, most of it for the test clocks.
`;

export interface TryOptions {
  catalogue: Catalogue;
  /** Another server than Stripe's. */
  apiUrl: string | null;
  isCarriedOut: boolean;
  tell: (text: string) => void;
}

/** @returns the code to exit with: 1 when Stripe does anything otherwise, or something is left there. @throws UsageError */
export async function tryStripe({ catalogue, apiUrl, isCarriedOut, tell }: TryOptions): Promise<number> {
  const key = testKey('STRIPE_SECRET_KEY');
  if (key === null) {
    throw new UsageError('Set STRIPE_SECRET_KEY to the key of a sandbox, sk_test_… or rk_test_….');
  }
  const restrictedKey = testKey('STRIPE_RESTRICTED_KEY');
  tell(WHAT_IT_MAKES);
  if (!isCarriedOut) {
    tell('Nothing was done. It begins with --yes.\n');
    return 1;
  }
  const connect = (secretKey: string): ReturnType<typeof connectionBy> =>
    connectionBy(() => Promise.resolve({ secretKey, webhookSecret: '' }), apiUrl);
  const connection = connect(key);
  const account = new TryAccount(connection, await connection.sdk(), {
    catalogue,
    restricted: restrictedKey === null ? null : await connect(restrictedKey).sdk(),
    run: `try-${randomUUID()}`,
  });
  await assertKeyIsKnown(account.stripe);
  return tryAll(account, tell);
}

/** @returns null: there is none. @throws UsageError for a key of live mode, or none of Stripe's */
function testKey(variable: string): string | null {
  const key = process.env[variable] ?? '';
  if (key !== '' && !/^[sr]k_test_\S+$/.test(key)) {
    throw new UsageError(
      `${variable} must be a key of a sandbox, sk_test_… or rk_test_…. Nothing is tried with another.`,
    );
  }
  return key === '' ? null : key;
}

/** @throws UsageError */
async function assertKeyIsKnown(stripe: Stripe): Promise<void> {
  try {
    await stripe.customers.list({ limit: 1 });
  } catch (error) {
    if (!(error instanceof Stripe.errors.StripePermissionError)) {
      throw new UsageError(
        `Stripe can't be asked. (${error instanceof Error ? error.message : String(error)})`,
      );
    }
  }
}

type Outcome = 'as expected' | 'other' | 'skipped';

async function tryAll(account: TryAccount, tell: TryOptions['tell']): Promise<number> {
  const counts: Record<Outcome, number> = { 'as expected': 0, other: 0, skipped: 0 };
  const stopping = new AbortController();
  const stop = (): void => {
    stopping.abort();
    tell('\nIt stops after this point.\n');
  };
  process.once('SIGINT', stop).once('SIGTERM', stop);
  let left: string[];
  try {
    for (const [index, point] of POINTS.entries()) {
      if (stopping.signal.aborted) {
        break;
      }
      tell(`\n[${String(index + 1)}/${String(POINTS.length)}] ${point.name}\n`);
      counts[await tryPoint(account, point, tell)] += 1;
    }
  } finally {
    tell('\nIt takes away what it has made.\n');
    left = await account.cleanUp();
    process.off('SIGINT', stop).off('SIGTERM', stop);
  }
  for (const each of left) {
    tell(`This is left: ${each}\n`);
  }
  tell(
    `${Object.entries(counts)
      .map(([outcome, count]) => `${String(count)} ${outcome}`)
      .join(', ')}.\n`,
  );
  if (stopping.signal.aborted) {
    tell('It was stopped before its end.\n');
  }
  return counts.other === 0 && left.length === 0 && !stopping.signal.aborted ? 0 : 1;
}

async function tryPoint(account: TryAccount, point: Point, tell: TryOptions['tell']): Promise<Outcome> {
  const line = (text: string): void => {
    tell(`  ${text}\n`);
  };
  let facts: Facts;
  try {
    // A point makes all that it needs.
    facts = await oncePerhapsTwice(() => point.run(account));
  } catch (error) {
    const reason = reasonToSkip(error);
    if (reason !== null) {
      line(`- skipped: ${reason}.`);
      return 'skipped';
    }
    line(
      `≠ other: it could not be tried to its end. ${error instanceof Error ? error.message : String(error)}`,
    );
    return 'other';
  }
  const differing = Object.entries(point.expects).filter(
    ([name, expected]) => ![expected].flat().includes(facts[name] ?? 'none'),
  );
  line(`Stripe:  ${told(facts)}`);
  line(`Postage: ${told(point.expects)}`);
  line(
    differing.length === 0
      ? `✓ as expected: ${point.finding}`
      : `≠ other: ${differing.map(([name]) => name).join(', ')}. What Postage expects: ${point.finding}`,
  );
  return differing.length === 0 ? 'as expected' : 'other';
}

/** Null: the error tells of Stripe, and not of what the key or the server lacks. */
function reasonToSkip(error: unknown): string | null {
  if (error instanceof SkippedError) {
    return error.message;
  }
  const ours = toOurError(error);
  if (ours instanceof NotConfiguredError) {
    return `the key lacks a right (${ours.message})`;
  }
  const route = /Unrecognized request URL \(([^)]+)\)/.exec(ours instanceof Error ? ours.message : '')?.[1];
  return route === undefined ? null : `what answers here does not model ${route}`;
}

function told(facts: Point['expects']): string {
  return Object.entries(facts)
    .map(([name, value]) => `${name} ${typeof value === 'string' ? value : value.join(' or ')}`)
    .join(' · ');
}
