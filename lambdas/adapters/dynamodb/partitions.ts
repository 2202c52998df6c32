import { QueryCommand } from '@aws-sdk/client-dynamodb';
import { type Deadline } from '../../domain/deadline.ts';
import { toWire, type WireItem } from './items.ts';
import { retrying } from './retry.ts';
import { type Store } from './store.ts';

export interface PartitionPage {
  items: WireItem[];
  /** The key after which the next page begins; null after the last one. */
  next: WireItem | null;
}

/** A page of the items of one partition in the order of their keys, those that begin with `prefix`. @throws BusyError */
export async function queryPartition(
  store: Store,
  pk: string,
  { prefix = '', after = null, limit }: { prefix?: string; after?: WireItem | null; limit: number },
  deadline: Deadline,
): Promise<PartitionPage> {
  return retrying(deadline, async (abortSignal) => {
    const { Items, LastEvaluatedKey } = await store.client.send(
      new QueryCommand({
        TableName: store.table,
        KeyConditionExpression: prefix === '' ? '#pk = :pk' : '#pk = :pk AND begins_with(#sk, :prefix)',
        ExpressionAttributeNames: prefix === '' ? { '#pk': 'pk' } : { '#pk': 'pk', '#sk': 'sk' },
        ExpressionAttributeValues: toWire({ ':pk': pk, ':prefix': prefix === '' ? undefined : prefix }),
        ExclusiveStartKey: after ?? undefined,
        ConsistentRead: true,
        Limit: limit,
      }),
      { abortSignal },
    );
    return { items: Items ?? [], next: LastEvaluatedKey ?? null };
  });
}

/** All of them, page by page, so that no partition needs more memory than a page. @throws BusyError */
export async function* eachOfPartition(
  store: Store,
  pk: string,
  prefix: string,
  deadline: Deadline,
): AsyncGenerator<WireItem> {
  let after: WireItem | null = null;
  do {
    const page: PartitionPage = await queryPartition(store, pk, { prefix, after, limit: 500 }, deadline);
    yield* page.items;
    after = page.next;
  } while (after !== null);
}
