import { type Deadline } from '../../domain/deadline.ts';
import { type Instant } from '../../domain/instants.ts';
import { evaluated, keyOf, type WireItem } from './items.ts';
import { rolloverShard } from './keys.ts';
import { type ItemPage, runQuery } from './partitions.ts';
import { type Store } from './store.ts';
import { TABLE_SCHEMA } from './table-schema.ts';

const { name: IndexName, partitionKey, sortKey } = TABLE_SCHEMA.dueIndex;
const IS_DUE = `#${partitionKey} = :partition AND #${sortKey} <= :now`;

export interface DueRequest {
  /** The partition of the index. */
  partition: string;
  now: Instant;
  after: WireItem | null;
  limit: number;
}

/** A page of what waits in one partition of the index and is due by `now`, the longest overdue first. @throws BusyError */
export async function queryDue(store: Store, request: DueRequest, deadline: Deadline): Promise<ItemPage> {
  const { after, limit } = request;
  const expressions = evaluated({ KeyConditionExpression: IS_DUE }, request);
  return runQuery(store, { IndexName, ...expressions, Limit: limit }, after, deadline);
}

/** The accounts of one shard that are due, as far as the index knows. It lags: the account itself decides. */
export interface DuePage {
  keys: WireItem[];
  /** Where the shard's next page begins; null after the last one. */
  next: WireItem | null;
}

/** The keys of a page of accounts whose period, grace or subscription has ended by `now`. @throws BusyError */
export async function queryDueAccounts(
  store: Store,
  { shard, ...request }: Omit<DueRequest, 'partition'> & { shard: number },
  deadline: Deadline,
): Promise<DuePage> {
  const { items, next } = await queryDue(store, { ...request, partition: rolloverShard(shard) }, deadline);
  // The index may name an account twice that moves meanwhile. DynamoDB rejects a batch with the same key twice.
  return { keys: [...new Map(items.map((item) => [item['pk']?.S, keyOf(item)])).values()], next };
}
