import { QueryCommand } from '@aws-sdk/client-dynamodb';
import { type Deadline } from '../../domain/deadline.ts';
import { type Gift } from '../../domain/gifts.ts';
import { type PurchaseRecord } from '../../domain/purchases.ts';
import { parseGift } from './gift-item.ts';
import { ItemReader, toWire, type WireItem } from './items.ts';
import { type ListKind, userKey } from './keys.ts';
import { parsePurchase } from './purchase-item.ts';
import { retrying } from './retry.ts';
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

const OF_KIND_UP_TO = '#pk = :pk AND #listKey BETWEEN :first AND :last';
/** Sorts after every other character of a list key. */
const AFTER_ALL = '~';

/**
 * A user's records of one kind, newest first, up to and including the place `from` (null: from the newest). The local
 * index holds keys only; DynamoDB fetches the items themselves, in the same request.
 */
export async function queryList(
  store: Store,
  userId: string,
  kind: ListKind,
  { from, limit }: { from: string | null; limit: number },
  deadline: Deadline,
): Promise<Listed[]> {
  return retrying(deadline, async (abortSignal) => {
    const { Items } = await store.client.send(
      new QueryCommand({
        TableName: store.table,
        IndexName: TABLE_SCHEMA.listIndex.name,
        Select: 'ALL_ATTRIBUTES',
        KeyConditionExpression: OF_KIND_UP_TO,
        ExpressionAttributeNames: { '#pk': 'pk', '#listKey': TABLE_SCHEMA.listIndex.sortKey },
        ExpressionAttributeValues: toWire({
          ':pk': userKey(userId),
          ':first': `${kind}#`,
          ':last': from ?? `${kind}#${AFTER_ALL}`,
        }),
        ScanIndexForward: false,
        ConsistentRead: true,
        Limit: limit,
      }),
      { abortSignal },
    );
    return (Items ?? []).map((item) => ({ listKey: ItemReader.fromWire(item).string('listKey'), item }));
  });
}

/** One page of records that are listed one by one. */
export async function listPage<Item>(
  store: Store,
  userId: string,
  kind: ListKind,
  { limit, after }: PageRequest,
  parse: (item: WireItem) => Item,
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

/** Newest first, by when they were begun. @throws BusyError */
export async function listPurchases(
  store: Store,
  userId: string,
  request: PageRequest,
  deadline: Deadline,
): Promise<Page<PurchaseRecord>> {
  return listPage(store, userId, 'PURCHASE', request, parsePurchase, deadline);
}

/** Those that the user has given, newest first. @throws BusyError */
export async function listGifts(
  store: Store,
  userId: string,
  request: PageRequest,
  deadline: Deadline,
): Promise<Page<Gift>> {
  return listPage(store, userId, 'GIFT', request, parseGift, deadline);
}
