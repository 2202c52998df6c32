import { type Deadline } from '../domain/deadline.ts';
import { type Instant } from '../domain/instants.ts';
import { addTotals, type Counted, NO_TOTALS } from '../domain/statistics.ts';
import { batchesOf } from '../runtime/batches.ts';
import { mapConcurrently } from '../runtime/concurrency.ts';
import { batchGet, MAX_BATCH_ITEMS } from '../adapters/dynamodb/due-accounts.ts';
import { expiringAfter } from '../adapters/dynamodb/expiry.ts';
import { ItemReader, toWire } from '../adapters/dynamodb/items.ts';
import { markKey } from '../adapters/dynamodb/keys.ts';
import { putNew } from '../adapters/dynamodb/put-new.ts';
import { retrying, TRY_AGAIN } from '../adapters/dynamodb/retry.ts';
import { addToDay, DAY_PARTS } from '../adapters/dynamodb/statistics-item.ts';
import { type Store } from '../adapters/dynamodb/store.ts';
import { MARKERS_KEPT_DAYS } from '../adapters/dynamodb/table-schema.ts';
import { MAX_TRANSACTION_ITEMS, transact, type TransactWriteItem } from '../adapters/dynamodb/transact.ts';
import { addToSketch } from '../adapters/dynamodb/user-sketches.ts';

/** How many reads of markers, or sketches, are under way at the same time. */
const REQUESTS_AT_ONCE = 8;

/** Something to count, and the keys of what tells that it has been counted. */
interface Counting extends Counted {
  mark: string;
  /** Tells that the user has been active on the day; null for what is no use. */
  activityMark: string | null;
}

/**
 * Adds to the days' totals and sketches, each thing once, however often it is told: its marker is written with the
 * totals or not at all, on the condition that it is not there. Nothing is read and then written, except the sketches,
 * to which one may add twice.
 *
 * What does not depend on each other is under way at the same time, since a batch takes as long as the requests that
 * wait for each other: the markers are read in one go, then the sketches written, then the transactions, four at once.
 *
 * @throws BusyError when it could not be finished in time; what has been counted stays, and repeating does the rest
 */
export async function countOnce(
  store: Store,
  counted: readonly Counted[],
  deadline: Deadline,
): Promise<void> {
  const all = new Map(counted.map(toCounting).map((counting) => [counting.mark, counting]));
  const marks = await readMarks(store, [...all.values()], deadline);
  let rest = [...all.values()].filter(({ mark }) => !marks.has(mark));
  // Before the markers: once those are there, nobody comes back for the sketches.
  await addActiveUsers(store, rest, marks, deadline);
  const firstPart = Math.floor(Math.random() * DAY_PARTS);
  while (rest.length > 0) {
    const portions = [...takePortions(rest, marks).entries()];
    const written = await mapConcurrently(portions, DAY_PARTS, async ([index, portion]) => {
      const outcome = await commit(store, portion, (firstPart + index) % DAY_PARTS, deadline);
      const { countings } = portion;
      return outcome === 'committed'
        ? marksOf(countings)
        : [...(await readMarks(store, countings, deadline))];
    });
    for (const mark of written.flat()) {
      marks.add(mark);
    }
    rest = rest.filter(({ mark }) => !marks.has(mark));
  }
}

function toCounting(counted: Counted): Counting {
  const { userId, subject, day, isUse } = counted;
  return {
    ...counted,
    mark: markKey(['counted', userId, subject]),
    activityMark: isUse ? markKey(['active', day, userId]) : null,
  };
}

function marksOf(countings: readonly Counting[]): string[] {
  return countings.flatMap(({ mark, activityMark }) =>
    activityMark === null ? [mark] : [mark, activityMark],
  );
}

/** Which of the markers are there. */
async function readMarks(
  store: Store,
  countings: readonly Counting[],
  deadline: Deadline,
): Promise<Set<string>> {
  const keys = [...new Set(marksOf(countings))].map((mark) => toWire(markerKey(mark)));
  const found = await mapConcurrently(batchesOf(keys, MAX_BATCH_ITEMS), REQUESTS_AT_ONCE, (batch) =>
    batchGet(store, batch, deadline),
  );
  return new Set(found.flat().map((item) => ItemReader.fromWire(item).string('pk')));
}

