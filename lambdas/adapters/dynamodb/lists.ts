import { type Deadline } from '../../domain/deadline.ts';
import { evaluated, ItemReader, type WireItem } from './items.ts';
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

/** A listed item with its place in the list. */
export interface Listed {
  listKey: string;
  item: WireItem;
}

/** Newest first, by the local index. It holds keys only; DynamoDB fetches the items themselves in the same request. */
export const FROM_LIST_INDEX = {
  IndexName: TABLE_SCHEMA.listIndex.name,
  Select: 'ALL_ATTRIBUTES',
  ScanIndexForward: false,
  ConsistentRead: true,
} as const;

const OF_KIND_UP_TO = '#pk = :pk AND #listKey BETWEEN :first AND :last';
/** Sorts after every other character of a list key. */
const AFTER_ALL = '~';

/** A user's records of one kind, newest first, up to and including the place `from` (null: from the newest). */
export async function queryList(
  store: Store,
  userId: string,
  kind: RecordKind,
  { from, limit }: { from: string | null; limit: number },
  deadline: Deadline,
): Promise<Listed[]> {
  const values = { pk: userKey(userId), first: `${kind}#`, last: from ?? `${kind}#${AFTER_ALL}` };
  const expressions = evaluated({ KeyConditionExpression: OF_KIND_UP_TO }, values);
  const query = { ...FROM_LIST_INDEX, ...expressions, Limit: limit };
  const { items } = await runQuery(store, query, null, deadline);
  return items.map((item) => ({ listKey: ItemReader.fromWire(item).string('listKey'), item }));
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
  { kind, parse }: RecordList<Item>,
  { limit, after }: PageRequest,
  deadline: Deadline,
): Promise<Page<Item>> {
  // One more than asked for tells whether there is a next page; the one at `after` itself was on the page before.
  const listed = await queryList(store, userId, kind, { from: after, limit: limit + 2 }, deadline);
  const rest = listed.filter(({ listKey }) => listKey !== after);
  const shown = rest.slice(0, limit);
  return {
    items: shown.map(({ item }) => parse(item)),
    next: rest.length > limit ? (shown.at(-1)?.listKey ?? null) : null,
  };
}
