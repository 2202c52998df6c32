import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { appendAudit } from '../../lambdas/adapters/dynamodb/audit.ts';
import { listFailedEvents } from '../../lambdas/adapters/dynamodb/failed-events.ts';
import { type Store } from '../../lambdas/adapters/dynamodb/store.ts';
import { DAY_MS, toIso } from '../../lambdas/domain/instants.ts';
import { eraseUser, processStripeEvents } from '../support/as-deployed.ts';
import { type AwsOfAStage, startAwsOfAStage } from '../support/aws-of-a-stage.ts';
import { type Command, runCommand } from '../support/command.ts';
import { copyTable, itemsOf } from '../support/copy-table.ts';
import { type Buyer, beginPurchase } from '../support/purchases.ts';
import { messageOf, PRO, usePayments } from '../support/payments.ts';
import { plentyOfTime } from '../support/table.ts';
import { request, storedAccount, writeLetter } from '../support/users.ts';

const HOUR_MS = 3_600_000;
const BEGIN = new Date(Date.now() - 3 * HOUR_MS).toISOString();

const suite = usePayments(BEGIN);
let aws: AwsOfAStage;

beforeAll(async () => {
  aws = await startAwsOfAStage(suite.endpoint());
});

beforeEach(() => {
  const { secretKey, webhookSecret } = suite.at().standIn;
  const TableName = suite.store().table;
  const queue = { StripeEventsQueueUrl: `${aws.url}/000000000000/events`, StripeSecretArn: 'arn:stripe' };
  const outputs = { TableName, ...queue };
  const former = { ...suite.store(), table: `as-it-was-${randomUUID()}` };
  Object.assign(aws, { outputs, former, stripeKeys: { secretKey, webhookSecret }, queued: [] });
});

afterAll(() => aws.stop());

function variables(): Record<string, string> {
  return {
    AWS_ENDPOINT_URL: aws.url,
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_MAX_ATTEMPTS: '1',
    POSTAGE_STRIPE_API_URL: suite.at().standIn.url,
  };
}

function restore(...args: string[]): Command['ended'] {
  return runCommand('restore', args, variables()).ended;
}

const now = (): number => suite.at().clock.now();

async function subscribe({ customerId }: Buyer): Promise<void> {
  await suite.stripe().subscriptions.create({ customer: customerId, items: [{ price: PRO }] });
  await suite.followAll();
}

async function payBundle(buyer: Buyer): Promise<void> {
  const shop = { store: suite.store(), stripe: suite.services().stripe, now: now() };
  const { sessionId } = await beginPurchase(shop, buyer);
  suite.at().standIn.control.payCheckout(sessionId, { paymentMethod: 'pm_card_visa' });
}

async function buyBundle(buyer: Buyer): Promise<void> {
  await payBundle(buyer);
  await suite.followAll();
}

async function askForErasure(store: Store, userId: string): Promise<void> {
  const about = { id: `UserErased:${randomUUID()}`, at: now(), type: 'UserErased' as const };
  await appendAudit(store, { ...about, actor: 'owner', userId, data: {} }, plentyOfTime());
}

async function erase(store: Store, userId: string): Promise<void> {
  await askForErasure(store, userId);
  expect(await eraseUser(store, userId, now(), plentyOfTime())).toEqual({ outcome: 'erased' });
}

/** The worker of the stage takes what lies in its queue. @returns how many there were */
async function drainQueue(store: Store): Promise<number> {
  const bodies = aws.queued.splice(0);
  const messages = bodies.map((body) => messageOf(body, Date.now()));
  const { batchItemFailures } = await processStripeEvents(
    suite.services(() => null, store),
    messages,
  );
  expect(batchItemFailures).toEqual([]);
  return bodies.length;
}

interface Restored {
  at: string;
  users: Record<'stays' | 'waits' | 'subscribes' | 'buys' | 'comes' | 'goes' | 'isGoing', Buyer>;
  store: Store;
}