function markerKey(mark: string): { pk: string; sk: string } {
  return { pk: mark, sk: 'MARK' };
}

function putMarker(store: Store, mark: string, writtenAt: Instant): TransactWriteItem {
  const item = { ...markerKey(mark), ...expiringAfter(MARKERS_KEPT_DAYS, writtenAt) };
  return putNew(store.table, toWire(item));
}

async function addActiveUsers(
  store: Store,
  countings: readonly Counting[],
  marks: ReadonlySet<string>,
  deadline: Deadline,
): Promise<void> {
  const users = new Map<string, Set<string>>();
  for (const { day, userId, activityMark } of countings) {
    if (activityMark !== null && !marks.has(activityMark)) {
      for (const unit of [day, day.slice(0, '2026-11'.length)]) {
        users.set(unit, (users.get(unit) ?? new Set()).add(userId));
      }
    }
  }
  await mapConcurrently([...users], REQUESTS_AT_ONCE, ([unit, userIds]) =>
    addToSketch(store, unit, [...userIds], deadline),
  );
}

/** What goes into one transaction. */
interface Portion {
  countings: Counting[];
  /** The markers of those who have not been active on their day before, by day. */
  newlyActive: Map<string, Set<string>>;
}

/**
 * What can be written at once: one portion for each part that a day has. Who is new to a day comes in one of them only,
 * since two would write the same marker, and one of them in vain; what else he has done is counted in the next round.
 */
function takePortions(countings: readonly Counting[], marks: ReadonlySet<string>): Portion[] {
  const portions: Portion[] = [];
  let rest = countings;
  while (rest.length > 0 && portions.length < DAY_PARTS) {
    const portion = takePortion(rest, marks);
    const taken = new Set(marksOf(portion.countings));
    portions.push(portion);
    rest = rest.filter(
      ({ mark, activityMark }) =>
        !taken.has(mark) && (activityMark === null || marks.has(activityMark) || !taken.has(activityMark)),
    );
  }
  return portions;
}

/** As many as fit, with their markers, those of users who are new to their day, and the days. */
function takePortion(countings: readonly Counting[], marks: ReadonlySet<string>): Portion {
  const portion: Portion = { countings: [], newlyActive: new Map() };
  let items = 0;
  for (const counting of countings) {
    const { day, activityMark } = counting;
    const active = portion.newlyActive.get(day);
    const isNewToDay = activityMark !== null && !marks.has(activityMark) && !active?.has(activityMark);
    items += 1 + (active === undefined ? 1 : 0) + (isNewToDay ? 1 : 0);
    if (items > MAX_TRANSACTION_ITEMS) {
      break;
    }
    portion.countings.push(counting);
    const others = active ?? new Set();
    portion.newlyActive.set(day, isNewToDay ? others.add(activityMark) : others);
  }
  return portion;
}

async function commit(
  store: Store,
  { countings, newlyActive }: Portion,
  part: number,
  deadline: Deadline,
): Promise<'committed' | 'marked by somebody else'> {
  const writtenAt = Math.max(...countings.map((counting) => counting.writtenAt));
  const items = [...newlyActive].flatMap(([day, active]) => {
    const ofDay = countings.filter((counting) => counting.day === day);
    const totals = ofDay.map((counting) => counting.totals).reduce(addTotals, NO_TOTALS);
    return [
      addToDay(store.table, { day, part }, totals, active.size),
      ...ofDay.map(({ mark }) => putMarker(store, mark, writtenAt)),
      ...[...active].map((mark) => putMarker(store, mark, writtenAt)),
    ];
  });
  return retrying(deadline, async (abortSignal) => {
    const transaction = await transact(store, items, abortSignal);
    if (transaction.committed) {
      return 'committed';
    }
    const isMarked = transaction.reasons.some(({ reason }) => reason === 'condition');
    return isMarked ? 'marked by somebody else' : TRY_AGAIN;
  });
}
