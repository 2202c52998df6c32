/** Rollover runs, as the state machine makes them: page by page, shard by shard. */
import { BatchWriteItemCommand, paginateScan } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { accountItem } from '../../lambdas/adapters/dynamodb/account-item.ts';
import { type AccountResult, rollPage } from '../../lambdas/commands/roll-page.ts';
import { type Store } from '../../lambdas/adapters/dynamodb/store.ts';
import { DUE_SHARDS } from '../../lambdas/adapters/dynamodb/table-schema.ts';
import { type Account } from '../../lambdas/domain/account.ts';
import { type Instant } from '../../lambdas/domain/instants.ts';

/** What a run in a process of its own tells of a page. */
export interface PageReport {
  rolled: number;
  others: number;
  /** What is held once the page is done. */
  heapBytes: number;
}

/** Rolls one shard, and gives its pages as they are done. */
export async function* rollShard(
  store: Store,
  shard: number,
  now: Instant,
  limit: number,
): AsyncGenerator<AccountResult[]> {
  let after: string | null = null;
  do {
    const page = await rollPage(store, { shard, now, after, limit });
    yield page.results;
    after = page.next;
  } while (after !== null);
}

/** Rolls every shard, all of them at the same time, and gives what became of each account. */
export async function rollEverything(store: Store, now: Instant, limit = 1_000): Promise<AccountResult[]> {
  const shards = Array.from({ length: DUE_SHARDS }, async (_, shard) => {
    const results: AccountResult[] = [];
    for await (const page of rollShard(store, shard, now, limit)) {
      results.push(...page);
    }
    return results;
  });
  return (await Promise.all(shards)).flat();
}

const BATCH_ITEMS = 25;

/** Puts many accounts into the table as they are. */
export async function putAccounts(store: Store, accounts: readonly Account[]): Promise<void> {
  for (let index = 0; index < accounts.length; index += BATCH_ITEMS) {
    const requests = accounts
      .slice(index, index + BATCH_ITEMS)
      .map((account) => ({ PutRequest: { Item: accountItem(account) } }));
    await store.client.send(new BatchWriteItemCommand({ RequestItems: { [store.table]: requests } }));
  }
}

/** Every item of the table, by user. */
export async function itemsByUser(store: Store): Promise<Map<string, Record<string, unknown>[]>> {
  const users = new Map<string, Record<string, unknown>[]>();
  const pages = paginateScan({ client: store.client }, { TableName: store.table, ConsistentRead: true });
  for await (const { Items } of pages) {
    for (const item of (Items ?? []).map((wire) => unmarshall(wire))) {
      const key = String(item['pk']);
      users.set(key, [...(users.get(key) ?? []), item]);
    }
  }
  return users;
}
