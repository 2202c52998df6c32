import { describe, expect, it } from '@jest/globals';
import { DeleteItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { randomUUID } from 'node:crypto';
import { accountItem, accountKey } from '../../lambdas/adapters/dynamodb/account-item.ts';
import { MAX_BATCH_ITEMS } from '../../lambdas/adapters/dynamodb/batch-get.ts';
import { CorruptItemError } from '../../lambdas/adapters/dynamodb/items.ts';
import { accountShard, rolloverShard } from '../../lambdas/adapters/dynamodb/keys.ts';
import { rollPage } from '../../lambdas/commands/roll-page.ts';
import { type Store } from '../../lambdas/adapters/dynamodb/store.ts';
import { type Account } from '../../lambdas/domain/account.ts';
import { createTable } from '../../local/create-table.ts';
import { active, at, availableTo, givenSubscriber, pastDue, periodOf } from '../support/accounts.ts';
import { type Injector, randomFaults } from '../support/faulty-dynamodb.ts';
import { useFaultyTable } from '../support/faulty-table.ts';
import { itemsByUser, putAccounts, rollEverything } from '../support/rollovers.ts';
import {
  countOf,
  expectClosedBooks,
  givenPlan,
  givenSubscriberWithLetter,
  itemsOf,
  putTombstone,
  request,
  scheduleMail,
  someUser,
  storedAccount,
  tallyOf,
  writeLetter,
} from '../support/users.ts';

const shared = useFaultyTable();
const PRO = active({ plan: 'pro', anchor: '2026-03-01' });
const MIDNIGHT = at('2026-04-01');

/** A table of its own for a run, since a run takes everybody. */
async function givenTable(): Promise<{ store: Store; faultyStore: Store }> {
  const table = `postage-run-${randomUUID()}`;
  await createTable(shared.store().client, table);
  return {
    store: { ...shared.store(), table },
    faultyStore: { ...shared.faultyStore(), table },
  };
}

function subscribers(count: number): Account[] {
  const account = givenSubscriber(PRO, '2026-03-10');
  return Array.from({ length: count }, () => ({ ...account, userId: someUser(), version: 1 }));
}

/** Each account has closed its one period once, and has the next one's credits once. */
async function expectEachClosedOnce(store: Store, accounts: readonly Account[]): Promise<void> {
  const users = await itemsByUser(store);
  for (const { userId } of accounts) {
    const items = users.get(`USER#${userId}`) ?? [];
    expect(items.map(({ sk }) => sk)).toEqual(['ACCOUNT', 'PERIOD#2026-03-01T00:00:00.000Z']);
    expect(items[0]).toMatchObject({
      version: 2,
      granted: 4,
      expired: 2,
      available: 2,
      periodStart: MIDNIGHT,
    });
  }
}

/** Lets something happen before the first request of an operation is carried out. */
function before(operation: string, act: () => Promise<unknown>): Injector {
  let isFirst = true;
  return (sent) => {
    const isChosen = isFirst && sent.operation === operation;
    isFirst &&= !isChosen;
    return isChosen ? { fault: 'wait', until: act } : null;
  };
}

describe('G5: each period closes once', () => {
  it.each([1, 2, 3, 1_000])('G5: nobody is forgotten by pages of %i', async (limit) => {
    const { store } = await givenTable();
    const accounts = subscribers(60);
    await putAccounts(store, accounts);
    const results = await rollEverything(store, MIDNIGHT, limit);
    expect(tallyOf(results)).toEqual({ rolled: 60 });
    expect(results.map(({ userId }) => userId).toSorted()).toEqual(
      accounts.map(({ userId }) => userId).toSorted(),
    );
    await expectEachClosedOnce(store, accounts);
  });

  it('G5: a page whose accounts can be read only in part has failed, and the next run rolls the rest', async () => {
    const { store, faultyStore } = await givenTable();
    const inShard = (userId: string): boolean => accountShard(userId) === rolloverShard(0);
    const accounts = subscribers(4_000).filter(({ userId }) => inShard(userId));
    expect(accounts.length).toBeGreaterThan(2 * MAX_BATCH_ITEMS);
    await putAccounts(store, accounts);
    let batches = 0;
    shared.proxy().inject(({ operation }) => {
      batches += operation === 'BatchGetItem' ? 1 : 0;
      return operation === 'BatchGetItem' && batches === 2
        ? { fault: 'answer', status: 400, body: { __type: 'ValidationException' } }
        : null;
    });
    const page = { shard: 0, now: MIDNIGHT, after: null, limit: 1_000 };
    await expect(rollPage(faultyStore, page)).rejects.toThrow();
    await rollPage(store, page);
    await expectEachClosedOnce(store, accounts);
  });

  it('G5: nothing is closed before its end; a repeated run finds nothing to do', async () => {
    const { store } = await givenTable();
    const accounts = subscribers(20);
    await putAccounts(store, accounts);
    expect(await rollEverything(store, MIDNIGHT - 1)).toEqual([]);
    expect(tallyOf(await rollEverything(store, MIDNIGHT))).toEqual({ rolled: 20 });
    const after = await itemsByUser(store);
    expect(await rollEverything(store, MIDNIGHT)).toEqual([]);
    expect(await rollEverything(store, at('2026-04-30T23:59:59.999Z'))).toEqual([]);
    expect(await itemsByUser(store)).toEqual(after);
  });

  it('G5: concurrent runs close each period once', async () => {
    const { store } = await givenTable();
    const accounts = subscribers(200);
    await putAccounts(store, accounts);
    const runs = await Promise.all([1, 2, 3].map(() => rollEverything(store, MIDNIGHT, 7)));
    // Fewer where an answer came too late and the next try found the account rolled already; never more.
    expect(tallyOf(runs.flat())['rolled']).toBeLessThanOrEqual(200);
    expect(tallyOf(runs.flat())['failed']).toBeUndefined();
    await expectEachClosedOnce(store, accounts);
  });

  it('G5: with conflicts, throttling and lost answers each period closes once all the same', async () => {
    const { store, faultyStore } = await givenTable();
    const accounts = subscribers(200);
    await putAccounts(store, accounts);
    shared.proxy().inject(randomFaults(5, { conflicts: 0.25, lostAnswers: 0.05, throttled: 0.05 }));
    const results = await rollEverything(faultyStore, MIDNIGHT, 50);
    expect(results).toHaveLength(200);
    expect(tallyOf(results)['failed']).toBeUndefined();
    await expectEachClosedOnce(store, accounts);
  });

  it('G5, G6: a run that is months late closes every month, as runs in time would have', async () => {
    const { store } = await givenTable();
    const endOfMonth = active({ plan: 'enterprise', anchor: '2026-01-31' });
    const late = await givenSubscriberWithLetter(store, endOfMonth, '2026-01-31');
    await scheduleMail(store, request(late.userId, '2026-02-01'), late.letterId);
    expect(tallyOf(await rollEverything(store, at('2026-06-15')))).toEqual({ rolled: 1 });
    const account = await storedAccount(store, late.userId);
    expect(periodOf(account)).toEqual(['2026-05-31', '2026-06-30']);
    expect(countOf(await itemsOf(store, late.userId), 'PERIOD')).toBe(5);
    await expectClosedBooks(store, late.userId, '2026-06-15');

    const inTime = await givenSubscriberWithLetter(store, endOfMonth, '2026-01-31');
    await scheduleMail(store, request(inTime.userId, '2026-02-01'), inTime.letterId);
    for (const night of ['2026-02-28', '2026-03-31', '2026-04-30', '2026-05-31']) {
      await rollEverything(store, at(night));
    }
    const punctual = await storedAccount(store, inTime.userId);
    expect({ ...punctual, version: 0, userId: '' }).toEqual({ ...account, version: 0, userId: '' });
  });

  it('G5: ten years are closed by one run', async () => {
    const { store } = await givenTable();
    const { userId } = await givenSubscriberWithLetter(store, PRO, '2026-03-10');
    expect(tallyOf(await rollEverything(store, at('2036-03-10')))).toEqual({ rolled: 1 });
    expect(countOf(await itemsOf(store, userId), 'PERIOD')).toBe(120);
    await expectClosedBooks(store, userId, '2036-03-10');
    expect(await rollEverything(store, at('2036-03-10'))).toEqual([]);
  });

  it('G7: ends a subscription whose grace is over, and leaves the account out of the index', async () => {
    const { store } = await givenTable();
    const facts = pastDue({ plan: 'pro', anchor: '2026-03-01', graceEndsAt: '2026-03-20' });
    const { userId } = await givenSubscriberWithLetter(store, facts, '2026-03-10');
    expect(tallyOf(await rollEverything(store, at('2026-03-20')))).toEqual({ rolled: 1 });
    const account = await storedAccount(store, userId);
    expect([account.plan, account.subscription, availableTo(account)]).toEqual([
      'none',
      { status: 'canceled' },
      0,
    ]);
    expect(await rollEverything(store, at('2027-03-20'))).toEqual([]);
    await expectClosedBooks(store, userId, '2027-03-20');
  });
});

describe('a run among others who write', () => {
  it('G5: reports a corrupt account each time, and rolls everybody else', async () => {
    const { store } = await givenTable();
    const accounts = subscribers(100);
    await putAccounts(store, accounts);
    const [bad, worse] = accounts;
    if (bad === undefined || worse === undefined) {
      throw new Error('There are a hundred.');
    }
    const corrupt = { ...accountItem(bad), available: { N: '7' } };
    const incomplete = accountItem(worse);
    delete incomplete['periodEnd'];
    await store.client.send(new PutItemCommand({ TableName: store.table, Item: corrupt }));
    await store.client.send(new PutItemCommand({ TableName: store.table, Item: incomplete }));
    for (const rolled of [98, undefined]) {
      const results = await rollEverything(store, MIDNIGHT, 5);
      expect(tallyOf(results)).toEqual({ failed: 2, ...(rolled === undefined ? {} : { rolled }) });
      const failed = results.flatMap((result) => (result.outcome === 'failed' ? [result] : []));
      expect(failed.map(({ userId }) => userId).toSorted()).toEqual([bad.userId, worse.userId].toSorted());
      expect(failed.every(({ error }) => error instanceof CorruptItemError)).toBe(true);
    }
    await expectEachClosedOnce(store, accounts.slice(2));
  });

  it('G5: leaves an account that a command has rolled while the index was behind', async () => {
    const { store, faultyStore } = await givenTable();
    const { userId } = await givenSubscriberWithLetter(store, PRO, '2026-03-10');
    shared.proxy().inject(before('BatchGetItem', () => writeLetter(store, request(userId, MIDNIGHT))));
    expect(await rollEverything(faultyStore, MIDNIGHT)).toEqual([{ userId, outcome: 'not due' }]);
    expect(countOf(await itemsOf(store, userId), 'PERIOD')).toBe(1);
    await expectClosedBooks(store, userId, MIDNIGHT);
  });

  it('G5: leaves an account that a command rolls between its read and its write', async () => {
    const { store, faultyStore } = await givenTable();
    const { userId, letterId } = await givenSubscriberWithLetter(store, PRO, '2026-03-10');
    const mail = () => scheduleMail(store, request(userId, MIDNIGHT), letterId);
    shared.proxy().inject(before('TransactWriteItems', mail));
    expect(await rollEverything(faultyStore, MIDNIGHT)).toEqual([{ userId, outcome: 'not due' }]);
    expect(availableTo(await storedAccount(store, userId))).toBe(1);
    await expectClosedBooks(store, userId, MIDNIGHT);
  });

  it('G1, G5: does not undo a deduction that comes between its read and its write', async () => {
    const { store, faultyStore } = await givenTable();
    const { userId, letterId } = await givenSubscriberWithLetter(store, PRO, '2026-03-10');
    // For a gateway's clock that lags a little, the old period is still open.
    const mail = () => scheduleMail(store, request(userId, MIDNIGHT - 1), letterId);
    shared.proxy().inject(before('TransactWriteItems', mail));
    expect(await rollEverything(faultyStore, MIDNIGHT)).toEqual([{ userId, outcome: 'rolled' }]);
    const items = await itemsOf(store, userId);
    expect(items.get('PERIOD#2026-03-01T00:00:00.000Z')).toMatchObject({
      meters: { mails: { used: 1 } },
      creditsUsed: 1,
    });
    await expectClosedBooks(store, userId, MIDNIGHT);
  });

  it('passes over accounts that were erased or deleted while the index was behind', async () => {
    const { store, faultyStore } = await givenTable();
    const [erased, deleted] = subscribers(2);
    if (erased === undefined || deleted === undefined) {
      throw new Error('There are two.');
    }
    await putAccounts(store, [erased, deleted]);
    const vanish = async (): Promise<void> => {
      await putTombstone(store, erased.userId);
      await store.client.send(
        new DeleteItemCommand({ TableName: store.table, Key: accountKey(deleted.userId) }),
      );
    };
    let vanishing: Promise<void> | null = null;
    shared
      .proxy()
      .inject(({ operation }) =>
        operation === 'BatchGetItem' ? { fault: 'wait', until: () => (vanishing ??= vanish()) } : null,
      );
    expect(await rollEverything(faultyStore, MIDNIGHT)).toEqual([
      { userId: erased.userId, outcome: 'not due' },
    ]);
    expect(countOf(await itemsOf(store, erased.userId), 'PERIOD')).toBe(0);
  });

  it('G1, G4, G5: runs, commands and plan changes at once leave closed books', async () => {
    const { store } = await givenTable();
    const users = await Promise.all(
      Array.from({ length: 12 }, () => givenSubscriberWithLetter(store, PRO, '2026-03-10')),
    );
    const enterprise = active({ plan: 'enterprise', anchor: '2026-03-15' });
    await Promise.all([
      rollEverything(store, MIDNIGHT, 3),
      rollEverything(store, MIDNIGHT + 1_000, 2),
      ...users.flatMap(({ userId, letterId }, index) => [
        scheduleMail(store, request(userId, MIDNIGHT + index), letterId),
        scheduleMail(store, request(userId, MIDNIGHT - index), letterId),
        index % 3 === 0
          ? givenPlan(store, userId, enterprise, MIDNIGHT + index)
          : writeLetter(store, request(userId, MIDNIGHT)),
      ]),
    ]);
    for (const { userId } of users) {
      await expectClosedBooks(store, userId, MIDNIGHT + 2_000);
    }
  });
});