/** What happens before the point in time and after it; then the owner restores the table, and deploys. */
async function givenRestored(): Promise<Restored> {
  const former = suite.store();
  const [stays, waits, subscribes, buys, goes, isGoing] = [
    await suite.givenCustomer(),
    await suite.givenCustomer(),
    await suite.givenCustomer(),
    await suite.givenCustomer(),
    await suite.givenCustomer(),
    await suite.givenCustomer(),
  ];
  for (const user of [stays, waits, buys, goes, isGoing]) {
    await subscribe(user);
  }
  await writeLetter(former, request(goes.userId, now()));
  // Stripe has said so before the point in time, and the worker hears of it afterwards. So it is with an erasure.
  await payBundle(waits);
  await askForErasure(former, isGoing.userId);
  if (aws.former === null) {
    throw new Error('There is a table to restore from.');
  }
  await copyTable(former, aws.former.table);
  suite.at().moveTo(toIso(now() + HOUR_MS));
  const at = toIso(now() - 1_000);

  await suite.followAll();
  expect(await eraseUser(former, isGoing.userId, now(), plentyOfTime())).toEqual({ outcome: 'erased' });
  await subscribe(subscribes);
  await buyBundle(buys);
  const comes = await suite.givenCustomer();
  await subscribe(comes);
  await buyBundle(comes);
  await erase(former, goes.userId);

  const { code, stdout } = await restore('table', '--stage', 'prod', '--at', at, '--yes');
  expect(code).toBe(0);
  const [, table = ''] = /table: \{ name: '([^']+)', streamArn: 'arn:\S+' \}/.exec(stdout) ?? [];
  Object.assign(aws.outputs ?? {}, { TableName: table });
  return { at, users: { stays, waits, subscribes, buys, comes, goes, isGoing }, store: { ...former, table } };
}

async function catchUp({ at }: Restored, ...args: string[]): Promise<string> {
  const since = ['--since', at, '--former', suite.store().table];
  const { code, stdout, stderr } = await restore('catch-up', '--stage', 'prod', ...since, ...args);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
}

describe('npm run restore', () => {
  it('G9: G10: brings back a table, and then what Stripe and the erasures have done since; twice is once', async () => {
    const restored = await givenRestored();
    const { store, users } = restored;
    const settings = { hasStream: true, expires: true, isBackedUp: true, isProtected: true };
    expect(aws.restored.get(store.table)).toEqual(settings);
    const before = await itemsOf(store);
    expect(before).toEqual(await itemsOf({ ...store, table: aws.former?.table ?? '' }));

    expect(await catchUp(restored)).toMatch(/^2 users were erased since .+\nNothing was changed\./);
    expect(await itemsOf(store)).toEqual(before);
    expect(aws.queued).toEqual([]);

    const said = await catchUp(restored, '--yes');
    expect(said).toContain('2 of them are erased again.\n');
    const [, events = ''] = /^(\d+) events of Stripe are queued\.$/m.exec(said) ?? [];
    expect(await drainQueue(store)).toBe(Number(events));
    for (const user of [users.stays, users.waits, users.subscribes, users.buys, users.comes]) {
      const [now, then] = [
        await storedAccount(store, user.userId),
        await storedAccount(suite.store(), user.userId),
      ];
      expect({ ...now.credits, plan: now.plan, customer: now.customerId }).toEqual({
        ...then.credits,
        plan: then.plan,
        customer: then.customerId,
      });
    }
    await expect(storedAccount(store, users.goes.userId)).rejects.toThrow();
    await expect(storedAccount(store, users.isGoing.userId)).rejects.toThrow();
    const failed = await listFailedEvents(store, { limit: 100, after: null }, plentyOfTime());
    expect(failed.items.map(({ type, reason }) => [type, reason])).toEqual([]);

    const after = await itemsOf(store);
    expect(await catchUp(restored, '--yes')).toBe(said);
    await drainQueue(store);
    expect(await itemsOf(store)).toEqual(after);

    const audit = await runCommand('audit', ['--table', store.table], variables()).ended;
    expect({ code: audit.code, stdout: audit.stdout }).toEqual({
      code: 0,
      stdout: expect.stringMatching(/^\d+ ledgers hold, 0 do not; erased users: 2\.\n$/),
    });
  });

  it('goes on with a table that an earlier restore has made', async () => {
    const { at, store } = await givenRestored();
    Object.assign(aws.outputs ?? {}, { TableName: suite.store().table });
    const { code, stdout } = await restore('table', '--stage', 'prod', '--at', at, '--yes');
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining('It was there already.\n') });
    expect(stdout).toContain(`table: { name: '${store.table}', streamArn: 'arn:`);
  });

  it('says what it would do, and does nothing without --yes', async () => {
    const { code, stdout } = await restore('table', '--stage', 'prod', '--at', BEGIN);
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: expect.stringMatching(/ would become postage-test-\S+-\d{14}\. Nothing was changed\.\n$/),
    });
  });

  it('says that a stage has no keys of Stripe', async () => {
    aws.stripeKeys = null;
    const former = `former-${randomUUID()}`;
    await copyTable(suite.store(), former);
    const since = ['--since', BEGIN, '--former', former];
    const { code, stdout } = await restore('catch-up', '--stage', 'prod', ...since, '--yes');
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: expect.stringContaining('nothing of Stripe is queued'),
    });
  });

  it('says what Stripe has forgotten', async () => {
    const since = toIso(Date.now() - 31 * DAY_MS);
    const former = `former-${randomUUID()}`;
    await copyTable(suite.store(), former);
    const { stdout } = await restore('catch-up', '--stage', 'prod', '--since', since, '--former', former);
    expect(stdout).toContain('Stripe keeps events for 30 days');
  });
});

