import { GetItemCommand, type TransactWriteItem } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { type Deadline } from '../../domain/deadline.ts';
import { type Instant } from '../../domain/instants.ts';
import { accountKey } from './account-item.ts';
import { ItemReader, namesIn, toWire, type WireItem } from './items.ts';
import { ACCOUNT_KEY, anonymousKey, kindOf, userKey } from './keys.ts';
import { queryPartition } from './partitions.ts';
import { putNew } from './put-new.ts';
import { retrying, TRY_AGAIN } from './retry.ts';
import { type Store } from './store.ts';
import { transact } from './transact.ts';

export type ErasureOutcome =
  /** Nobody of that name has been seen. */
  | { outcome: 'user_missing' }
  /** Time ran out with items left; the account is closed already, and erasing again goes on. */
  | { outcome: 'unfinished' }
  | { outcome: 'erased' };

/** Items per step: two writes each, of items that may be large, in a transaction of at most 4 MB. */
const ITEMS_PER_STEP = 8;
/** With less time than this left, no further step is begun. */
const STEP_MS = 4_000;

/**
 * Erases a user (GDPR article 17). The account becomes a tombstone first, which refuses every later command, so that
 * nothing is added behind the erasure's back. Then the records go, and the ledger moves, without what it was for, to
 * where its sum still holds (G4) and nothing leads back. It can be stopped after any step and begun again.
 *
 * The statistics stay as they are, and so does the audit trail, which must tell that the user was erased and by whom.
 *
 * @param anonymousId drawn by chance; of a repetition, the first one counts
 * @throws BusyError
 */
export async function eraseUser(
  store: Store,
  userId: string,
  anonymousId: string,
  now: Instant,
  deadline: Deadline,
): Promise<ErasureOutcome> {
  const tombstone = await bury(store, userId, anonymousId, now, deadline);
  if (tombstone === null) {
    return { outcome: 'user_missing' };
  }
  if (tombstone.anonymousId === null) {
    return { outcome: 'erased' };
  }
  while (deadline.remainingMs() > STEP_MS) {
    // One more than a step's, for the tombstone itself, which stays.
    const page = await queryPartition(store, userKey(userId), { limit: ITEMS_PER_STEP + 1 }, deadline);
    const items = page.items.filter((item) => sortKeyOf(item) !== ACCOUNT_KEY);
    if (items.length === 0) {
      await forget(store, userId, deadline);
      return { outcome: 'erased' };
    }
    await takeAway(store, items, tombstone.anonymousId, deadline);
  }
  return { outcome: 'unfinished' };
}

interface Tombstone {
  /** Null once nothing is left that it would lead to. */
  anonymousId: string | null;
}

/** Turns the account into a tombstone, and keeps its figures anonymously; finds the one that is there already. */
async function bury(
  store: Store,
  userId: string,
  anonymousId: string,
  now: Instant,
  deadline: Deadline,
): Promise<Tombstone | null> {
  return retrying<Tombstone | null>(deadline, async (abortSignal) => {
    const { Item } = await store.client.send(
      new GetItemCommand({ TableName: store.table, Key: accountKey(userId), ConsistentRead: true }),
      { abortSignal },
    );
    if (Item === undefined) {
      return null;
    }
    const reader = ItemReader.fromWire(Item);
    if (reader.has('erasedAt')) {
      return { anonymousId: reader.optionalString('anonymousId') ?? null };
    }
    const version = reader.integer('version');
    const transaction = await transact(
      store,
      [
        putTombstone(store.table, userId, { anonymousId, version, now }),
        putNew(store.table, anonymousAccount(Item, anonymousId)),
      ],
      abortSignal,
    );
    return transaction.committed ? { anonymousId } : TRY_AGAIN;
  });
}

const IS_AT_VERSION = '#version = :version';

/** `openUntil` 0: the deciding write finds the account not open, whenever it asks. */
function putTombstone(
  table: string,
  userId: string,
  { anonymousId, version, now }: { anonymousId: string; version: number; now: Instant },
): TransactWriteItem {
  return {
    Put: {
      TableName: table,
      Item: toWire({
        pk: userKey(userId),
        sk: ACCOUNT_KEY,
        version: version + 1,
        erasedAt: now,
        openUntil: 0,
        anonymousId,
      }),
      ConditionExpression: IS_AT_VERSION,
      ExpressionAttributeNames: namesIn(IS_AT_VERSION),
      ExpressionAttributeValues: toWire({ ':version': version }),
    },
  };
}

/** The figures by which a ledger is proven, and nothing else of the account. */
const FIGURES = [
  'version',
  'mailCredits',
  'carried',
  'included',
  'purchased',
  'usedThisPeriod',
  'owed',
  'granted',
  'used',
  'expired',
  'takenBack',
];

function anonymousAccount(account: WireItem, anonymousId: string): WireItem {
  const figures = Object.entries(account).filter(([name]) => FIGURES.includes(name));
  return {
    ...Object.fromEntries(figures),
    ...toWire({ pk: anonymousKey(anonymousId), sk: ACCOUNT_KEY }),
  };
}

/** Deletes records, and moves what belongs to the ledger. */
async function takeAway(
  store: Store,
  items: readonly WireItem[],
  anonymousId: string,
  deadline: Deadline,
): Promise<void> {
  const writes = items.flatMap((item): TransactWriteItem[] => {
    const { pk, sk } = item;
    const removal =
      pk === undefined || sk === undefined ? [] : [{ Delete: { TableName: store.table, Key: { pk, sk } } }];
    const kind = kindOf(sortKeyOf(item));
    return kind === 'LEDGER' || kind === 'PERIOD'
      ? [{ Put: { TableName: store.table, Item: anonymousLine(item, anonymousId) } }, ...removal]
      : removal;
  });
  await retrying(deadline, async (abortSignal) =>
    (await transact(store, writes, abortSignal)).committed ? null : TRY_AGAIN,
  );
}

/** What could lead back to the user, or lists the line among his. */
const PERSONAL = new Set(['listKey', 'actor', 'reason', 'fingerprint']);

/** A line of the ledger without who, why and what for; of `delivery:<id>`, the kind of cause stays. */
function anonymousLine(item: WireItem, anonymousId: string): WireItem {
  const { source, ...rest } = unmarshall(item);
  const kept = Object.entries(rest).filter(([name]) => !PERSONAL.has(name));
  return toWire({
    ...Object.fromEntries(kept),
    pk: anonymousKey(anonymousId),
    ...(typeof source === 'string' ? { source: causeOf(source) } : {}),
  });
}

function causeOf(source: string): string {
  return source.split(':', 1)[0] ?? source;
}

const FORGET = 'REMOVE #anonymousId';

/** Cuts the last thread between the user and the anonymous ledger. */
async function forget(store: Store, userId: string, deadline: Deadline): Promise<void> {
  const update: TransactWriteItem = {
    Update: {
      TableName: store.table,
      Key: accountKey(userId),
      UpdateExpression: FORGET,
      ExpressionAttributeNames: namesIn(FORGET),
    },
  };
  await retrying(deadline, async (abortSignal) =>
    (await transact(store, [update], abortSignal)).committed ? null : TRY_AGAIN,
  );
}

function sortKeyOf(item: WireItem): string {
  return ItemReader.fromWire(item).string('sk');
}
