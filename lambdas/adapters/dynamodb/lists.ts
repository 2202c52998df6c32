import { type Deadline } from '../../domain/deadline.ts';
import { batchGet } from './batch-get.ts';
import { evaluated, ItemReader, keyOf, sortKeyOf, type WireItem } from './items.ts';
import { type RecordKind, userKey } from './keys.ts';
import { runQuery } from './partitions.ts';
import { type Store } from './store.ts';
import { TABLE_SCHEMA } from './table-schema.ts';

export interface PageRequest {
  limit: number;
  /** The `next` of the page before; null for the first page. */
  after: string | null;
}

export interface Page<Item> {
  items: Item[];
  /** Where the next page begins; null after the last one. */
  next: string | null;
}

/** A kind of records that are listed one by one. */
export interface RecordList<Item> {
  kind: RecordKind;
  parse: (item: WireItem) => Item;
}

/** A page of a user's records of one kind, newest first by when they were made. @throws BusyError */
export async function listRecords<Item>(
  store: Store,
  userId: string,
  list: RecordList<Item>,
  page: PageRequest,
  deadline: Deadline,
): Promise<Page<Item>> {
  return listPartition(store, userKey(userId), list, page, deadline);
}

/**
 * A page of a partition's records of one kind, newest first.
 *
 * The index says which records there are, and the table says what is in them. The index lags for a moment: a record may
 * not be there yet, and one that is gone may be there still. So a page may hold fewer records than asked for, or none, and
 * still have a next one. Nothing is decided by a list.
 *
 * @param page `limit`: at most 100
 * @throws BusyError
 */
export async function listPartition<Item>(
  store: Store,
  pk: string,
  { kind, parse }: RecordList<Item>,
  { limit, after }: PageRequest,
  deadline: Deadline,
): Promise<Page<Item>> {
  // One more than asked for tells whether there is a next page; the one at `after` itself was on the page before.
  const range = { first: `${kind}#`, last: after ?? `${kind}#${AFTER_ALL}`, limit: limit + 2 };
  const listed = await queryIndex(store, pk, range, deadline);
  const rest = listed.filter(({ listKey }) => listKey !== after);
  const shown = rest.slice(0, limit);
  // A record that has just moved in the list may be in the index twice, and DynamoDB gets no item twice.
  const keys = new Map(shown.map(({ sk, key }) => [sk, key]));
  const found = await batchGet(store, [...keys.values()], deadline);
  const items = new Map(found.map((item) => [sortKeyOf(item), item]));
  return {
    items: shown.flatMap(({ sk, listKey }) => {
      const item = items.get(sk);
      return item?.[LIST_KEY]?.S === listKey ? [parse(item)] : [];
    }),
    next: rest.length > limit ? (shown.at(-1)?.listKey ?? null) : null,
  };
}

const { name: IndexName, sortKey: LIST_KEY } = TABLE_SCHEMA.listIndex;
const IN_RANGE = '#pk = :pk AND #listKey BETWEEN :first AND :last';
/** Sorts after every other character of a list key. */
const AFTER_ALL = '~';

interface IndexEntry {
  sk: string;
  listKey: string;
  /** The key of the item in the table. */
  key: WireItem;
}

async function queryIndex(
  store: Store,
  pk: string,
  { first, last, limit }: { first: string; last: string; limit: number },
  deadline: Deadline,
): Promise<IndexEntry[]> {
  const expressions = evaluated({ KeyConditionExpression: IN_RANGE }, { pk, first, last });
  const query = { IndexName, ...expressions, ScanIndexForward: false, Limit: limit };
  const { items } = await runQuery(store, query, null, deadline);
  return items.map((item) => {
    const reader = ItemReader.fromWire(item);
    return { sk: reader.string('sk'), listKey: reader.string(LIST_KEY), key: keyOf(item) };
  });
}
