import { spawn } from 'node:child_process';
import { randomInt, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from '@jest/globals';
import { connectionBy } from '../../lambdas/adapters/stripe/connection.ts';
import { putAccount } from '../../lambdas/adapters/dynamodb/account-item.ts';
import { commit } from '../../lambdas/adapters/dynamodb/transact.ts';
import { findUserOfCustomer } from '../../lambdas/adapters/dynamodb/customer-item.ts';
import { proveLedgerOf } from '../../lambdas/commands/prove-ledger.ts';
import { trackConsumption } from '../../lambdas/commands/track-consumption.ts';
import { newAccount } from '../../lambdas/domain/account.ts';
import { viewAccount } from '../../lambdas/domain/account-view.ts';
import { available, left } from '../../lambdas/domain/credits.ts';
import { mapConcurrently } from '../../lambdas/runtime/concurrency.ts';
import { checkFile } from '../../local/import-file.ts';
import { putBegun } from '../../local/import-mark.ts';
import { type Import, importAll, type Imported, importUser } from '../../local/import-user.ts';
import { at } from '../support/accounts.ts';
import { ENTERPRISE, PRO, usePayments } from '../support/payments.ts';
import { plentyOfTime } from '../support/table.ts';
import { itemsOf, putTombstone, request, storedAccount, tallyOf, using } from '../support/users.ts';

const START = '2026-03-10T12:00:00.000Z';
const suite = usePayments(START);
const folder = mkdtempSync(join(tmpdir(), 'postage-moving-in-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

interface Given {
  userId: string;
  customerId?: string | null;
  balance?: number;
  letters?: number;
  mails?: number;
}

function fileOf(users: readonly Given[]): string {
  const path = join(folder, `${randomUUID()}.csv`);
  const lines = users.map(({ userId, customerId, balance = 0, letters = 0, mails = 0 }) =>
    [userId, customerId ?? '', balance, letters, mails].join(','),
  );
  writeFileSync(path, ['user,customer,balance,used_letters,used_mails', ...lines].join('\n'));
  return path;
}

function someUser(): string {
  return `user-${randomUUID()}`;
}

function services(file: string, options: Partial<Import> = {}): Import {
  const { url, secretKey } = suite.at().standIn;
  return {
    store: suite.store(),
    stripe: connectionBy(() => Promise.resolve({ secretKey, webhookSecret: '' }), url),
    file,
    asOf: suite.at().clock.now(),
    now: suite.at().clock.now,
    isDry: false,
    followsAgain: false,
    allowsOtherPrices: false,
    ...options,
  };
}

async function importThem(path: string, options: Partial<Import> = {}): Promise<Map<string, Imported>> {
  const file = await checkFile(path, suite.store().catalogue);
  expect(file.mistakes).toEqual([]);
  const results = new Map<string, Imported>();
  await importAll(services(file.fingerprint, options), file, ({ userId }, result) => {
    results.set(userId, result);
  });
  return results;
}

async function importOne(user: Given, options: Partial<Import> = {}): Promise<Imported> {
  const { userId, customerId = null, balance = 0, letters = 0, mails = 0 } = user;
  const line = { line: 2, userId, customerId, balance, used: { letters, mails }, held: {} };
  return importUser(services('fingerprint', options), line, [1, 1]);
}

type Kind = 'pro' | 'enterprise' | 'trialing' | 'past_due' | 'canceled' | 'free';

/** A customer at Stripe, as another app has made them. */
async function givenCustomer(card = 'pm_card_visa', metadata: Record<string, string> = {}): Promise<string> {
  const { id } = await suite.stripe().customers.create({
    metadata,
    payment_method: card,
    invoice_settings: { default_payment_method: card },
  });
  return id;
}

async function subscribe(customer: string, price = PRO, options: object = {}): Promise<string> {
  const { id } = await suite.stripe().subscriptions.create({ customer, items: [{ price }], ...options });
  return id;
}

async function givenUser(kind: Kind): Promise<string | null> {
  if (kind === 'free') {
    return null;
  }
  const customer = await givenCustomer();
  const options = kind === 'trialing' ? { trial_period_days: 30 } : {};
  const id = await subscribe(customer, kind === 'enterprise' ? ENTERPRISE : PRO, options);
  if (kind === 'canceled') {
    await suite.stripe().subscriptions.cancel(id);
  }
  if (kind === 'past_due') {
    const stripe = suite.stripe();
    const { id: card } = await stripe.paymentMethods.attach('pm_card_chargeCustomerFail', { customer });
    await stripe.customers.update(customer, { invoice_settings: { default_payment_method: card } });
  }
  return customer;
}

const EXPECTED: Record<Kind, { plan: string; status: string }> = {
  pro: { plan: 'pro', status: 'active' },
  enterprise: { plan: 'enterprise', status: 'active' },
  trialing: { plan: 'pro', status: 'trialing' },
  past_due: { plan: 'pro', status: 'past_due' },
  canceled: { plan: 'none', status: 'canceled' },
  free: { plan: 'none', status: 'none' },
};

/** Subscribers of every kind, some of whom have come into their second month. */
async function givenUsers(
  count: number,
): Promise<(Given & { kind: Kind; balance: number; letters: number })[]> {
  const kinds: Kind[] = [
    'pro',
    'past_due',
    'enterprise',
    'canceled',
    'trialing',
    'free',
    'pro',
    'enterprise',
  ];
  const users = Array.from({ length: count }, (_, index) => ({
    userId: someUser(),
    kind: kinds[index % kinds.length] ?? 'free',
    balance: index % 3,
    letters: index % 7,
  }));
  const customers = new Map<string, string | null>();
  const give = async (these: typeof users): Promise<void> => {
    await mapConcurrently(these, 8, async ({ userId, kind }) => {
      customers.set(userId, await givenUser(kind));
    });
  };
  const isOld = ({ kind }: { kind: Kind }, index: number): boolean => kind === 'past_due' || index % 2 === 0;
  await give(users.filter((user, index) => user.kind !== 'trialing' && isOld(user, index)));
  suite.at().moveTo('2026-04-10T18:00:00.000Z');
  await give(users.filter(({ userId }) => !customers.has(userId)));
  return users.map((user) => ({ ...user, customerId: customers.get(user.userId) ?? null }));
}

interface Run {
  signal: unknown;
  counts: Record<string, number>;
}

/** Imports in a process of its own, which is killed once so many transactions have begun. */
async function importInChild(path: string, killAfter = Infinity): Promise<Run> {
  const script = fileURLToPath(new URL('../support/import-in-child.ts', import.meta.url));
  const { url, secretKey } = suite.at().standIn;
  const now = String(suite.at().clock.now());
  const args = [script, suite.proxy().endpoint, suite.store().table, url, secretKey, path, now];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let transactions = 0;
  suite.proxy().inject(({ operation }) => {
    transactions += Number(operation === 'TransactWriteItems');
    if (transactions >= killAfter) {
      child.kill('SIGKILL');
    }
    return null;
  });
  const [stdout, [, signal]] = await Promise.all([
    text(child.stdout),
    once(child, 'close') as Promise<unknown[]>,
  ]);
  suite.proxy().reset();
  return { signal, counts: stdout === '' ? {} : (JSON.parse(stdout) as Run['counts']) };
}

async function expectMovedIn(users: Awaited<ReturnType<typeof givenUsers>>): Promise<number[]> {
  const versions: number[] = [];
  for (const { userId, kind, customerId = null, balance, letters } of users) {
    const account = await storedAccount(suite.store(), userId);
    const { plan, status } = EXPECTED[kind];
    expect({ kind, plan: account.plan, status: account.subscription.status }).toEqual({ kind, plan, status });
    expect(account).toMatchObject({ customerId, meters: { letters: { used: letters } } });
    expect(left(account.credits).purchased).toBe(balance);
    expect(await proveLedgerOf(suite.store(), `USER#${userId}`, plentyOfTime())).toMatchObject({
      holds: true,
    });
    const lines = [...(await itemsOf(suite.store(), userId)).values()];
    const opening = lines.filter(({ kind: movement }) => movement === 'adjustment_up');
    expect(opening.map(({ amount }) => amount)).toEqual(balance === 0 ? [] : [balance]);
    expect(opening.every(({ source }) => /^import:[0-9a-f]{16}$/.test(String(source)))).toBe(true);
    if (customerId !== null) {
      expect(await findUserOfCustomer(suite.store(), customerId, plentyOfTime())).toBe(userId);
    }
    versions.push(account.version);
  }
  return versions;
}

describe('moving in', () => {
  it('G4: killed at random moments and started again, it imports each of 200 users once', async () => {
    const users = await givenUsers(200);
    const path = fileOf(users);
    for (let kills = 0; kills < 3; kills += 1) {
      const killed = await importInChild(path, randomInt(5, 180));
      expect(killed).toEqual({ signal: 'SIGKILL', counts: {} });
    }
    const { counts } = await importInChild(path);
    expect(counts['imported']).toBeGreaterThan(0);
    expect((counts['imported'] ?? 0) + (counts['imported before'] ?? 0)).toBe(200);
    const versions = await expectMovedIn(users);
    // A second run changes nothing.
    expect((await importInChild(path)).counts).toEqual({ 'imported before': 200 });
    expect(await expectMovedIn(users)).toEqual(versions);
  }, 300_000);

  it('imports each user once, whatever answers are lost and however many import at once', async () => {
    const users = await givenUsers(16);
    const path = fileOf(users);
    suite
      .proxy()
      .inject(({ operation }) =>
        operation === 'TransactWriteItems' && randomInt(3) === 0 ? { fault: 'lose the answer' } : null,
      );
    const runs = [1, 2, 3].map(() => importThem(path, { store: suite.faultyStore() }));
    await Promise.all(runs);
    await expectMovedIn(users);
  });
});

describe('a user who moves in', () => {
  it('may be over their limit, and is refused from then on', async () => {
    const user = { userId: someUser(), letters: 12 };
    expect(await importOne(user)).toMatchObject({ is: 'imported', account: { plan: 'none' } });
    const account = await storedAccount(suite.store(), user.userId);
    const shown = viewAccount(account, suite.at().clock.now(), suite.store().catalogue);
    expect(shown.meters['letters']).toMatchObject({ used: 12, limit: 5, left: 0 });
    const use = await trackConsumption(suite.store(), request(user.userId, START), using({ letters: 1 }));
    expect(use).toMatchObject({ outcome: 'refused', refusal: { refusal: 'quota_exceeded' } });
  });

  it('keeps the balance whole: what they used takes included credits alone', async () => {
    const user = { userId: someUser(), customerId: await givenCustomer(), balance: 3 };
    await subscribe(user.customerId);
    await importOne({ ...user, mails: 1 });
    const account = await storedAccount(suite.store(), user.userId);
    expect(left(account.credits)).toMatchObject({ included: 1, purchased: 3 });
    const much = { userId: someUser(), customerId: await givenCustomer(), balance: 3, mails: 9 };
    await subscribe(much.customerId);
    await importOne(much);
    const { credits, meters } = await storedAccount(suite.store(), much.userId);
    expect(left(credits)).toMatchObject({ included: 0, purchased: 3 });
    expect(available(credits)).toBe(3);
    expect(meters['mails']).toMatchObject({ used: 9 });
  });

  it('is past due: what they have used of the allowance stays theirs, and the rest is withheld', async () => {
    const customerId = await givenUser('past_due');
    suite.at().moveTo('2026-04-10T18:00:00.000Z');
    const user = { userId: someUser(), customerId, balance: 3, mails: 1 };
    await importOne(user);
    const { credits, subscription } = await storedAccount(suite.store(), user.userId);
    expect(subscription.status).toBe('past_due');
    expect(credits).toMatchObject({ included: 1, withheld: 1, usedThisPeriod: 1 });
    expect(left(credits).purchased).toBe(3);
    const proof = await proveLedgerOf(suite.store(), `USER#${user.userId}`, plentyOfTime());
    expect(proof).toMatchObject({ holds: true });
  });

  it('begins at nothing where a period has begun since the usage was read', async () => {
    const [free, subscribed] = [someUser(), { userId: someUser(), customerId: await givenCustomer() }];
    await subscribe(subscribed.customerId);
    const asOf = at('2026-02-28');
    await importOne({ userId: free, letters: 2 }, { asOf });
    await importOne({ ...subscribed, letters: 2 }, { asOf });
    for (const userId of [free, subscribed.userId]) {
      expect(await storedAccount(suite.store(), userId)).toMatchObject({ meters: { letters: { used: 0 } } });
    }
  });

  it('is left alone if they are there already, erased, or another file’s', async () => {
    const [there, erased, other] = [someUser(), someUser(), someUser()];
    await trackConsumption(suite.store(), request(there, START), using({ letters: 1 }));
    await putTombstone(suite.store(), erased);
    const before = await itemsOf(suite.store(), there);
    expect(await importOne({ userId: there, balance: 5 })).toEqual({ is: 'left alone', because: 'exists' });
    expect(await itemsOf(suite.store(), there)).toEqual(before);
    expect(await importOne({ userId: erased })).toEqual({ is: 'left alone', because: 'erased' });
    await importOne({ userId: other, balance: 1 }, { file: 'another' });
    expect(await importOne({ userId: other, balance: 1 })).toEqual({ is: 'left alone', because: 'exists' });
    const begun = newAccount(someUser(), at(START), suite.store().catalogue);
    const { table } = suite.store();
    const items = [
      putAccount(table, begun, null),
      putBegun(table, begun.userId, 'another', suite.at().clock.now()),
    ];
    expect(await commit(suite.store(), items, plentyOfTime())).toBe(true);
    const outcome = await importOne({ userId: begun.userId });
    expect(outcome).toEqual({ is: 'left alone', because: 'another file' });
    expect(await importOne({ userId: begun.userId }, { file: 'another' })).toMatchObject({ is: 'imported' });
  });

  it('has a customer who can be theirs; else nothing is written', async () => {
    const [taken, deleted, named, unknown] = [
      await givenCustomer(),
      await givenCustomer(),
      await givenCustomer('pm_card_visa', { userId: 'somebody' }),
      'cus_nobody',
    ];
    await importOne({ userId: someUser(), customerId: taken });
    await suite.stripe().customers.del(deleted);
    const rows: [string, RegExp][] = [
      [taken, /belongs to the user user-\S+ already/],
      [deleted, /was deleted at Stripe/],
      [named, /name the user somebody/],
      [unknown, /another account's/],
    ];
    for (const [customerId, why] of rows) {
      const user = { userId: someUser(), customerId, balance: 1 };
      expect(await importOne(user)).toEqual({ is: 'failed', why: expect.stringMatching(why) });
      expect(await itemsOf(suite.store(), user.userId)).toEqual(new Map());
    }
  });

  it('waits for the price of their subscription to be adopted', async () => {
    const stripe = suite.stripe();
    const payingElsewhere = async (ofPrice: string): Promise<string> => {
      const customer = await givenCustomer();
      await subscribe(customer, ofPrice);
      return customer;
    };
    const { id: product } = await stripe.products.create({ name: 'Old Pro' });
    const { id: price } = await stripe.prices.create({
      product,
      currency: 'usd',
      unit_amount: 700,
      recurring: { interval: 'month' },
    });
    const user = { userId: someUser(), customerId: await payingElsewhere(price), balance: 2, letters: 3 };
    expect(await importOne(user)).toEqual({ is: 'failed', why: expect.stringContaining('adopt it') });
    expect(await itemsOf(suite.store(), user.userId)).toEqual(new Map());
    const other = { ...user, userId: someUser() };
    const free = await importOne(
      { ...other, customerId: await payingElsewhere(price) },
      { allowsOtherPrices: true },
    );
    expect(free).toMatchObject({ is: 'imported', account: { plan: 'none' } });
    await stripe.prices.update(price, { metadata: { postage_plan: 'pro' } });
    const account = { plan: 'pro', meters: { letters: { used: 3 } } };
    expect(await importOne(user)).toMatchObject({ is: 'imported', account });
  });

  it('follows Stripe once more when they are told to', async () => {
    const user = { userId: someUser(), customerId: await givenCustomer(), letters: 2 };
    const subscription = await subscribe(user.customerId);
    await importOne(user);
    await suite.stripe().subscriptions.cancel(subscription);
    expect(await importOne(user)).toMatchObject({ is: 'imported before', account: { plan: 'pro' } });
    const again = await importOne(user, { followsAgain: true });
    expect(again).toMatchObject({ is: 'imported before', account: { plan: 'none' } });
  });

  it('is only looked at in a dry run', async () => {
    const users = await givenUsers(8);
    const results = await importThem(fileOf(users), { isDry: true });
    expect(tallyOf([...results.values()].map(({ is }) => ({ outcome: is })))).toEqual({ imported: 8 });
    for (const { userId } of users) {
      expect(await itemsOf(suite.store(), userId)).toEqual(new Map());
    }
  });

  it('goes on after Stripe has been away: the import stops, and leaves nobody half imported', async () => {
    const users = await givenUsers(8);
    const file = await checkFile(fileOf(users), suite.store().catalogue);
    suite.at().standIn.control.setFaults({ api: { errorRate: 1, errors: ['server_error'] } });
    const [first] = users;
    const line = { line: 2, used: {}, held: {}, ...first, customerId: first?.customerId ?? null };
    const stopped = importUser(services(file.fingerprint), { userId: '', balance: 0, ...line }, [1, 1]);
    await expect(stopped).rejects.toMatchObject({ name: 'ImportStoppedError' });
    suite.at().standIn.control.setFaults({ api: { errorRate: 0.3, errors: ['server_error', 'rate_limit'] } });
    await importAll(services(file.fingerprint), file, () => undefined);
    suite.at().standIn.control.setFaults({});
    await expectMovedIn(users);
  });
});
