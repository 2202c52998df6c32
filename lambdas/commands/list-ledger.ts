import { sortKeyOf } from '../adapters/dynamodb/items.ts';
import { PERIOD_PREFIX } from '../adapters/dynamodb/keys.ts';
import { parseLedgerLine } from '../adapters/dynamodb/ledger-item.ts';
import { type Listed, type Page, type PageRequest, queryList } from '../adapters/dynamodb/lists.ts';
import { parsePeriod, periodListKey } from '../adapters/dynamodb/period-item.ts';
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

/** A movement and where it stands: the key of its item, and its place among the item's movements. */
interface Line extends Omit<LedgerEntry, 'balanceAfter'> {
  listKey: string;
  index: number;
}

/**
 * Where a page ends: the last line shown, and the balance before it. Balances are worked out from the newest line back.
 * The lines before a position never change, so the position can hold their balance.
 */
interface Position {
  listKey: string;
  index: number;
  balance: number;
}

/**
 * Lists a user's movements of credits, newest first, with the balance after each (G4). It shows a period that has ended
 * as closed, whether or not a write has closed it yet (G7).
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
  const from = position?.listKey ?? null;
  const listed = await queryList(store, userId, 'LEDGER', { from, limit: limit + 2 }, deadline);
  const stored = listed.flatMap(linesOf);
  // Since the account was read, a write may have closed the periods: they are stored then, and shown once.
  const written = new Set(listed.map(({ listKey }) => listKey));
  const virtual = unwritten
    .flatMap(linesOfPeriod)
    .filter(({ listKey }) => (from === null || listKey <= from) && !written.has(listKey));
  return [...virtual, ...stored]
    .sort((one, other) => compare(other.listKey, one.listKey) || other.index - one.index)
    .filter((line) => position === null || line.listKey < position.listKey || line.index < position.index)
    .slice(0, limit + 1);
}

function compare(one: string, other: string): number {
  if (one === other) {
    return 0;
  }
  return one < other ? -1 : 1;
}

function linesOf({ item, listKey }: Listed): Line[] {
  return sortKeyOf(item).startsWith(PERIOD_PREFIX)
    ? linesOfPeriod(parsePeriod(item))
    : [{ ...parseLedgerLine(item), listKey, index: 0 }];
}

function linesOfPeriod(period: ClosedPeriod): Line[] {
  const listKey = periodListKey(period);
  return period.movements.map((movement, index) => ({
    ...movement,
    id: `period-${String(period.periodStart)}-${String(index)}`,
    at: period.periodEnd,
    listKey,
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

function toPosition({ listKey, index }: Line, balance: number): string {
  return [listKey, index, balance].join('|');
}

function parsePosition(position: string): Position {
  const [listKey = '', index, balance] = position.split('|');
  return { listKey, index: Number(index), balance: Number(balance) };
}
