import { afterAll, describe, expect, it } from '@jest/globals';
import { DeleteItemCommand } from '@aws-sdk/client-dynamodb';
import { accountKey } from '../../lambdas/adapters/dynamodb/account-item.ts';
import { readStoredAccount } from '../../lambdas/adapters/dynamodb/accounts.ts';
import { rolloverShard } from '../../lambdas/adapters/dynamodb/keys.ts';
import { DUE_SHARDS } from '../../lambdas/adapters/dynamodb/table-schema.ts';
import { type Instant, toIso } from '../../lambdas/domain/instants.ts';
import { countDue } from '../../local/count-due.ts';
import { eventually } from '../e2e/support/eventually.ts';
import { ask, expectAnswer } from '../e2e/support/http.ts';
import { useWorld } from '../e2e/support/use-world.ts';
import { plentyOfTime } from '../support/table.ts';
import { dueAccount, putItems, usersInShard } from './support/due-accounts.ts';
import { runStateMachine, useStack } from './support/stack.ts';

const stack = useStack();
const world = useWorld();

/** More than the 1,000 accounts of a page. */
const ACCOUNTS_OF_TWO_PAGES = 1_050;

const LONG_MS = 120_000;

/** Every shard as it stands in a run, done but for the given one. */
function shardsBut(unfinished: { shard: number; cursor: string; pages: number }): object[] {
  return Array.from({ length: DUE_SHARDS }, (_, shard) => ({
    shard,
    cursor: null,
    total: 0,
    succeeded: 0,
    failed: 0,
    pages: 1,
    ...(shard === unfinished.shard ? unfinished : {}),
  }));
}

/** A cursor before all accounts of a shard. */
function beginningOf(shard: number): string {
  const key = { pk: { S: 'USER#' }, sk: { S: 'ACCOUNT' } };
  return JSON.stringify({ ...key, dueShard: { S: rolloverShard(shard) }, dueAt: { N: '0' } });
}

async function isRolled(userId: string, now: Instant): Promise<boolean> {
  const account = await readStoredAccount(stack().store, userId, plentyOfTime());
  return account?.kind === 'account' && account.periodStart <= now && account.periodEnd > now;
}

describe('a run of the deployed rollover', () => {
  it(
    'G5: goes through all shards, page after page, and rolls every account over',
    async () => {
      const now = Date.now();
      const crowd = usersInShard(7, ACCOUNTS_OF_TWO_PAGES);
      const others = Array.from({ length: DUE_SHARDS }, (_, shard) => usersInShard(shard, 2)).flat();
      const users = [...crowd, ...others];
      await putItems(
        stack().store,
        users.map((userId) => dueAccount(userId, now)),
      );
      const due = await countDue(stack().store, now);
      expect(due).toBeGreaterThanOrEqual(users.length);

      const run = await runStateMachine(stack(), { now: toIso(now) });
      expect(run).toMatchObject({
        status: 'SUCCEEDED',
        report: { totalProcessed: due, successCount: due, errorCount: 0, brokenShards: 0 },
        failures: [],
      });
      expect(run.results).toContainEqual(expect.objectContaining({ shard: 7, cursor: null, pages: 2 }));
      expect(await countDue(stack().store, now)).toBe(0);
      for (const userId of [crowd[0], crowd.at(-1), ...others]) {
        expect(await isRolled(String(userId), now)).toBe(true);
      }
    },
    LONG_MS,
  );

  it(
    'G5: tries a page again that fails, leaves its shard, ends the others and fails; the next run catches up',
    async () => {
      const now = Date.now();
      const [inBrokenShard, elsewhere] = [usersInShard(3, 1), usersInShard(4, 1)].flat().map(String);
      const users = [String(inBrokenShard), String(elsewhere)];
      await putItems(
        stack().store,
        users.map((userId) => dueAccount(userId, now)),
      );
      const broken = shardsBut({ shard: 3, cursor: 'not a cursor', pages: 1 });
      const shards = broken.map((shard, index) => (index === 4 ? { shard: 4 } : shard));

      const run = await runStateMachine(stack(), { now: toIso(now), startedAt: toIso(now), shards });
      expect(run).toMatchObject({
        status: 'FAILED',
        error: 'RolloverFailed',
        report: { totalProcessed: 1, successCount: 1, errorCount: 0, brokenShards: 1 },
      });
      expect(run.failures).toHaveLength(4);
      const areRolled = (): Promise<boolean[]> => Promise.all(users.map((userId) => isRolled(userId, now)));
      expect(await areRolled()).toEqual([false, true]);

      expect(await runStateMachine(stack(), { now: toIso(now) })).toMatchObject({ status: 'SUCCEEDED' });
      expect(await areRolled()).toEqual([true, true]);
    },
    LONG_MS,
  );

  it(
    'continues in a new execution when it gets too long for one, and is found under its first id',
    async () => {
      const now = Date.now();
      const [userId = ''] = usersInShard(5, 1);
      await putItems(stack().store, [dueAccount(userId, now)]);
      const shards = shardsBut({ shard: 5, cursor: beginningOf(5), pages: 25 });

      const first = await runStateMachine(stack(), { now: toIso(now), startedAt: toIso(now), shards });
      expect(first).toMatchObject({ status: 'SUCCEEDED', report: { continuedBy: expect.any(String) } });
      const secret = { token: world().cronSecret };
      const found = await eventually('an end of the second execution', async () => {
        const answer = await ask(world(), `GET /cron/executions/${first.id}`, secret);
        return answer.body['status'] === 'running' ? null : answer;
      });
      const result = { totalProcessed: 1, successCount: 1, errorCount: 0 };
      expectAnswer(found, 200, { executionId: first.id, status: 'succeeded', result });
      expect(await isRolled(userId, now)).toBe(true);
    },
    LONG_MS,
  );

  describe('that meets an account which is damaged', () => {
    const [damaged = '', whole = ''] = usersInShard(9, 2);

    afterAll(async () => {
      const { client, table } = stack().store;
      await client.send(new DeleteItemCommand({ TableName: table, Key: accountKey(damaged) }));
    });

    it('G5: rolls the others over, and tells by its route and by its end how many failed', async () => {
      const now = Date.now();
      // The sums of its credits do not hold.
      const account = { ...dueAccount(damaged, now), available: { N: '99' } };
      await putItems(stack().store, [account, dueAccount(whole, now)]);

      const answer = await ask(world(), 'POST /cron/rollover-usage', { token: world().cronSecret });
      expectAnswer(answer, 200, { totalProcessed: 2, successCount: 1, errorCount: 1, errorRate: 0.5 });
      expect(await isRolled(whole, now)).toBe(true);

      const again = await runStateMachine(stack(), { now: toIso(now) });
      expect(again).toMatchObject({
        status: 'FAILED',
        error: 'RolloverFailed',
        report: { totalProcessed: 1, errorCount: 1, errorRate: 1, brokenShards: 0 },
      });
    });
  });
});
