import { describe, expect, it } from '@jest/globals';
import { appendAudit } from '../../lambdas/adapters/dynamodb/audit.ts';
import { listRolloverRuns } from '../../lambdas/adapters/dynamodb/audit.ts';
import { at } from '../support/accounts.ts';
import { useFaultyTable } from '../support/faulty-table.ts';
import { plentyOfTime } from '../support/table.ts';
import { allPages } from '../support/users.ts';

const table = useFaultyTable({ measuresCapacity: true });

async function append(type: string, id: string, day: string): Promise<void> {
  const record = { id, at: at(day), type, actor: 'postage:test', data: { text: 'x'.repeat(1_000) } };
  await appendAudit(table.store(), record, plentyOfTime());
}

describe('the runs of the rollover', () => {
  it('are those of a range of days, newest first, page by page; reading them costs nothing for other records', async () => {
    const days = ['2026-02-08', '2026-02-09', '2026-02-10', '2026-02-11'];
    for (const day of days) {
      await append('RolloverFinished', `run of ${day}`, day);
    }
    for (let index = 0; index < 100; index += 1) {
      await append('SubscriptionChanged', `change ${String(index)}`, '2026-02-10');
    }
    const range = { first: '2026-02-09', last: '2026-02-10' };
    for (const limit of [1, 100]) {
      table.proxy().reset();
      const runs = await allPages(
        (page) => listRolloverRuns(table.faultyStore(), range, page, plentyOfTime()),
        limit,
      );
      expect(runs.map(({ id }) => id)).toEqual(['run of 2026-02-10', 'run of 2026-02-09']);
      // Two runs are 3 kB, and an empty page costs one unit too.
      expect(table.proxy().consumedUnits()).toBeLessThanOrEqual(3);
    }
  });
});
