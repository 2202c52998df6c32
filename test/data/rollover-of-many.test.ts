import { afterAll, describe, expect, it } from '@jest/globals';
import { paginateScan } from '@aws-sdk/client-dynamodb';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { randomInt, randomUUID } from 'node:crypto';
import { createInterface } from 'node:readline/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Store } from '../../lambdas/adapters/dynamodb/store.ts';
import { type Account } from '../../lambdas/domain/account.ts';
import { createTable } from '../../local/create-table.ts';
import { active, at, givenSubscriber } from '../support/accounts.ts';
import { itemsByUser, type PageReport, putAccounts } from '../support/rollovers.ts';
import { useTable } from '../support/table.ts';

const table = useTable();
const children: ChildProcess[] = [];
afterAll(() => {
  for (const child of children) {
    child.kill('SIGKILL');
  }
});
const MIDNIGHT = at('2026-04-01');
const MANY = 10_000;
/** Half a minute on a laptop; a machine that is busy otherwise may need more. */
const TEN_MINUTES_MS = 600_000;
const TEN_MEGABYTES = 10_000_000;

/** A table with so many accounts that are due at midnight. */
async function givenAccounts(count: number): Promise<Store> {
  const store = { ...table.store(), table: `postage-run-${randomUUID()}` };
  await createTable(store.client, store.table);
  const account: Account = givenSubscriber(active({ plan: 'pro', anchor: '2026-03-01' }), '2026-03-10');
  await putAccounts(
    store,
    Array.from({ length: count }, () => ({ ...account, userId: randomUUID(), version: 1 })),
  );
  return store;
}

/** Rolls in a process of its own, and tells of each page as it is done. */
function rollInChild(store: Store, limit: number, onPage: (child: ChildProcess, page: PageReport) => void) {
  const script = fileURLToPath(new URL('../support/roll-in-child.ts', import.meta.url));
  const settings = [table.endpoint(), store.table, String(MIDNIGHT), String(limit)];
  const child = spawn(process.execPath, ['--expose-gc', script, ...settings], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const lines = createInterface({ input: child.stdout });
  lines.on('line', (line) => {
    onPage(child, JSON.parse(line) as PageReport);
  });
  return once(child, 'exit') as Promise<[number | null, string | null]>;
}

/** Rolls to the end, and tells how many accounts it rolled and how much memory it held at most. */
async function runToTheEnd(store: Store): Promise<{ rolled: number; others: number; heapBytes: number }> {
  const total = { rolled: 0, others: 0, heapBytes: 0 };
  const [code] = await rollInChild(store, 1_000, (_child, page) => {
    total.rolled += page.rolled;
    total.others += page.others;
    total.heapBytes = Math.max(total.heapBytes, page.heapBytes);
  });
  expect(code).toBe(0);
  return total;
}

/** Rolls until it is killed, at a random moment in the middle. */
async function runAndBeKilled(store: Store): Promise<void> {
  const killAfter = randomInt(MANY / 20, MANY / 2);
  let rolled = 0;
  const [, signal] = await rollInChild(store, 100, (child, page) => {
    rolled += page.rolled;
    if (rolled >= killAfter) {
      setTimeout(() => child.kill('SIGKILL'), randomInt(50));
    }
  });
  expect(signal).toBe('SIGKILL');
  // What the killed run has sent may still be carried out.
  await wait(200);
}

async function countRolled(store: Store): Promise<number> {
  let count = 0;
  const query = {
    TableName: store.table,
    FilterExpression: 'begins_with(#sk, :prefix)',
    ExpressionAttributeNames: { '#sk': 'sk' },
    ExpressionAttributeValues: { ':prefix': { S: 'PERIOD#' } },
    Select: 'COUNT' as const,
    ConsistentRead: true,
  };
  for await (const { Count } of paginateScan({ client: store.client }, query)) {
    count += Count ?? 0;
  }
  return count;
}

describe('a rollover of many accounts', () => {
  it(
    'G5: killed at a random moment and started again, it closes every period once, in memory that does not grow',
    async () => {
      const store = await givenAccounts(MANY);
      await runAndBeKilled(store);
      const rolledBefore = await countRolled(store);
      expect(rolledBefore).toBeGreaterThan(0);
      expect(rolledBefore).toBeLessThan(MANY);

      const run = await runToTheEnd(store);
      expect(run).toMatchObject({ rolled: MANY - rolledBefore, others: 0 });
      const users = await itemsByUser(store);
      expect(users.size).toBe(MANY);
      const wrong = [...users.values()].filter((items) => !isClosedOnce(items));
      expect(wrong).toEqual([]);

      const fewer = await runToTheEnd(await givenAccounts(1_000));
      expect(fewer.rolled).toBe(1_000);
      expect(run.heapBytes - fewer.heapBytes).toBeLessThan(TEN_MEGABYTES);
    },
    TEN_MINUTES_MS,
  );
});

function isClosedOnce(items: readonly Record<string, unknown>[]): boolean {
  const [account, period] = items;
  return (
    items.length === 2 &&
    period?.['sk'] === 'PERIOD#2026-03-01T00:00:00.000Z' &&
    account?.['version'] === 2 &&
    account['periodStart'] === MIDNIGHT &&
    account['mailCredits'] === 2 &&
    account['granted'] === 4 &&
    account['expired'] === 2
  );
}
