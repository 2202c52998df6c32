import { beforeEach, describe, expect, it } from '@jest/globals';
import { ScanCommand } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { randomUUID } from 'node:crypto';
import { deadlineIn } from '../../lambdas/runtime/deadline.ts';
import { countOnce } from '../../lambdas/commands/count-once.ts';
import { BusyError } from '../../lambdas/adapters/dynamodb/retry.ts';
import { getDailyStatistics } from '../../lambdas/commands/usage-statistics.ts';
import { readSketches } from '../../lambdas/adapters/dynamodb/user-sketches.ts';
import { estimateUsers } from '../../lambdas/domain/distinct-users.ts';
import { DAY_MS, utcDay } from '../../lambdas/domain/instants.ts';
import { type Counted } from '../../lambdas/domain/statistics.ts';
import { at } from '../support/accounts.ts';
import { exception, randomFaults } from '../support/faulty-dynamodb.ts';
import { useFaultyTable } from '../support/faulty-table.ts';
import { plentyOfTime } from '../support/table.ts';

const table = useFaultyTable();

let daysSoFar = 0;
let day = '';

/** A day that has no statistics yet. */
function beginDay(): void {
  daysSoFar += 1;
  day = utcDay(at('2026-01-01') + daysSoFar * DAY_MS);
}

beforeEach(beginDay);

const WRITTEN_AT = at('2026-06-01');

/** Letters, written by so many users in turn. */
function letters(count: number, { users }: { users: number }): Counted[] {
  return Array.from({ length: count }, (_, index) => ({
    subject: `letter:${randomUUID()}`,
    userId: `user-${String(index % users)}-${day}`,
    day,
    totals: { 'used:letters': 1 },
    isUse: true,
    writtenAt: WRITTEN_AT,
  }));
}

/** What the statistics say of the day. */
async function counted(): Promise<{ letters: number; activeUsers: number; inSketch: number }> {
  const [statistics] = await getDailyStatistics(table.store(), { first: day, last: day }, plentyOfTime());
  const sketch = await readSketches(table.store(), [day], plentyOfTime());
  return {
    letters: statistics?.totals['used:letters'] ?? 0,
    activeUsers: statistics?.activeUsers ?? 0,
    inSketch: Math.round(estimateUsers(sketch)),
  };
}

describe('counting once', () => {
  it('G12: loses nobody and nothing, and counts nothing twice, whichever request it dies at', async () => {
    let survived = 0;
    for (let dies = true; dies; survived += 1) {
      beginDay();
      const things = letters(150, { users: 40 });
      let requests = 0;
      table.proxy().inject(() => {
        requests += 1;
        return requests > survived ? exception('InternalServerError', 500) : null;
      });
      const counting = countOnce(table.faultyStore(), things, deadlineIn(150));
      const death: unknown = await counting.then(
        () => null,
        (error: unknown) => error,
      );
      dies = death !== null;
      expect(death ?? new BusyError()).toBeInstanceOf(BusyError);
      await countOnce(table.store(), things, plentyOfTime());
      expect(await counted()).toEqual({ letters: 150, activeUsers: 40, inSketch: 40 });
    }
    expect(survived).toBeGreaterThan(6);
  });

  it('G12: counts each thing once, though many count the same, conflict, and lose their answers', async () => {
    const things = letters(600, { users: 60 });
    table.proxy().inject(randomFaults(7, { conflicts: 0.2, lostAnswers: 0.1 }));
    const overlapping = [things, things.slice(200), things.slice(0, 400), [...things].reverse()];
    await Promise.all(overlapping.map((part) => countOnce(table.faultyStore(), part, deadlineIn(30_000))));
    expect(await counted()).toEqual({ letters: 600, activeUsers: 60, inSketch: 60 });
  });

  it('takes a batch in few requests', async () => {
    await countOnce(table.faultyStore(), letters(380, { users: 8 }), plentyOfTime());
    const { TransactWriteItems, ...others } = table.proxy().requests();
    // 388 markers are read, and a day's and a month's sketch written.
    expect(others).toEqual({ BatchGetItem: 4, GetItem: 2, PutItem: 2 });
    expect(TransactWriteItems).toBeLessThanOrEqual(5);
  });

  it('G12: keeps its markers for 35 days, longer than failed records can come again, and the days for good', async () => {
    await countOnce(table.store(), letters(1, { users: 1 }), plentyOfTime());
    const { Items = [] } = await table
      .store()
      .client.send(new ScanCommand({ TableName: table.store().table }));
    const items = Items.map((item) => unmarshall(item));
    const days = items.filter(({ pk }) => pk === 'STATS#DAYS');
    expect(days.length).toBeGreaterThanOrEqual(1);
    expect(days.flatMap((item) => Object.keys(item))).not.toContain('expiresAt');
    const markers = items.filter(({ sk }) => sk === 'MARK');
    expect(markers.length).toBeGreaterThanOrEqual(2);
    for (const { expiresAt } of markers) {
      expect(expiresAt).toBe((WRITTEN_AT + 35 * DAY_MS) / 1000);
    }
  });
});
