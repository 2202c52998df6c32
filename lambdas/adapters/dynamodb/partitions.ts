import { QueryCommand, type QueryCommandInput } from '@aws-sdk/client-dynamodb';
import { type Deadline } from '../../domain/deadline.ts';
import { evaluated, type WireItem } from './items.ts';
import { retrying } from './retry.ts';
import { type Table } from './store.ts';

export interface ItemPage {
  items: WireItem[];
  /** The key after which the next page begins; null after the last one. */
  next: WireItem | null;
}

/** Runs a query for one page, which begins after a key (null: the first page). @throws BusyError */
export async function runQuery(
  store: Table,
  query: Omit<QueryCommandInput, 'TableName' | 'ExclusiveStartKey'>,
  after: WireItem | null,
  deadline: Deadline,
): Promise<ItemPage> {
  const input = { TableName: store.table, ExclusiveStartKey: after ?? undefined, ...query };
  return retrying(deadline, async (abortSignal) => {
    const answer = await store.client.send(new QueryCommand(input), { abortSignal });
    return { items: answer.Items ?? [], next: answer.LastEvaluatedKey ?? null };
  });
}

export interface PartitionRequest {
  /** Which of the items: whose keys begin so, or lie between two, both included; all of them when it is not given. */
  keys?: { prefix: string } | { first: string; last: string } | undefined;
  /** Passes over items of any other type. They count for `limit`. */
  type?: string | undefined;
  after?: WireItem | null;
  /** As many as fit into 1 MB when it is not given. */
  limit?: number;
  isReversed?: boolean;
}

const IN_PARTITION = '#pk = :pk';
const WITH_PREFIX = `${IN_PARTITION} AND begins_with(#sk, :prefix)`;
const BETWEEN_KEYS = `${IN_PARTITION} AND #sk BETWEEN :first AND :last`;
const OF_TYPE = '#type = :type';

function conditionOn(keys: PartitionRequest['keys']): string {
  if (keys === undefined) {
    return IN_PARTITION;
  }
  return 'prefix' in keys ? WITH_PREFIX : BETWEEN_KEYS;
}

/** A page of the items of one partition in the order of their keys, or in the reverse one. @throws BusyError */
export async function queryPartition(
  store: Table,
  pk: string,
  { keys, type, after = null, limit, isReversed = false }: PartitionRequest,
  deadline: Deadline,
): Promise<ItemPage> {
  const expressions = {
    KeyConditionExpression: conditionOn(keys),
    ...(type === undefined ? {} : { FilterExpression: OF_TYPE }),
  };
  const query = {
    ...evaluated(expressions, { pk, ...keys, type }),
    ScanIndexForward: !isReversed,
    ConsistentRead: true,
    Limit: limit,
  };
  return runQuery(store, query, after, deadline);
}

/** All of them, page by page, so that no partition needs more memory than a page. @throws BusyError */
export async function* eachOfPartition(
  store: Table,
  pk: string,
  prefix: string,
  deadline: Deadline,
): AsyncGenerator<WireItem> {
  const keys = prefix === '' ? undefined : { prefix };
  let after: WireItem | null = null;
  do {
    const page: ItemPage = await queryPartition(store, pk, { keys, after, limit: 500 }, deadline);
    yield* page.items;
    after = page.next;
  } while (after !== null);
}
