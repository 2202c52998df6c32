/** One run in a process of its own: `node rollover-child.ts <endpoint> <warm-up table> <table> <now> rollover|bare`. */
import { paginateScan, type TransactWriteItem, TransactWriteItemsCommand } from '@aws-sdk/client-dynamodb';
import { mapConcurrently } from '../lambdas/runtime/concurrency.ts';
import { parseAccount, putAccount } from '../lambdas/adapters/dynamodb/account-item.ts';
import { keptPeriodItems } from '../lambdas/commands/change-account.ts';
import { type Store } from '../lambdas/adapters/dynamodb/store.ts';
import { DUE_SHARDS } from '../lambdas/adapters/dynamodb/table-schema.ts';
import { type Instant } from '../lambdas/domain/instants.ts';
import { rollForward } from '../lambdas/domain/roll-forward.ts';
import { rollShard } from '../test/support/rollovers.ts';
import { timed } from './statistics.ts';
import { bareClient, openTable } from './tables.ts';
import { CATALOGUE } from '../lambdas/wiring/catalogue.ts';

const [endpoint = '', warmUpTable = '', table = '', nowText = '', mode = ''] = process.argv.slice(2);
const now = Number(nowText);

/** As many shards at once as the state machine has (`lib/rollover.asl.json`), each with a page's transactions. */
const SHARDS_AT_ONCE = 4;
const CONCURRENCY = SHARDS_AT_ONCE * 16;

async function rollOver(store: Store): Promise<void> {
  const shards = Array.from({ length: DUE_SHARDS }, (_, shard) => shard);
  await mapConcurrently(shards, SHARDS_AT_ONCE, async (shard) => {
    for await (const results of rollShard(store, shard, now, 1_000)) {
      if (results.some(({ outcome }) => outcome !== 'rolled')) {
        throw new Error('Not every account was rolled.');
      }
    }
  });
}

/** What a rollover writes, computed before the clock starts. */
async function transactionsOf(at: Instant, of: Store): Promise<TransactWriteItem[][]> {
  const transactions: TransactWriteItem[][] = [];
  for await (const { Items } of paginateScan({ client: of.client }, { TableName: of.table })) {
    for (const item of Items ?? []) {
      const account = parseAccount(item);
      if (account.kind === 'account') {
        const change = rollForward(account, at, CATALOGUE);
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
  const client = bareClient(endpoint);
  await mapConcurrently(transactions, CONCURRENCY, (items) =>
    client.send(new TransactWriteItemsCommand({ TransactItems: items })),
  );
  client.destroy();
}

/** How long one of the two takes for the accounts of a table. */
async function run(store: Store): Promise<number> {
  if (mode === 'bare') {
    const transactions = await transactionsOf(now, store);
    return timed(() => writeAll(transactions));
  }
  return timed(() => rollOver(store));
}

const warmUp = openTable(endpoint, warmUpTable);
await run(warmUp);
const store = openTable(endpoint, table);
const tookMs = await run(store);
warmUp.client.destroy();
store.client.destroy();
const peakMemoryMb = process.resourceUsage().maxRSS / 1024;
process.stdout.write(JSON.stringify({ seconds: tookMs / 1000, peakMemoryMb }));
