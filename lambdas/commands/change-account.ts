import { type Account, type AccountChange, type ClosedPeriod } from '../domain/account.ts';
import { DAY_MS, type Instant } from '../domain/instants.ts';
import { isWorthKeeping, rollForward } from '../domain/roll-forward.ts';
import { putAccount } from '../adapters/dynamodb/account-item.ts';
import { putLedgerLine } from '../adapters/dynamodb/ledger-item.ts';
import { putPeriod } from '../adapters/dynamodb/period-item.ts';
import { type Store } from '../adapters/dynamodb/store.ts';
import { transact, type TransactWriteItem } from '../adapters/dynamodb/transact.ts';

/** An account that was away for years is rolled forward in several transactions of this many closed periods. */
const MAX_PERIODS_PER_WRITE = 40;

export function keptPeriodItems(
  table: string,
  userId: string,
  closed: readonly ClosedPeriod[],
): TransactWriteItem[] {
  return closed.filter(isWorthKeeping).map((period) => putPeriod(table, userId, period));
}

/** Somebody else has written the account since it was read. */
export class VersionConflictError extends Error {
  override name = 'VersionConflictError';
}

/** What identifies a computed write: its movements' ledger lines derive their ids from it. */
export interface ChangeCause {
  id: string;
  at: Instant;
  /** Who moved credits by hand and why, and the request's fingerprint: kept with the movements. */
  byHand?: { actor: string; reason: string; fingerprint: string };
}

/**
 * Writes a computed change over the account that it was computed from (null: there was none).
 *
 * @throws VersionConflictError when somebody was faster; read again and compute again
 */
export async function writeChange(
  store: Store,
  change: AccountChange,
  before: Account | null,
  cause: ChangeCause,
  abortSignal: AbortSignal,
): Promise<Account> {
  const { userId } = change.account;
  const items = changeItems(store.table, change, before, cause);
  const transaction = await transact(store, items, abortSignal);
  if (!transaction.committed) {
    throw new VersionConflictError(`The account ${userId} was written by somebody else.`);
  }
  return { ...change.account, version: (before?.version ?? 0) + 1 };
}

/** The writes of a computed change, the account's own first. */
export function changeItems(
  table: string,
  change: AccountChange,
  before: Account | null,
  cause: ChangeCause,
): TransactWriteItem[] {
  const { userId } = change.account;
  return [
    putAccount(table, change.account, before),
    ...keptPeriodItems(table, userId, change.closed),
    ...change.movements.map((movement, index) =>
      putLedgerLine(table, userId, {
        ...movement,
        ...cause.byHand,
        id: movementId(cause.id, index),
        at: Math.max(cause.at, change.account.periodStart),
      }),
    ),
  ];
}

/** The id of a change's movement in the ledger. */
export function movementId(causeId: string, index: number): string {
  return `${causeId}-${String(index)}`;
}

/** Met within this time, an account closes fewer periods than fit: but for up to three short ones, each has 28 days or more. */
const SURELY_FITS_MS = (MAX_PERIODS_PER_WRITE - 3) * 28 * DAY_MS;

/**
 * Rolls an account forward as far as needed for what is left to fit into one transaction. An account that was met
 * within the last years comes back as it is, without a request.
 *
 * @throws VersionConflictError
 */
export async function rollForwardInPart(
  store: Store,
  account: Account,
  now: Instant,
  abortSignal: AbortSignal,
): Promise<Account> {
  if (now - account.periodStart < SURELY_FITS_MS) {
    return account;
  }
  const kept = rollForward(account, now).closed.filter(isWorthKeeping);
  let current = account;
  for (let last = MAX_PERIODS_PER_WRITE; last < kept.length; last += MAX_PERIODS_PER_WRITE) {
    const part = rollForward(current, kept[last - 1]?.periodEnd ?? now);
    current = await writeChange(store, part, current, { id: 'roll-forward', at: now }, abortSignal);
  }
  return current;
}
