import { ScanCommand } from '@aws-sdk/client-dynamodb';
import { ItemReader, type WireItem } from '../lambdas/adapters/dynamodb/items.ts';
import { ACCOUNT_KEY, userKey } from '../lambdas/adapters/dynamodb/keys.ts';
import { retrying } from '../lambdas/adapters/dynamodb/retry.ts';
import type { Store, Table } from '../lambdas/adapters/dynamodb/store.ts';
import { deadlineIn } from '../lambdas/runtime/deadline.ts';

const PAGE_WITHIN_MS = 60_000;

/** Counts a table's accounts, with the tombstones of erased users and their anonymous ledgers. @throws BusyError */
export async function countAccounts(store: Store): Promise<number> {
  let total = 0;
  for await (const partitions of pagesOfAccounts(store)) {
    total += partitions.length;
  }
  return total;
}

export interface AccountPage {
  accounts: WireItem[];
  /** How many items of any kind the page has read. */
  scanned: number;
}

/** Fewer than fit into DynamoDB's 1 MB: whole accounts take memory. */
const PAGE_ITEMS = 500;

/** All accounts as they stand, tombstones too, page by page: memory holds one page. @throws BusyError */
export async function* accountsOf({ client, table }: Table): AsyncGenerator<AccountPage> {
  let start: WireItem | undefined;
  do {
    const command = new ScanCommand({
      TableName: table,
      FilterExpression: '#sk = :account AND begins_with(#pk, :user)',
      ExpressionAttributeNames: { '#pk': 'pk', '#sk': 'sk' },
      ExpressionAttributeValues: { ':account': { S: ACCOUNT_KEY }, ':user': { S: userKey('') } },
      ConsistentRead: true,
      Limit: PAGE_ITEMS,
      ExclusiveStartKey: start,
    });
    const { Items, ScannedCount, LastEvaluatedKey } = await retrying(
      deadlineIn(PAGE_WITHIN_MS),
      (abortSignal) => client.send(command, { abortSignal }),
    );
    yield { accounts: Items ?? [], scanned: ScannedCount ?? 0 };
    start = LastEvaluatedKey;
  } while (start !== undefined);
}

/** The partitions of all accounts, page by page: memory holds one page. @throws BusyError */
export async function* pagesOfAccounts({ client, table }: Store): AsyncGenerator<string[]> {
  let start: WireItem | undefined;
  do {
    const command = new ScanCommand({
      TableName: table,
      ProjectionExpression: '#pk',
      FilterExpression: '#sk = :account',
      ExpressionAttributeNames: { '#pk': 'pk', '#sk': 'sk' },
      ExpressionAttributeValues: { ':account': { S: ACCOUNT_KEY } },
      ExclusiveStartKey: start,
    });
    const { Items = [], LastEvaluatedKey } = await retrying(deadlineIn(PAGE_WITHIN_MS), (abortSignal) =>
      client.send(command, { abortSignal }),
    );
    yield Items.map((item) => ItemReader.fromWire(item).string('pk'));
    start = LastEvaluatedKey;
  } while (start !== undefined);
}
