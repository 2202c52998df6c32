import { BatchGetItemCommand, type KeysAndAttributes, QueryCommand } from '@aws-sdk/client-dynamodb';
import { type Deadline } from '../../domain/deadline.ts';
import { type Instant } from '../../domain/instants.ts';
import { toWire, type WireItem } from './items.ts';
import { rolloverShard } from './keys.ts';
import { retrying, TRY_AGAIN } from './retry.ts';
import { type Store } from './store.ts';
import { TABLE_SCHEMA } from './table-schema.ts';

/** The accounts of one shard that are due, as far as the index knows. It lags: the account itself decides. */
export interface DuePage {
  keys: WireItem[];
  /** Where the shard's next page begins; null after the last one. */
  next: WireItem | null;
}

const IS_DUE = '#dueShard = :shard AND #dueAt <= :now';

export interface DueRequest {
  /** The partition of the index. */
  partition: string;
  now: Instant;
  after: WireItem | null;
  limit: number;
}

/** A page of what waits in one partition of the index and is due by `now`, the longest overdue first. @throws BusyError */
export async function queryDue(
  store: Store,
  { partition, now, after, limit }: DueRequest,
  deadline: Deadline,
): Promise<{ items: WireItem[]; next: WireItem | null }> {
  return retrying(deadline, async (abortSignal) => {
    const { Items, LastEvaluatedKey } = await store.client.send(
      new QueryCommand({
        TableName: store.table,
        IndexName: TABLE_SCHEMA.dueIndex.name,
        KeyConditionExpression: IS_DUE,
        ExpressionAttributeNames: {
          '#dueShard': TABLE_SCHEMA.dueIndex.partitionKey,
          '#dueAt': TABLE_SCHEMA.dueIndex.sortKey,
        },
        ExpressionAttributeValues: toWire({ ':shard': partition, ':now': now }),
        ExclusiveStartKey: after ?? undefined,
        Limit: limit,
      }),
      { abortSignal },
    );
    return { items: Items ?? [], next: LastEvaluatedKey ?? null };
  });
}

/** The keys of a page of accounts whose period, grace or subscription has ended by `now`. @throws BusyError */
export async function queryDueAccounts(
  store: Store,
  { shard, ...request }: { shard: number; now: Instant; after: WireItem | null; limit: number },
  deadline: Deadline,
): Promise<DuePage> {
  const page = await queryDue(store, { ...request, partition: rolloverShard(shard) }, deadline);
  return { keys: uniqueKeys(page.items), next: page.next };
}

/** An account that moves in the index while it is queried may be found twice; a batch with the same key twice is rejected. */
function uniqueKeys(items: readonly WireItem[]): WireItem[] {
  return [...new Map(items.map((item) => [item['pk']?.S, keyOf(item)])).values()];
}

/** The key in the table of an item of the index. */
export function keyOf({ pk, sk }: WireItem): WireItem {
  if (pk === undefined || sk === undefined) {
    throw new TypeError('An index answered without the keys of its table.');
  }
  return { pk, sk };
}

/** DynamoDB gets no more items at once. */
export const MAX_BATCH_ITEMS = 100;

/** The items of up to 100 keys, read consistently. @throws BusyError */
export async function batchGet(
  store: Store,
  keys: readonly WireItem[],
  deadline: Deadline,
): Promise<WireItem[]> {
  const items: WireItem[] = [];
  let rest: Record<string, KeysAndAttributes> = { [store.table]: { Keys: [...keys], ConsistentRead: true } };
  return retrying(deadline, async (abortSignal) => {
    const { Responses, UnprocessedKeys } = await store.client.send(
      new BatchGetItemCommand({ RequestItems: rest }),
      { abortSignal },
    );
    items.push(...(Responses?.[store.table] ?? []));
    rest = UnprocessedKeys ?? {};
    return Object.keys(rest).length === 0 ? items : TRY_AGAIN;
  });
}
