import { QueryCommand } from '@aws-sdk/client-dynamodb';
import { type Deadline } from '../../domain/deadline.ts';
import { namesIn, toWire, type WireItem } from './items.ts';
import { retrying } from './retry.ts';
import { type Store } from './store.ts';

export interface PartitionRequest {
  /** Which of the items: whose keys begin so, or lie between two, both included; all of them when it is not given. */
  keys?: { prefix: string } | { first: string; last: string } | undefined;
  after?: WireItem | null;
  /** As many as fit into 1 MB when it is not given. */
  limit?: number;
  isReversed?: boolean;
}

const IN_PARTITION = '#pk = :pk';
const WITH_PREFIX = `${IN_PARTITION} AND begins_with(#sk, :prefix)`;
const BETWEEN_KEYS = `${IN_PARTITION} AND #sk BETWEEN :first AND :last`;

function conditionOn(keys: PartitionRequest['keys']): string {
  if (keys === undefined) {
    return IN_PARTITION;
  }
  return 'prefix' in keys ? WITH_PREFIX : BETWEEN_KEYS;
}

/** The value placeholders of an expression: each `:name` stands for the value `name`. */
function valuesOf(values: object): WireItem {
  return toWire(Object.fromEntries(Object.entries(values).map(([name, value]) => [`:${name}`, value])));
}

export interface PartitionPage {
  items: WireItem[];
  /** The key after which the next page begins; null after the last one. */
  next: WireItem | null;
}

/** A page of the items of one partition in the order of their keys, or in the reverse one. @throws BusyError */
export async function queryPartition(
  store: Store,
  pk: string,
  { keys, after = null, limit, isReversed = false }: PartitionRequest,
  deadline: Deadline,
): Promise<PartitionPage> {
  const condition = conditionOn(keys);
  return retrying(deadline, async (abortSignal) => {
    const { Items, LastEvaluatedKey } = await store.client.send(
      new QueryCommand({
        TableName: store.table,
        KeyConditionExpression: condition,
        ExpressionAttributeNames: namesIn(condition),
        ExpressionAttributeValues: valuesOf({ pk, ...keys }),
        ExclusiveStartKey: after ?? undefined,
        ScanIndexForward: !isReversed,
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
  const keys = prefix === '' ? undefined : { prefix };
  let after: WireItem | null = null;
  do {
    const page: PartitionPage = await queryPartition(store, pk, { keys, after, limit: 500 }, deadline);
    yield* page.items;
    after = page.next;
  } while (after !== null);
}
