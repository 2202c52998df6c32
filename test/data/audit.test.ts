import { beforeAll, describe, expect, it } from '@jest/globals';
import { ScanCommand } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import {
  appendAudit,
  appendAuditRecords,
  type AuditQuery,
  listAuditRecords,
  MAX_AUDIT_RECORDS,
} from '../../lambdas/adapters/dynamodb/audit.ts';
import { type AuditRecord } from '../../lambdas/domain/audit.ts';
import { DAY_MS } from '../../lambdas/domain/instants.ts';
import { batchesOf } from '../../lambdas/runtime/batches.ts';
import { at } from '../support/accounts.ts';
import { useFaultyTable } from '../support/faulty-table.ts';
import { plentyOfTime } from '../support/table.ts';
import { allPages } from '../support/users.ts';

const table = useFaultyTable({ measuresCapacity: true });

const RECORDS: AuditRecord[] = [
  {
    id: 'run',
    at: at('2026-02-10'),
    type: 'RolloverFinished',
    actor: 'postage:rollover',
    data: { total: 3 },
  },
  ...Array.from({ length: 7 }, (_, index): AuditRecord => ({
    id: `adjustment-${index}`,
    at: at('2026-02-10') + 1 + index,
    type: 'CreditsAdjusted',
    actor: 'admin-1',
    userId: index < 5 ? 'ada' : 'grace',
    reason: 'Lost in the post',
    data: { amount: index },
  })),
  {
    id: 'next-day',
    at: at('2026-02-11'),
    type: 'SubscriptionChanged',
    actor: 'postage:billing',
    userId: 'ada',
    data: { plan: 'pro' },
  },
];

beforeAll(async () => {
  for (const record of RECORDS) {
    await appendAudit(table.store(), record, plentyOfTime());
  }
});

async function idsOf(query: AuditQuery, limit = 3): Promise<string[]> {
  const records = await allPages(
    (page) => listAuditRecords(table.store(), query, page, plentyOfTime()),
    limit,
  );
  return records.map(({ id }) => id);
}

const adjustments = (...indexes: number[]): string[] => indexes.map((index) => `adjustment-${index}`);

describe('the audit trail', () => {
  it.each<[string, AuditQuery, string[]]>([
    ['a day', { day: '2026-02-10' }, [...adjustments(6, 5, 4, 3, 2, 1, 0), 'run']],
    ['a type of a day', { day: '2026-02-10', type: 'RolloverFinished' }, ['run']],
    ['a user', { userId: 'ada' }, ['next-day', ...adjustments(4, 3, 2, 1, 0)]],
    ['a user on a day', { userId: 'ada', day: '2026-02-11' }, ['next-day']],
    ['a type of a user', { userId: 'ada', type: 'SubscriptionChanged' }, ['next-day']],
    ['a type of a user on a day', { userId: 'ada', day: '2026-02-10', type: 'SubscriptionChanged' }, []],
    ['nobody', { userId: 'nobody' }, []],
  ])('is listed by %s, newest first, page by page', async (_, query, ids) => {
    expect(await idsOf(query)).toEqual(ids);
    expect(await idsOf(query, 100)).toEqual(ids);
  });

  it('keeps each of its records for two years, and no longer', async () => {
    const { client, table: TableName } = table.store();
    const { Items = [] } = await client.send(new ScanCommand({ TableName }));
    const kept = Items.map((item) => unmarshall(item)).filter(({ pk }) => String(pk).startsWith('AUDIT#'));
    expect(new Set(kept.map(({ id }) => String(id)))).toEqual(new Set(RECORDS.map(({ id }) => id)));
    for (const record of kept) {
      // In whole seconds; one of the years may have a leap day.
      expect(Number(record['expiresAt'])).toBe(Math.ceil((Number(record['at']) + 731 * DAY_MS) / 1000));
    }
  });

  it('takes many at once, and leaves alone those that it already has', async () => {
    const records = Array.from({ length: MAX_AUDIT_RECORDS }, (_, index): AuditRecord => ({
      id: `many-${String(index)}`,
      at: at('2026-02-12') + index,
      type: 'GiftSent',
      actor: 'postage:gifts',
      userId: 'many',
      data: {},
    }));
    await appendAuditRecords(table.store(), records.slice(10, 20), plentyOfTime());
    const again = records.map((record) => ({ ...record, actor: 'somebody else' }));
    await appendAuditRecords(table.store(), again, plentyOfTime());
    const page = { limit: 100, after: null };
    const { items } = await listAuditRecords(table.store(), { userId: 'many' }, page, plentyOfTime());
    const expected = again.map((record, index) => (index >= 10 && index < 20 ? records[index] : record));
    expect(items.toReversed()).toEqual(expected);
  });

  it('lists a busy day from all its partitions, by pages that read little more than they show', async () => {
    const count = 1_600;
    const day = '2026-02-13';
    const records = Array.from({ length: count }, (_, index): AuditRecord => ({
      id: `busy-${String(index)}`,
      // Three at each instant.
      at: at(day) + Math.floor(index / 3),
      type: index % 400 === 0 ? 'UserErased' : 'GiftSent',
      actor: 'postage:gifts',
      data: {},
    }));
    for (const some of batchesOf(records, MAX_AUDIT_RECORDS)) {
      await appendAuditRecords(table.store(), some, plentyOfTime());
    }
    const newestFirst = records
      .toSorted((one, other) => other.at - one.at || (one.id < other.id ? 1 : -1))
      .map(({ id }) => id);
    expect(await idsOf({ day }, 100)).toEqual(newestFirst);
    expect(await idsOf({ day }, 7)).toEqual(newestFirst);
    expect(await idsOf({ day, type: 'UserErased' }, 3)).toEqual([
      'busy-1200',
      'busy-800',
      'busy-400',
      'busy-0',
    ]);

    const page = { limit: 50, after: null };
    await listAuditRecords(table.faultyStore(), { day }, page, plentyOfTime());
    // A unit for each of the 16 partitions, and a second look at most of them. All of the day would be more than 60.
    expect(table.proxy().consumedUnits()).toBeLessThanOrEqual(40);
  });

  it('keeps a record as it was first written', async () => {
    const [run] = RECORDS;
    if (run === undefined) {
      throw new Error('There is a record.');
    }
    await appendAudit(table.store(), { ...run, data: { total: 4 } }, plentyOfTime());
    const page = { limit: 1, after: null };
    const { items } = await listAuditRecords(
      table.store(),
      { day: '2026-02-10', type: 'RolloverFinished' },
      page,
      plentyOfTime(),
    );
    expect(items).toEqual([run]);
  });
});
