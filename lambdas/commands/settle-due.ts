import { batchGet, MAX_BATCH_ITEMS } from '../adapters/dynamodb/batch-get.ts';
import { DueQueue } from '../adapters/dynamodb/due-queue.ts';
import { CorruptItemError, ItemReader, type WireItem } from '../adapters/dynamodb/items.ts';
import { kindOf } from '../adapters/dynamodb/keys.ts';
import { type Store } from '../adapters/dynamodb/store.ts';
import { DUE_SHARDS } from '../adapters/dynamodb/table-schema.ts';
import { type Deadline } from '../domain/deadline.ts';
import { type Instant } from '../domain/instants.ts';
import { mapConcurrently } from '../runtime/concurrency.ts';
import { deadlineIn } from '../runtime/deadline.ts';
import { returnExpiredGift } from './return-gift.ts';

/** How many things are dealt with at the same time. */
const CONCURRENCY = 16;
/** How long one thing may hold up the others. */
const ITEM_DEADLINE_MS = 20_000;
/** With less time than this left, no further batch is begun. */
const BATCH_MS = 5_000;

/** Deals with a thing that is due, and says what has become of it: `waiting` leaves it to the next run. */
export type Settler<Outcome extends string> = (
  store: Store,
  item: WireItem,
  now: Instant,
  deadline: Deadline,
) => Promise<Outcome>;

/** The settler for each kind of item. */
export type Settlers<Outcome extends string> = ReadonlyMap<string, Settler<Outcome>>;

export const CORE_SETTLERS: Settlers<'settled' | 'waiting'> = new Map([['GIFT', returnExpiredGift]]);

export interface Settled<Outcome extends string> {
  outcomes: Partial<Record<Outcome | 'failed', number>>;
  /** What could not be dealt with, by its key. It stays due. */
  failures: { key: string; error: Error }[];
  /** False when time ran out first: the next run goes on with what is left. */
  isFinished: boolean;
}

/** One of several runs that share the shards of the index. */
export interface Part {
  index: number;
  of: number;
}

const ALL: Part = { index: 0, of: 1 };

function shardsOf({ index, of }: Part): number[] {
  return Array.from({ length: DUE_SHARDS }, (_, shard) => shard).filter((shard) => shard % of === index);
}

/**
 * Deals with what is due, the longest overdue first, until nothing is left or the time is up. Each settler writes on the
 * condition that its thing is still as it was read: runs may be repeated, concurrent or cut off anywhere. It reports a bad
 * thing and goes on with the others.
 *
 * @throws BusyError when the index itself can't be read
 */
export async function settleDue<Outcome extends string>(
  store: Store,
  settlers: Settlers<Outcome>,
  now: Instant,
  deadline: Deadline,
  part: Part = ALL,
): Promise<Settled<Outcome>> {
  const queue = new DueQueue(store, shardsOf(part), now);
  const done: Settled<Outcome> = { outcomes: {}, failures: [], isFinished: false };
  while (deadline.remainingMs() > BATCH_MS) {
    const keys = await queue.take(MAX_BATCH_ITEMS, deadline);
    if (keys.length === 0) {
      return { ...done, isFinished: true };
    }
    const items = await batchGet(store, keys, deadline);
    await mapConcurrently(items, CONCURRENCY, async (item) => {
      const outcome = await settleSafely(store, settlers, item, now, done.failures);
      done.outcomes[outcome] = (done.outcomes[outcome] ?? 0) + 1;
    });
  }
  return done;
}

async function settleSafely<Outcome extends string>(
  store: Store,
  settlers: Settlers<Outcome>,
  item: WireItem,
  now: Instant,
  failures: Settled<Outcome>['failures'],
): Promise<Outcome | 'failed'> {
  const reader = ItemReader.fromWire(item);
  const [pk, sk] = [reader.string('pk'), reader.string('sk')];
  try {
    const settle = settlers.get(kindOf(sk));
    if (settle === undefined) {
      throw new CorruptItemError(`Nobody deals with ${sk} of ${pk}, which is due.`);
    }
    return await settle(store, item, now, deadlineIn(ITEM_DEADLINE_MS));
  } catch (error) {
    failures.push({ key: `${pk} ${sk}`, error: error instanceof Error ? error : new Error(String(error)) });
    return 'failed';
  }
}
