import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { secretsManager, startAwsStandIn } from '../../local/aws-stand-in.ts';
import { type Command, runCommand } from '../support/command.ts';
import { openStripe, type TestStripe } from '../support/stripe.ts';
import { LOCAL_AWS } from '../support/table.ts';

const URL = 'https://api.example.com/webhooks/stripe';
const IN_SECRET = ['--stage', 'dev', '--secret', 'stripe', '--url', URL];

let at: TestStripe;
let aws: { url: string; stop: () => Promise<void> };
let secrets: Record<string, string> = {};
let puts = 0;

beforeAll(async () => {
  at = await openStripe('2026-01-31T09:00:00.000Z', { products: [] });
  const reading = new Proxy<Record<string, string>>({}, { get: (_, id) => secrets[String(id)] });
  aws = await startAwsStandIn({
    ...secretsManager(reading),
    'secretsmanager.PutSecretValue': (input) => {
      const { SecretId, SecretString } = input as { SecretId: string; SecretString: string };
      secrets[SecretId] = SecretString;
      puts += 1;
      return {};
    },
  });
});

beforeEach(() => {
  at.standIn.control.reset();
  secrets = {
    stripe: JSON.stringify({ secretKey: at.standIn.secretKey, webhookSecret: '', other: 'kept' }),
  };
  puts = 0;
});

afterAll(async () => {
  await aws.stop();
  await at.stop();
});

function stripe(args: readonly string[], variables: Record<string, string> = {}): Command['ended'] {
  return runCommand('stripe', args, {
    AWS_REGION: LOCAL_AWS.region,
    AWS_ACCESS_KEY_ID: LOCAL_AWS.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: LOCAL_AWS.credentials.secretAccessKey,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: aws.url,
    POSTAGE_STRIPE_API_URL: at.standIn.url,
    STRIPE_SECRET_KEY: '',
    STRIPE_WEBHOOK_SECRET: '',
    ...variables,
  }).ended;
}

describe('npm run stripe', () => {
  it('tells its plan first, carries it out with --yes, and then has nothing to do', async () => {
    const plan = await stripe(['setup', ...IN_SECRET]);
    expect(plan).toMatchObject({ code: 1, stderr: '' });
    expect(plan.stdout).toContain(
      'There is no price postage_pro_month.\n  npm run stripe -- setup: It makes it.\n',
    );
    expect(plan.stdout).toContain('Nothing was changed.');
    expect((await at.stripe.prices.list()).data).toEqual([]);

    const done = await stripe(['setup', ...IN_SECRET, '--yes']);
    expect(done).toMatchObject({ code: 0, stderr: '' });
    expect(done.stdout).toMatch(/^14 changes made\.$/m);
    expect(JSON.parse(secrets['stripe'] ?? '')).toEqual({
      secretKey: at.standIn.secretKey,
      webhookSecret: expect.stringMatching(/^whsec_/),
      account: expect.stringMatching(/^acct_\w+ test$/),
      other: 'kept',
    });
    const before = puts;
    expect(await stripe(['setup', ...IN_SECRET, '--yes'])).toMatchObject({
      code: 0,
      stdout: '0 changes made.\n',
    });
    expect(puts).toBe(before);
    expect(await stripe(['check', ...IN_SECRET])).toMatchObject({
      code: 0,
      stdout: 'Everything is as it has to be.\n',
    });
  });

  it('takes the key of the environment, makes no endpoint without an address, and shows the secret of one', async () => {
    const own = { STRIPE_SECRET_KEY: at.standIn.secretKey };
    expect(await stripe(['setup', '--yes'], own)).toMatchObject({ code: 0 });
    expect((await at.stripe.webhookEndpoints.list()).data).toEqual([]);
    const withEndpoint = await stripe(['setup', '--yes', '--url', URL], own);
    expect(withEndpoint.stdout).toMatch(/which Stripe shows once: whsec_\w+\n/);
    expect(await stripe(['setup', '--yes', '--url', URL], own)).toMatchObject({
      stdout: '0 changes made.\n',
    });
    expect(puts).toBe(0);
  });

  it('adopts a price: a plan first, and then it is sold and known', async () => {
    const product = await at.stripe.products.create({ name: 'Ours' });
    const price = await at.stripe.prices.create({
      product: product.id,
      currency: 'usd',
      unit_amount: 900,
      recurring: { interval: 'month' },
    });
    const former = await at.stripe.prices.create({
      product: product.id,
      currency: 'usd',
      unit_amount: 700,
      active: false,
      recurring: { interval: 'month' },
    });
    const own = { STRIPE_SECRET_KEY: at.standIn.secretKey };
    const orders = ['adopt', `${price.id}=pro/month`, `${former.id}=pro/month`];
    expect((await stripe(orders, own)).stdout).toContain('Nothing was changed.');
    expect(await stripe([...orders, '--yes'], own)).toMatchObject({ code: 0 });
    expect(await at.stripe.prices.retrieve(price.id)).toMatchObject({
      lookup_key: 'postage_pro_month',
      metadata: { postage_plan: 'pro' },
    });
    expect(await at.stripe.prices.retrieve(former.id)).toMatchObject({
      lookup_key: null,
      metadata: { postage_plan: 'pro' },
    });
    expect((await stripe([...orders, '--yes'], own)).stdout).toBe('0 changes made.\n');
    // The rest is made around it.
    expect(await stripe(['setup', '--yes'], own)).toMatchObject({ code: 0 });
    expect(await stripe(['check'], own)).toMatchObject({ code: 0 });
    expect((await at.stripe.prices.list({ lookup_keys: ['postage_pro_month'] })).data[0]?.id).toBe(price.id);
  });

  it.each<[string, string[], Record<string, string>, RegExp]>([
    ['no word', [], {}, /^Say one of setup, check, adopt/],
    ['no key', ['check'], {}, /^Name a stage with --stage, a secret with --secret, or set STRIPE_SECRET_KEY/],
    [
      'something that is no key',
      ['check'],
      { STRIPE_SECRET_KEY: 'pk_test_1' },
      /^STRIPE_SECRET_KEY must be a secret/,
    ],
    ['a key that Stripe refuses', ['check'], { STRIPE_SECRET_KEY: 'sk_test_1' }, /^Stripe: Invalid API Key/],
    [
      'a secret that is not there',
      ['check', '--secret', 'none', '--url', URL],
      {},
      /^The secret none can't be read/,
    ],
    ['--yes with check', ['check', '--yes'], {}, /^--yes and --rolled change something/],
    ['an address that is none', ['check', '--url', 'here'], {}, /^--url must be an address/],
    ['more words than setup takes', ['setup', 'price_1=pro/month'], {}, /^Say one of/],
    ['no price to adopt', ['adopt', '--secret', 'stripe'], {}, /^Name prices, such as/],
    [
      'a price that is misspelt',
      ['adopt', 'price_1=pro', '--secret', 'stripe'],
      {},
      /must be a price, a plan and an interval/,
    ],
    [
      'a price that is not there',
      ['adopt', 'price_1=pro/month', '--secret', 'stripe'],
      {},
      /^Stripe does not know the price price_1/,
    ],
  ])('says in one line what is wrong with %s', async (_, args, variables, says) => {
    const { code, stderr } = await stripe(args, variables);
    expect(code).not.toBe(0);
    expect(stderr).toMatch(says);
    expect(stderr.trim().split('\n').length).toBeLessThanOrEqual(2);
  });
});
