import { randomUUID } from 'node:crypto';
import { accountKey } from '../adapters/dynamodb/account-item.ts';
import { type BelongingsOf } from '../adapters/dynamodb/belongings.ts';
import { forgetCustomer } from '../adapters/dynamodb/customer-item.ts';
import { getItem } from '../adapters/dynamodb/get-item.ts';
import { forgetCode, parseGift } from '../adapters/dynamodb/gift-item.ts';
import { evaluated, ItemReader, sortKeyOf, toWire, type WireItem } from '../adapters/dynamodb/items.ts';
import { ACCOUNT_KEY, anonymousKey, kindOf, recordKey, userKey } from '../adapters/dynamodb/keys.ts';
import { parseLedgerLine } from '../adapters/dynamodb/ledger-item.ts';
import { queryPartition } from '../adapters/dynamodb/partitions.ts';
import { parsePeriod } from '../adapters/dynamodb/period-item.ts';
import { putNew } from '../adapters/dynamodb/put-new.ts';
import { retrying, TRY_AGAIN } from '../adapters/dynamodb/retry.ts';
import { type Store } from '../adapters/dynamodb/store.ts';
import { commit, transact, type TransactWriteItem } from '../adapters/dynamodb/transact.ts';
import { type RecordedMovement } from '../domain/changes.ts';
import { CREDIT_COUNTS } from '../domain/credits.ts';
import { type Deadline } from '../domain/deadline.ts';
import { DAY_MS, type Instant } from '../domain/instants.ts';

export type ErasureOutcome =
  /** Nobody of that name has been seen. */
  | { outcome: 'user_missing' }
  /** Time ran out with items left, or something is not settled yet. The account is closed; erasing again goes on. */
  | { outcome: 'unfinished' }
  | { outcome: 'erased' };

/** Settles what only the records tell of, before they go. @returns whether nothing is left of it */
export type Settling = (store: Store, userId: string, now: Instant, deadline: Deadline) => Promise<boolean>;

/** What an erasure has to know of the app that is on top of the core. */
export interface ErasedApp {
  settle: Settling;
  belongingsOf: BelongingsOf;
}

/** Items per step, which are one transaction: a closed period becomes up to ten lines. */
const ITEMS_PER_STEP = 8;
/** With less time than this left, no further step is begun. */
const STEP_MS = 4_000;

/**
 * Erases a user (GDPR article 17). The account becomes a tombstone first, which refuses every later command, so that
 * nothing is added behind the erasure's back. Then `settle` settles what only the records tell of. Then the records go
 * with what belongs to them, and the ledger moves to where its sum still holds (G4) and nothing leads back. It can be stopped after any step and
 * begun again, also by several at once.
 *
 * The statistics stay as they are, and so does the audit trail, which must tell that the user was erased and by whom.
 *
 * @throws CorruptItemError for a line of the ledger that cannot be read, and so not be moved
 * @throws BusyError
 */
export async function eraseUser(
  store: Store,
  userId: string,
  now: Instant,
  deadline: Deadline,
  { settle, belongingsOf }: ErasedApp,
): Promise<ErasureOutcome> {
  const tombstone = await bury(store, userId, now, deadline);
  if (tombstone === null) {
    return { outcome: 'user_missing' };
  }
  const { remains } = tombstone;
  if (remains === null) {
    return { outcome: 'erased' };
  }
  if (!(await settle(store, userId, now, deadline))) {
    return { outcome: 'unfinished' };
  }
  while (deadline.remainingMs() > STEP_MS) {
    // One more than a step's, for the tombstone itself, which stays.
    const page = await queryPartition(store, userKey(userId), { limit: ITEMS_PER_STEP + 1 }, deadline);
    const items = page.items.filter((item) => sortKeyOf(item) !== ACCOUNT_KEY);
    if (items.length === 0) {
      await forget(store, userId, remains, deadline);
      return { outcome: 'erased' };
    }
    await takeAway(store, userId, items, { belongingsOf, anonymousId: remains.anonymousId }, deadline);
  }
  return { outcome: 'unfinished' };
}

/** What the tombstone keeps until the ledger has moved: where to, and the figures by which it is proven there. */
interface Remains {
  /** Drawn by chance. */
  anonymousId: string;
  figures: Record<string, unknown>;
}

/** Turns the account into a tombstone; finds the one that is there already. Its remains are null once they have moved. */
async function bury(
  store: Store,
  userId: string,
  now: Instant,
  deadline: Deadline,
): Promise<{ remains: Remains | null } | null> {
  return retrying<{ remains: Remains | null } | null>(deadline, async (abortSignal) => {
    const account = await getItem(store, accountKey(userId), deadline);
    if (account === null) {
      return null;
    }
    const reader = ItemReader.fromWire(account);
    if (reader.has('erasedAt')) {
      return { remains: reader.has('remains') ? parseRemains(reader.map('remains')) : null };
    }
    const version = reader.integer('version');
    const remains = { anonymousId: randomUUID(), figures: figuresOf(reader.plain()) };
    const tombstone = putTombstone(store.table, userId, { remains, version, now });
    const customerId = reader.optionalString('customerId');
    // The item that leads from the customer at Stripe to the user goes with the account.
    const wayBack = customerId === undefined ? [] : [forgetCustomer(store.table, customerId)];
    const transaction = await transact(store, [tombstone, ...wayBack], abortSignal);
    return transaction.committed ? { remains } : TRY_AGAIN;
  });
}

