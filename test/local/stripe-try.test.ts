import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Command, runCommand } from '../support/command.ts';
import { openStripe, type TestStripe } from '../support/stripe.ts';

let at: TestStripe;

beforeAll(async () => {
  at = await openStripe('2026-01-31T09:00:00.000Z', { products: [] });
});

beforeEach(() => {
  at.standIn.control.reset();
});

afterAll(() => at.stop());

function begin(args: readonly string[], variables: Record<string, string> = {}): Command {
  return runCommand('stripe', ['try', ...args], {
    POSTAGE_STRIPE_API_URL: at.standIn.url,
    STRIPE_SECRET_KEY: at.standIn.secretKey,
    STRIPE_RESTRICTED_KEY: '',
    ...variables,
  });
}

/** What is still there, and how many subscriptions there were. */
async function left(): Promise<Record<string, number>> {
  const { stripe } = at;
  const limit = 100;
  const subscriptions = (await stripe.subscriptions.list({ status: 'all', limit })).data;
  const intents = (await stripe.paymentIntents.list({ limit })).data;
  return {
    customers: (await stripe.customers.list({ limit })).data.length,
    products: (await stripe.products.list({ active: true, limit })).data.length,
    prices: (await stripe.prices.list({ active: true, limit })).data.length,
    live: subscriptions.filter(({ status }) => status !== 'canceled').length,
    intents: intents.filter(({ status }) => status === 'requires_action').length,
  };
}

const NOTHING = { customers: 0, products: 0, prices: 0, live: 0, intents: 0 };
const NO_CLOCKS = 'skipped: what answers here does not model POST: /v1/test_helpers/test_clocks.';

/** The verdict of each point, by its name. */
function verdictsIn(stdout: string): Map<string, string> {
  const points = stdout.split(/^\[\d+\/\d+\] /m).slice(1);
  return new Map(
    points.map((point) => {
      const [name = '', ...lines] = point.split('\n');
      return [name, lines.find((line) => /^ {2}[✓≠-]/.test(line))?.slice(4) ?? 'none'];
    }),
  );
}

describe('npm run stripe -- try', () => {
  it('finds the stand-in as expected, skips what it does not model, and leaves nothing there', async () => {
    const { code, stdout, stderr } = await begin(['--yes'], { STRIPE_RESTRICTED_KEY: at.standIn.secretKey })
      .ended;
    expect(stderr).toBe('');
    const skipped = [...verdictsIn(stdout)].filter(([, verdict]) => !verdict.startsWith('as expected: '));
    expect(Object.fromEntries(skipped)).toEqual({
      'A pending upgrade that nobody pays for a day': NO_CLOCKS,
      'The natural end of the phases, with end_behavior release': NO_CLOCKS,
      'What a Checkout says about its payment when a code makes it free': expect.stringMatching(/^skipped: /),
      'A 500 that stays under its idempotency key': expect.stringMatching(/^skipped: /),
    });
    expect(stdout).toContain(
      '  Stripe:  price small · status active · pending shown · invoice open\n' +
        '  Postage: price small · status active · pending shown · invoice open\n  ✓ as expected: ',
    );
    expect(stdout).toMatch(/^20 as expected, 0 other, 4 skipped\.$/m);
    expect(code).toBe(0);
    const made = (await at.stripe.subscriptions.list({ status: 'all', limit: 100 })).data;
    expect(made.length).toBeGreaterThan(10);
    expect(made.every(({ metadata }) => metadata['postage_try']?.startsWith('try-'))).toBe(true);
    expect(await left()).toEqual(NOTHING);
  });

  it('names what Stripe does otherwise, skips what its key may not do, and exits with 1', async () => {
    at.standIn.control.setFaults({
      api: { forbidden: ['GET /v1/disputes', 'POST /v1/subscription_schedules'] },
    });
    const { code, stdout } = await begin(['--yes'], { STRIPE_RESTRICTED_KEY: at.standIn.secretKey }).ended;
    const verdicts = verdictsIn(stdout);
    expect(stdout).toContain('  Stripe:  may not read Disputes\n  Postage: may not read none\n');
    expect(verdicts.get('The restricted key of STRIPE_RESTRICTED_KEY')).toMatch(/^other: may not read\. /);
    expect(verdicts.get('cancel_at on a subscription that has a schedule')).toMatch(
      /^skipped: the key lacks a right \(/,
    );
    expect(code).toBe(1);
    at.standIn.control.setFaults({});
    expect(await left()).toEqual(NOTHING);
  });

  it('takes away what it has made when somebody stops it', async () => {
    const command = begin(['--yes']);
    while ((await at.stripe.subscriptions.list({ status: 'all' })).data.length < 2) {
      await wait(20);
    }
    command.kill('SIGINT');
    const { code, stdout } = await command.ended;
    expect(stdout).toContain('It stops after this point.');
    expect(stdout).toContain('It was stopped before its end.');
    expect(code).toBe(1);
    expect(await left()).toEqual(NOTHING);
  });

  it('tells what is left when it may not take it away', async () => {
    at.standIn.control.setFaults({ api: { forbidden: ['DELETE /v1/customers', 'POST /v1/billing_portal'] } });
    const { code, stdout } = await begin(['--yes']).ended;
    expect(stdout).toMatch(/^This is left: cus_\w+: /m);
    expect(code).toBe(1);
  });

  it('says first what it makes, and does nothing without --yes', async () => {
    const { code, stdout } = await begin([]).ended;
    expect(stdout).toContain('Nobody is charged');
    expect(stdout).toContain('Nothing was done. It begins with --yes.');
    expect(code).toBe(1);
    expect((await at.stripe.products.list()).data).toEqual([]);
  });

  it.each([
    ['without a key', { STRIPE_SECRET_KEY: '' }, [], 'Set STRIPE_SECRET_KEY to the key of a sandbox'],
    ['a live key', { STRIPE_SECRET_KEY: 'sk_live_1' }, [], 'STRIPE_SECRET_KEY must be a key of a sandbox'],
    [
      'a live restricted key',
      { STRIPE_SECRET_KEY: 'rk_live_1' },
      [],
      'STRIPE_SECRET_KEY must be a key of a sandbox',
    ],
    [
      'a second key that is live',
      { STRIPE_RESTRICTED_KEY: 'rk_live_1' },
      [],
      'STRIPE_RESTRICTED_KEY must be a key',
    ],
    ['a key that Stripe does not know', { STRIPE_SECRET_KEY: 'sk_test_1' }, [], "Stripe can't be asked."],
    ['a stage', {}, ['--stage', 'prod'], 'no stage, secret or address'],
  ])('refuses to begin: %s', async (_, variables, args, message) => {
    const { code, stderr } = await begin(['--yes', ...args], variables).ended;
    expect(stderr).toContain(message);
    expect(code).toBe(1);
    expect((await at.stripe.products.list()).data).toEqual([]);
  });
});
