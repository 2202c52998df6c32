import { ScanCommand, type ScanCommandInput, type ScanCommandOutput } from '@aws-sdk/client-dynamodb';
import { ItemReader, type WireItem } from '../lambdas/adapters/dynamodb/items.ts';
import { ACCOUNT_KEY } from '../lambdas/adapters/dynamodb/keys.ts';
import { retrying } from '../lambdas/adapters/dynamodb/retry.ts';
import type { Store } from '../lambdas/adapters/dynamodb/store.ts';
import { deadlineIn } from '../lambdas/runtime/deadline.ts';

const PAGE_WITHIN_MS = 60_000;

/** Counts a table's accounts, with the tombstones of erased users and their anonymous ledgers. @throws BusyError */
export async function countAccounts(store: Store): Promise<number> {
  let total = 0;
  for await (const { Count = 0 } of scanAccounts(store, { Select: 'COUNT' })) {
    total += Count;
  }
  return total;
}

/** The partitions of all accounts, page by page: memory holds one page. @throws BusyError */
export async function* pagesOfAccounts(store: Store): AsyncGenerator<string[]> {
  for await (const { Items = [] } of scanAccounts(store, { ProjectionExpression: '#pk' })) {
    yield Items.map((item) => ItemReader.fromWire(item).string('pk'));
  }
}

async function* scanAccounts(
  store: Store,
  read: Pick<ScanCommandInput, 'Select' | 'ProjectionExpression'>,
): AsyncGenerator<ScanCommandOutput> {
  const names = { '#sk': 'sk', ...(read.ProjectionExpression === undefined ? {} : { '#pk': 'pk' }) };
  let start: WireItem | undefined;
  do {
    const command = new ScanCommand({
      ...read,
      TableName: store.table,
      FilterExpression: '#sk = :account',
      ExpressionAttributeNames: names,
      ExpressionAttributeValues: { ':account': { S: ACCOUNT_KEY } },
      ExclusiveStartKey: start,
    });
    const page = await retrying(deadlineIn(PAGE_WITHIN_MS), (abortSignal) =>
      store.client.send(command, { abortSignal }),
    );
    yield page;
    start = page.LastEvaluatedKey;
  } while (start !== undefined);
}
