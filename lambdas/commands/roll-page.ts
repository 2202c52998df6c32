import { parseAccount } from '../adapters/dynamodb/account-item.ts';
import { batchGet, MAX_BATCH_ITEMS } from '../adapters/dynamodb/batch-get.ts';
import { queryDueAccounts } from '../adapters/dynamodb/due-index.ts';
import { type WireItem } from '../adapters/dynamodb/items.ts';
import { userKey } from '../adapters/dynamodb/keys.ts';
import { type Store } from '../adapters/dynamodb/store.ts';
import { type Deadline } from '../domain/deadline.ts';
import { type Instant } from '../domain/instants.ts';
import { rollForward } from '../domain/roll-forward.ts';
import { mapConcurrently } from '../runtime/concurrency.ts';
import { deadlineIn } from '../runtime/deadline.ts';
import { changeAccount } from './change-account.ts';

/** How many accounts of a page are rolled at the same time. */
const CONCURRENCY = 16;

/** How long one account may hold up its page, from when its turn comes. */
const ACCOUNT_DEADLINE_MS = 20_000;

export interface PageToRoll {
  shard: number;
  now: Instant;
  /** The `next` of the page before; null for the first. */
  after: string | null;
  /** Accounts per page. */
  limit: number;
}

/** What became of one account. */
export type AccountResult =
  { userId: string; outcome: 'rolled' | 'not due' } | { userId: string; outcome: 'failed'; error: Error };

export interface RolledPage {
  results: AccountResult[];
  next: string | null;
}

/**
 * Rolls one page of a shard's due accounts forward: each in a transaction of its own, conditional on its version, so
 * that a run that is repeated, concurrent or cut off in the middle closes each period once (G5). One bad account is
 * reported and stops nobody else.
 *
 * @throws BusyError when the page itself can't be read
 */
export async function rollPage(store: Store, { shard, now, after, limit }: PageToRoll): Promise<RolledPage> {
  const start = after === null ? null : parseCursor(after);
  const { keys, next } = await queryDueAccounts(
    store,
    { shard, now, after: start, limit },
    deadlineIn(ACCOUNT_DEADLINE_MS),
  );
  const results = await mapConcurrently(itemsOf(store, keys), CONCURRENCY, (item) =>
    rollAccount(store, item, now, deadlineIn(ACCOUNT_DEADLINE_MS)),
  );
  return { results, next: next === null ? null : JSON.stringify(next) };
}

/** The accounts of a page, read in batches: the next batch is under way while the last one is being rolled. */
async function* itemsOf(store: Store, keys: readonly WireItem[]): AsyncGenerator<WireItem> {
  let ahead: Promise<WireItem[]> | null = null;
  for (let index = 0; index < keys.length; index += MAX_BATCH_ITEMS) {
    const items: WireItem[] = await (ahead ?? readBatch(store, keys, index));
    const next = index + MAX_BATCH_ITEMS;
    if (next < keys.length) {
      ahead = readBatch(store, keys, next);
      // Until somebody waits for it, a failure is nobody's.
      ahead.catch(() => undefined);
    }
    yield* items;
  }
}

function readBatch(store: Store, keys: readonly WireItem[], from: number): Promise<WireItem[]> {
  return batchGet(store, keys.slice(from, from + MAX_BATCH_ITEMS), deadlineIn(ACCOUNT_DEADLINE_MS));
}

function parseCursor(cursor: string): WireItem {
  return JSON.parse(cursor) as WireItem;
}

async function rollAccount(
  store: Store,
  item: WireItem,
  now: Instant,
  deadline: Deadline,
): Promise<AccountResult> {
  const userId = (item['pk']?.S ?? '').slice(userKey('').length);
  try {
    return { userId, outcome: await rollStored(store, userId, item, now, deadline) };
  } catch (error) {
    return { userId, outcome: 'failed', error: error instanceof Error ? error : new Error(String(error)) };
  }
}

async function rollStored(
  store: Store,
  userId: string,
  item: WireItem,
  now: Instant,
  deadline: Deadline,
): Promise<'rolled' | 'not due'> {
  const ifErased = (): 'not due' => 'not due';
  const request = { userId, now, deadline, ifErased, seen: parseAccount(item) };
  return changeAccount<'rolled' | 'not due'>(store, request, (before) => {
    const change = before === null ? null : rollForward(before, now, store.catalogue);
    // The index lags: a command has rolled the account forward meanwhile.
    return change === null || change.closed.length === 0
      ? { answer: 'not due' }
      : { write: { change, cause: { id: 'rollover', at: now }, answer: 'rolled' } };
  });
}
