import { beforeAll, describe, expect, it } from '@jest/globals';
import { BatchWriteItemCommand } from '@aws-sdk/client-dynamodb';
import { batchesOf } from '../../lambdas/runtime/batches.ts';
import { toWire } from '../../lambdas/adapters/dynamodb/items.ts';
import { getAggregateUsageStats } from '../../lambdas/letters/commands/aggregate-usage-stats.ts';
import { getDailyStatistics, getTotals } from '../../lambdas/commands/usage-statistics.ts';
import { addToSketch } from '../../lambdas/adapters/dynamodb/user-sketches.ts';
import { DAY_MS, utcDay } from '../../lambdas/domain/instants.ts';
import { at } from '../support/accounts.ts';
import { useFaultyTable } from '../support/faulty-table.ts';
import { plentyOfTime } from '../support/table.ts';

const table = useFaultyTable();
const DAYS = Array.from({ length: 3_653 }, (_, index) => utcDay(at('2020-01-01') + index * DAY_MS));

/** The parts of a day add up to two letters of two users, and a credit. One was counted before there were parts. */
const PARTS = [
  { mark: '', 'used:letters': 1, creditsUsed: 1, activeUsers: 1 },
  { mark: '#0', 'used:letters': 0, creditsUsed: 0, activeUsers: 0 },
  { mark: '#1', 'used:letters': 1, creditsUsed: 0, activeUsers: 0 },
  { mark: '#3', 'used:letters': 0, creditsUsed: 0, activeUsers: 1 },
];

/** Ten years, on each day of which two users were active: one always, and one of the month. */
beforeAll(async () => {
  const { client, table: name } = table.store();
  const items = DAYS.flatMap((day) =>
    PARTS.map(({ mark, ...amounts }) => ({
      pk: 'STATS#DAYS',
      sk: `${day}${mark}`,
      ...amounts,
    })),
  );
  for (const batch of batchesOf(items, 25)) {
    const puts = batch.map((item) => ({ PutRequest: { Item: toWire(item) } }));
    await client.send(new BatchWriteItemCommand({ RequestItems: { [name]: puts } }));
  }
  for (const month of new Set(DAYS.map((day) => day.slice(0, 7)))) {
    await addToSketch(table.store(), month, ['always', month], plentyOfTime());
  }
  for (const day of DAYS.filter((each) => each === '2027-01-01' || each.startsWith('2026-01'))) {
    await addToSketch(table.store(), day, ['always', day.slice(0, 7)], plentyOfTime());
  }
});

describe('statistics over a range', () => {
  it.each([
    ['a day', '2026-01-15', '2026-01-15', { days: 1, users: 2, requests: 2 }],
    ['365 days', '2026-01-02', '2027-01-01', { days: 365, users: 14, requests: 2 }],
    ['365 days of whole months', '2026-01-01', '2026-12-31', { days: 365, users: 13, requests: 2 }],
    ['ten years', '2020-01-01', '2029-12-31', { days: 3_653, users: 121, requests: 9 }],
    ['days without anything', '2019-01-01', '2019-12-31', { days: 0, users: 0, requests: 1 }],
  ])('%s', async (_, first, last, { days, users, requests }) => {
    const stats = await getAggregateUsageStats(table.faultyStore(), { first, last }, plentyOfTime());
    expect(stats).toEqual({
      totalLetters: 2 * days,
      totalEmails: 0,
      totalMails: 0,
      totalMailCreditsUsed: days,
      uniqueUsers: users,
    });
    const sent = Object.values(table.proxy().requests()).reduce((sum, count) => sum + count, 0);
    expect(sent).toBeLessThanOrEqual(requests);
  });

  it('the totals of a month, in one request', async () => {
    const range = { first: '2028-02-01', last: '2028-02-29' };
    const totals = await getTotals(table.faultyStore(), range, plentyOfTime());
    expect(totals).toEqual({ 'used:letters': 58, creditsUsed: 29 });
    expect(table.proxy().requests()).toEqual({ Query: 1 });
  });

  it('day by day', async () => {
    const range = { first: '2026-02-28', last: '2026-03-01' };
    const days = await getDailyStatistics(table.faultyStore(), range, plentyOfTime());
    expect(days.map(({ day, activeUsers }) => [day, activeUsers])).toEqual([
      ['2026-02-28', 2],
      ['2026-03-01', 2],
    ]);
  });
});

describe('sketches', () => {
  it('are not written when nobody is new', async () => {
    await addToSketch(table.store(), '2040-01-01', ['ada'], plentyOfTime());
    await addToSketch(table.faultyStore(), '2040-01-01', ['ada'], plentyOfTime());
    expect(table.proxy().requests()).toEqual({ GetItem: 1 });
  });

  it('lose nobody when two add at the same time', async () => {
    const users = Array.from({ length: 8 }, (_, index) => `user-${index}`);
    await Promise.all(users.map((user) => addToSketch(table.store(), '2040-01-02', [user], plentyOfTime())));
    const again = table.faultyStore();
    await addToSketch(again, '2040-01-02', users, plentyOfTime());
    expect(table.proxy().requests()).toEqual({ GetItem: 1 });
  });
});