function parseRemains(reader: ItemReader): Remains {
  return { anonymousId: reader.string('anonymousId'), figures: reader.map('figures').plain() };
}

/** The figures by which a ledger is proven, and nothing else of the account. */
const FIGURES = new Set<string>(['available', 'carried', ...CREDIT_COUNTS]);

function figuresOf(account: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(account).filter(([name]) => FIGURES.has(name)));
}

const IS_AT_VERSION = '#version = :version';

/** `openUntil` 0: the deciding write finds the account not open, whenever it asks. */
function putTombstone(
  table: string,
  userId: string,
  { remains, version, now }: { remains: Remains; version: number; now: Instant },
): TransactWriteItem {
  const key = { pk: userKey(userId), sk: ACCOUNT_KEY };
  return {
    Put: {
      TableName: table,
      Item: toWire({ ...key, version: version + 1, erasedAt: now, openUntil: 0, remains }),
      ...evaluated({ ConditionExpression: IS_AT_VERSION }, { version }),
    },
  };
}

/**
 * Deletes records, and moves what belongs to the ledger. The lines are new ones each time, so a record must still be
 * there to be moved: a repetition, or another erasure of the same user, would move it twice.
 */
async function takeAway(
  store: Store,
  userId: string,
  items: readonly WireItem[],
  { belongingsOf, anonymousId }: { belongingsOf: BelongingsOf; anonymousId: string },
  deadline: Deadline,
): Promise<void> {
  const writes = items.flatMap((item) => [
    deleteItem(store.table, item),
    ...belongingsOf(userId, item).map((Key) => ({ Delete: { TableName: store.table, Key } })),
    ...wayFromCode(store.table, item),
    ...movementsIn(item).map((movement) => putAnonymousLine(store.table, anonymousId, movement)),
  ]);
  await commit(store, writes, deadline);
}

/** The code of an erased user's gift stands for nothing any more: its credits are gone with the account. */
function wayFromCode(table: string, item: WireItem): TransactWriteItem[] {
  return kindOf(sortKeyOf(item)) === 'GIFT' ? [forgetCode(table, parseGift(item).codeHash)] : [];
}

const IS_THERE = 'attribute_exists(#pk)';

function deleteItem(table: string, item: WireItem): TransactWriteItem {
  const reader = ItemReader.fromWire(item);
  return {
    Delete: {
      TableName: table,
      Key: toWire({ pk: reader.string('pk'), sk: reader.string('sk') }),
      ...evaluated({ ConditionExpression: IS_THERE }),
    },
  };
}

type AnonymousLine = Omit<RecordedMovement, 'id' | 'actor' | 'reason'>;

/** What an item adds to the ledger. */
function movementsIn(item: WireItem): AnonymousLine[] {
  switch (kindOf(sortKeyOf(item))) {
    case 'LEDGER':
      return [parseLedgerLine(item)];
    case 'PERIOD': {
      const { periodEnd, movements } = parsePeriod(item);
      return movements.map((movement) => ({ ...movement, at: periodEnd }));
    }
    default:
      return [];
  }
}

/** A line without who and why, under a new id. Of its time it keeps the day, and of its cause the kind. */
function putAnonymousLine(
  table: string,
  anonymousId: string,
  { at, kind, amount, source }: AnonymousLine,
): TransactWriteItem {
  const id = randomUUID();
  return putNew(
    table,
    toWire({
      pk: anonymousKey(anonymousId),
      sk: recordKey('LEDGER', id),
      id,
      at: at - (at % DAY_MS),
      kind,
      amount,
      source: source.split(':', 1)[0] ?? source,
    }),
  );
}

const HAS_REMAINS = 'attribute_exists(#remains)';
const FORGET_REMAINS = 'REMOVE #remains';

/** Puts the figures beside the ledger that has moved, and cuts the last thread between it and the user. */
async function forget(
  store: Store,
  userId: string,
  { anonymousId, figures }: Remains,
  deadline: Deadline,
): Promise<void> {
  const cut: TransactWriteItem = {
    Update: {
      TableName: store.table,
      Key: accountKey(userId),
      ...evaluated({ ConditionExpression: HAS_REMAINS, UpdateExpression: FORGET_REMAINS }),
    },
  };
  const key = { pk: anonymousKey(anonymousId), sk: ACCOUNT_KEY };
  const account = putNew(store.table, toWire({ ...key, version: 1, ...figures }));
  await commit(store, [cut, account], deadline);
}
