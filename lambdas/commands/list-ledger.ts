import { type WireItem } from '../adapters/dynamodb/items.ts';
import { ledgerKey, PERIOD_PREFIX, recordKey, userKey } from '../adapters/dynamodb/keys.ts';
import { parseLedgerLine } from '../adapters/dynamodb/ledger-item.ts';
import { type Page, type PageRequest } from '../adapters/dynamodb/lists.ts';
import { type ItemPage, queryPartition } from '../adapters/dynamodb/partitions.ts';
import { parsePeriod, periodPlace } from '../adapters/dynamodb/period-item.ts';
import { retrying, TRY_AGAIN } from '../adapters/dynamodb/retry.ts';
import { type Store } from '../adapters/dynamodb/store.ts';
import { type ClosedPeriod } from '../domain/account.ts';
import { available, type Movement } from '../domain/credits.ts';
import { type Deadline } from '../domain/deadline.ts';
import { type Instant } from '../domain/instants.ts';
import { readAccount } from './read-account.ts';

/** One movement of credits, with the balance that it left. */
export interface LedgerEntry extends Movement {
  id: string;
  at: Instant;
  balanceAfter: number;
}

/** A movement and where it stands: the place of its item in the ledger, and its own among the item's movements. */
interface Line extends Omit<LedgerEntry, 'balanceAfter'> {
  place: string;
  index: number;
}

/**
 * Where a page ends: the last line shown, and the balance before it. Balances are worked out from the newest line back.
 * The lines before a position never change, so the position can hold their balance.
 */
interface Position {
  place: string;
  index: number;
  balance: number;
}

/**
 * Lists a user's movements of credits, newest first, with the balance after each (G4). It shows a period that has ended
 * as closed, whether or not a write has closed it yet (G7). It reads the table itself and not an index, which would lag:
 * a balance is worked out from every line.
 *
 * @throws ErasedAccountError
 * @throws BusyError when the account is written all the time
 */
export async function listLedger(
  store: Store,
  userId: string,
  { limit, after }: PageRequest,
  now: Instant,
  deadline: Deadline,
): Promise<Page<LedgerEntry>> {
  const position = after === null ? null : parsePosition(after);
  if (position !== null) {
    const { closed } = await readAccount(store, userId, now, deadline);
    const lines = await readLines(store, userId, closed, position, limit, deadline);
    return pageFrom(lines, position.balance, limit);
  }
  // The balance and the lines come in two requests. They belong together if nobody has written in between.
  return retrying(deadline, async () => {
    const before = await readAccount(store, userId, now, deadline);
    const lines = await readLines(store, userId, before.closed, null, limit, deadline);
    const later = await readAccount(store, userId, now, deadline);
    return later.account.version === before.account.version
      ? pageFrom(lines, available(before.account.credits), limit)
      : TRY_AGAIN;
  });
}

/** Lines from a position on, newest first; one more than `limit`, if there are as many. */
async function readLines(
  store: Store,
  userId: string,
  unwritten: readonly ClosedPeriod[],
  position: Position | null,
  limit: number,
  deadline: Deadline,
): Promise<Line[]> {
  const from = position?.place ?? END_OF_LEDGER;
  const isAfterPosition = (line: Line): boolean =>
    position === null ||
    line.place < position.place ||
    (line.place === position.place && line.index < position.index);
  const [movements, periods] = await Promise.all([
    readMovements(store, userId, from, limit + 2, deadline),
    readPeriods(store, userId, from, limit + 1, isAfterPosition, deadline),
  ]);
  // Since the account was read, a write may have closed the periods: they are stored then, and shown once.
  const written = new Set(periods.map(({ place }) => place));
  const virtual = unwritten.flatMap(linesOfPeriod).filter(({ place }) => !written.has(place));
  return [...virtual, ...periods, ...movements]
    .filter(isAfterPosition)
    .sort((one, other) => compare(other.place, one.place) || other.index - one.index)
    .slice(0, limit + 1);
}

const LEDGER_PREFIX = recordKey('LEDGER', '');
/** Sorts after every place in a ledger. */
const END_OF_LEDGER = recordKey('LEDGER', '~');

/** The movements that stand for themselves, up to and including a place. */
async function readMovements(
  store: Store,
  userId: string,
  from: string,
  limit: number,
  deadline: Deadline,
): Promise<Line[]> {
  const request = { keys: { first: LEDGER_PREFIX, last: from }, limit, isReversed: true };
  const { items } = await queryPartition(store, userKey(userId), request, deadline);
  return items.map((item) => {
    const line = parseLedgerLine(item);
    return { ...line, place: ledgerKey(line.at, line.id), index: 0 };
  });
}

/** Most periods have moved something. One that has not is read, and has no line. */
const PERIODS_AT_ONCE = 50;

/** Movements of closed periods: at least so many that are asked for, if there are as many. */
async function readPeriods(
  store: Store,
  userId: string,
  from: string,
  count: number,
  isAskedFor: (line: Line) => boolean,
  deadline: Deadline,
): Promise<Line[]> {
  // A period begins before it ends, and it stands in the ledger where it ends.
  const keys = { first: PERIOD_PREFIX, last: `${PERIOD_PREFIX}${from.slice(LEDGER_PREFIX.length)}` };
  const lines: Line[] = [];
  let after: WireItem | null = null;
  do {
    const request = { keys, after, limit: PERIODS_AT_ONCE, isReversed: true };
    const page: ItemPage = await queryPartition(store, userKey(userId), request, deadline);
    lines.push(...page.items.map(parsePeriod).flatMap(linesOfPeriod));
    after = page.next;
  } while (after !== null && lines.filter(isAskedFor).length < count);
  return lines;
}

function compare(one: string, other: string): number {
  if (one === other) {
    return 0;
  }
  return one < other ? -1 : 1;
}

function linesOfPeriod(period: ClosedPeriod): Line[] {
  const place = periodPlace(period);
  return period.movements.map((movement, index) => ({
    ...movement,
    id: `period-${String(period.periodStart)}-${String(index)}`,
    at: period.periodEnd,
    place,
    index,
  }));
}

function pageFrom(lines: readonly Line[], balance: number, limit: number): Page<LedgerEntry> {
  let balanceAfter = balance;
  const items: LedgerEntry[] = [];
  for (const { id, at, kind, amount, source } of lines.slice(0, limit)) {
    items.push({ id, at, kind, amount, balanceAfter, source });
    balanceAfter -= amount;
  }
  const last = lines[limit - 1];
  return {
    items,
    next: lines.length > limit && last !== undefined ? toPosition(last, balanceAfter) : null,
  };
}

function toPosition({ place, index }: Line, balance: number): string {
  return [place, index, balance].join('|');
}

function parsePosition(position: string): Position {
  const [place = '', index, balance] = position.split('|');
  return { place, index: Number(index), balance: Number(balance) };
}