describe('npm run restore refuses', () => {
  const LATER = toIso(Date.now() + DAY_MS);
  const table = ['table', '--stage', 'prod', '--at'];
  const catchingUp = ['catch-up', '--stage', 'prod', '--since', BEGIN, '--former'];

  it.each<[string, string[], RegExp]>([
    ['another word', ['undo'], /Say one of table, catch-up/],
    ['no stage', ['table', '--at', BEGIN], /Name the stage/],
    ['no time', ['table', '--stage', 'prod'], /--at must be an instant/],
    ['a time without a zone', [...table, '2026-03-11T08:59:00'], /--at must be an instant/],
    ['a time that has not come', [...table, LATER], /--at is .+, which has not come yet/],
    [
      'a time of which there is no backup',
      [...table, '2026-01-01T00:00:00Z', '--yes'],
      /can't be restored to/,
    ],
    ['no former table', ['catch-up', '--stage', 'prod', '--since', BEGIN], /Name the table from before/],
    ['a former table that is missing', [...catchingUp, 'gone'], /The table gone cannot be reached/],
    [
      'to catch up since a time that has not come',
      ['catch-up', '--stage', 'prod', '--since', LATER, '--former', 'gone'],
      /--since is .+, which has not come yet/,
    ],
  ])('%s', async (_what, args, message) => {
    const { code, stdout, stderr } = await restore(...args);
    expect({ code, stdout: stdout.replace(/^1 of 3.+\n/, '') }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(message);
    expect(stderr).not.toContain('    at ');
  });

  it('a stage that is not deployed', async () => {
    aws.outputs = null;
    const { code, stderr } = await restore('table', '--stage', 'qa', '--at', BEGIN);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringMatching(/^The stack Postage-qa can't be read\. .+does not exist/),
    });
  });

  it('a stage whose table is missing', async () => {
    Object.assign(aws.outputs ?? {}, { TableName: 'gone' });
    const { code, stderr } = await restore(...table, BEGIN, '--yes');
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringMatching(/^The table gone cannot be reached/),
    });
  });

  it('to catch up while the stack still uses the former table', async () => {
    const { code, stderr } = await restore(...catchingUp, suite.store().table, '--yes');
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringMatching(/deploy it with the restored/),
    });
  });
});
