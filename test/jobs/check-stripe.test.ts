import '../support/silent-functions.ts';
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { lastCheck } from '../../lambdas/adapters/dynamodb/check-records.ts';
import { connectionBy } from '../../lambdas/adapters/stripe/connection.ts';
import { wantedAtStripe } from '../../lambdas/adapters/stripe/setup/wanted.ts';
import { EVENT_HANDLERS } from '../../lambdas/letters/commands/stripe-event-handlers.ts';
import { CATALOGUE } from '../../lambdas/wiring/catalogue.ts';
import { VARIABLES } from '../../lambdas/wiring/environment.ts';
import { secretsManager, startAwsStandIn } from '../../local/aws-stand-in.ts';
import { keepInMemory, type KeepsStripe, setUpStripe } from '../../local/stripe-setup.ts';
import { openStripe, type TestStripe } from '../support/stripe.ts';
import { LOCAL_AWS, plentyOfTime, useTable } from '../support/table.ts';

const NOW = '2026-01-31T09:00:00.000Z';
const API = 'https://api.example.com';

const table = useTable();
let at: TestStripe;
let keeper: KeepsStripe;
let secret = '';
let stopAws: () => Promise<void>;
let handler: (event: unknown) => Promise<void>;

/** The secret is read anew each time: the job keeps it for a minute. */
async function check(): Promise<void> {
  jest.resetModules();
  ({ handler } = await import('../../lambdas/letters/jobs/check-stripe.ts'));
  await handler({ now: NOW });
}

beforeAll(async () => {
  at = await openStripe(NOW, { products: [] });
  const secrets = new Proxy<Record<string, string>>({}, { get: () => secret });
  const aws = await startAwsStandIn(secretsManager(secrets));
  stopAws = aws.stop;
  Object.assign(process.env, {
    AWS_REGION: LOCAL_AWS.region,
    AWS_ACCESS_KEY_ID: LOCAL_AWS.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: LOCAL_AWS.credentials.secretAccessKey,
    AWS_ENDPOINT_URL_DYNAMODB: table.endpoint(),
    AWS_ENDPOINT_URL_SECRETS_MANAGER: aws.url,
    [VARIABLES.table]: table.store().table,
    [VARIABLES.stage]: 'dev',
    [VARIABLES.catalogueSince]: '0',
    [VARIABLES.stripeSecretId]: 'stripe',
    [VARIABLES.stripeApiUrl]: at.standIn.url,
    [VARIABLES.publicUrl]: API,
  });
});

beforeEach(async () => {
  const { secretKey, webhookSecret, url } = at.standIn;
  at.standIn.control.reset();
  keeper = keepInMemory({ secretKey, webhookSecret: null, account: null });
  const events = Object.keys(EVENT_HANDLERS);
  const wanted = wantedAtStripe(CATALOGUE, { stage: 'dev', webhookUrl: `${API}/webhooks/stripe`, events });
  await setUpStripe(
    connectionBy(() => Promise.resolve({ secretKey, webhookSecret }), url),
    wanted,
    keeper,
  );
  secret = JSON.stringify(await keeper.kept());
});

afterAll(async () => {
  await stopAws();
  await at.stop();
});

const last = () => lastCheck(table.store(), plentyOfTime());

describe('the daily check', () => {
  it('does nothing while nobody has set the keys', async () => {
    secret = JSON.stringify({ secretKey: '', webhookSecret: '' });
    await check();
    expect(await last()).toBeNull();
  });

  it('finds nothing after setup', async () => {
    await check();
    expect(await last()).toEqual({ at: Date.parse(NOW), differences: [] });
  });

  it('keeps what it has found', async () => {
    await at.stripe.products.update('postage_plan_pro', { active: false });
    await check();
    expect((await last())?.differences).toEqual([
      {
        says: 'The product postage_plan_pro is archived.',
        mend: 'npm run stripe -- setup: It activates it.',
      },
    ]);
  });

  it('names keys that Stripe refuses', async () => {
    secret = JSON.stringify({ ...(await keeper.kept()), secretKey: 'sk_test_nobodys' });
    await check();
    expect((await last())?.differences).toMatchObject([
      { says: expect.stringMatching(/^Stripe refuses the keys: /) },
    ]);
  });

  it('breaks off when Stripe does not answer, and leaves what it found before', async () => {
    at.standIn.control.setFaults({ api: { errorRate: true } });
    await expect(check()).rejects.toThrow();
    at.standIn.control.setFaults({});
    expect((await last())?.differences).toHaveLength(1);
  });
});
