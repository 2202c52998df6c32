import { batchGet, MAX_BATCH_ITEMS } from '../adapters/dynamodb/batch-get.ts';
import { expiringAfter } from '../adapters/dynamodb/expiry.ts';
import { ItemReader, toWire } from '../adapters/dynamodb/items.ts';
import { markKey } from '../adapters/dynamodb/keys.ts';
import { putNew } from '../adapters/dynamodb/put-new.ts';
import { addToDay, DAY_PARTS } from '../adapters/dynamodb/statistics-item.ts';
import { type Store } from '../adapters/dynamodb/store.ts';
import { MARKERS_KEPT_DAYS } from '../adapters/dynamodb/table-schema.ts';
import { commit, MAX_TRANSACTION_ITEMS, type TransactWriteItem } from '../adapters/dynamodb/transact.ts';
import { addToSketch } from '../adapters/dynamodb/user-sketches.ts';
import { type Deadline } from '../domain/deadline.ts';
import { type Instant } from '../domain/instants.ts';
import { addTotals, type Counted } from '../domain/statistics.ts';
import { batchesOf } from '../runtime/batches.ts';
import { mapConcurrently } from '../runtime/concurrency.ts';

/** How many reads of markers, or sketches, are under way at the same time. */
const REQUESTS_AT_ONCE = 8;

/** Something to count, and the keys of what tells that it has been counted. */
interface Counting extends Counted {
  mark: string;
  /** Tells that the user has been active on the day; null for what is no use. */
  activityMark: string | null;
}

/**
 * Adds to the days' totals and sketches, each thing once, however often it is told. One transaction writes the totals
 * and the thing's marker, on the condition that the marker is not there yet. It reads only the sketches before it
 * writes them, and adding a user to a sketch twice changes nothing.
 *
 * A batch takes as long as the requests that wait for each other. So it reads all markers at once, then writes the
 * sketches, then the transactions, four at once.
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
  // The sketches come before the markers: once those are there, nobody comes back for the sketches.
  await addActiveUsers(store, rest, marks, deadline);
  const firstPart = Math.floor(Math.random() * DAY_PARTS);
  while (rest.length > 0) {
    const portions = [...takePortions(rest, marks).entries()];
    const written = await mapConcurrently(portions, DAY_PARTS, async ([index, portion]) => {
      const { countings } = portion;
      const isCounted = await countPortion(store, portion, (firstPart + index) % DAY_PARTS, deadline);
      return isCounted ? marksOf(countings) : [...(await readMarks(store, countings, deadline))];
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
  return putNew(store.table, toWire({ ...markerKey(mark), ...expiringAfter(MARKERS_KEPT_DAYS, writtenAt) }));
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
 * What can be written at once: one portion for each part that a day has. A user who is new to a day stands in one of them
 * only, since two would write the same marker, and one of them in vain. The next round counts what else they have done.
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

/** As many as fit into a transaction with their markers, the markers of users who are new to their day, and the days. */
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

/** @returns false: somebody else has written one of the markers */
async function countPortion(
  store: Store,
  { countings, newlyActive }: Portion,
  part: number,
  deadline: Deadline,
): Promise<boolean> {
  const writtenAt = Math.max(...countings.map((counting) => counting.writtenAt));
  const items = [...newlyActive].flatMap(([day, active]) => {
    const ofDay = countings.filter((counting) => counting.day === day);
    const totals = ofDay.map((counting) => counting.totals).reduce(addTotals, {});
    return [
      addToDay(store.table, { day, part }, totals, active.size),
      ...ofDay.map(({ mark }) => putMarker(store, mark, writtenAt)),
      ...[...active].map((mark) => putMarker(store, mark, writtenAt)),
    ];
  });
  return commit(store, items, deadline);
}
