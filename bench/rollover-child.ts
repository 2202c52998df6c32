/** One run in a process of its own: `node rollover-child.ts <endpoint> <table> <now> rollover|bare`. */
import { paginateScan, type TransactWriteItem, TransactWriteItemsCommand } from '@aws-sdk/client-dynamodb';
import { parseAccount, putAccount } from '../lambdas/adapters/dynamodb/account-item.ts';
import { keptPeriodItems } from '../lambdas/adapters/dynamodb/account-writes.ts';
import { type Store } from '../lambdas/adapters/dynamodb/store.ts';
import { DUE_SHARDS } from '../lambdas/adapters/dynamodb/table-schema.ts';
import { type Instant } from '../lambdas/domain/instants.ts';
import { rollForward } from '../lambdas/domain/roll-forward.ts';
import { rollShard } from '../test/support/rollovers.ts';
import { timed } from './statistics.ts';
import { openTable } from './tables.ts';

const [endpoint = '', table = '', nowText = '', mode = ''] = process.argv.slice(2);
const store = openTable(endpoint, table);
const now = Number(nowText);

/** As many transactions at once as a rollover's page has. */
const CONCURRENCY = 16;

async function rollOver(): Promise<void> {
  for (let shard = 0; shard < DUE_SHARDS; shard += 1) {
    for await (const results of rollShard(store, shard, now, 1_000)) {
      if (results.some(({ outcome }) => outcome !== 'rolled')) {
        throw new Error('Not every account was rolled.');
      }
    }
  }
}

/** What a rollover writes, computed before the clock starts. */
async function transactionsOf(at: Instant, of: Store): Promise<TransactWriteItem[][]> {
  const transactions: TransactWriteItem[][] = [];
  for await (const { Items } of paginateScan({ client: of.client }, { TableName: of.table })) {
    for (const item of Items ?? []) {
      const account = parseAccount(item);
      if (account.kind === 'account') {
        const change = rollForward(account, at);
        transactions.push([
          putAccount(of.table, change.account, account),
          ...keptPeriodItems(of.table, account.userId, change.closed),
        ]);
      }
    }
  }
  return transactions;
}

async function writeAll(transactions: readonly TransactWriteItem[][]): Promise<void> {
  const queue = transactions.values();
  const work = async (): Promise<void> => {
    for (const items of queue) {
      await store.client.send(new TransactWriteItemsCommand({ TransactItems: items }));
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, work));
}

const transactions = mode === 'bare' ? await transactionsOf(now, store) : [];
const tookMs = await timed(() => (mode === 'bare' ? writeAll(transactions) : rollOver()));
store.client.destroy();
const peakMemoryMb = process.resourceUsage().maxRSS / 1024;
process.stdout.write(JSON.stringify({ seconds: tookMs / 1000, peakMemoryMb }));
