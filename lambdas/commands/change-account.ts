import { putAccount } from '../adapters/dynamodb/account-item.ts';
import { readStoredAccount } from '../adapters/dynamodb/accounts.ts';
import { putLedgerLine } from '../adapters/dynamodb/ledger-item.ts';
import { putPeriod } from '../adapters/dynamodb/period-item.ts';
import { retrying, TRY_AGAIN } from '../adapters/dynamodb/retry.ts';
import { type Store } from '../adapters/dynamodb/store.ts';
import { transact, type TransactWriteItem } from '../adapters/dynamodb/transact.ts';
import {
  type Account,
  type AccountChange,
  type AccountState,
  type ClosedPeriod,
  firstMovements,
} from '../domain/account.ts';
import { type Deadline } from '../domain/deadline.ts';
import { DAY_MS, type Instant } from '../domain/instants.ts';
import { isWorthKeeping, rollForward } from '../domain/roll-forward.ts';
import { type Alongside, judgeAlongside } from './alongside.ts';

/** Somebody has erased the account: only its tombstone is left. */
export class ErasedAccountError extends Error {
  override name = 'ErasedAccountError';
}

/** The answer of a command that an erased user cannot give. @throws ErasedAccountError */
export function refuseErased(): never {
  throw new ErasedAccountError();
}

/** Whose account a command changes, and when. */
export interface AccountRequest<Answer> {
  userId: string;
  now: Instant;
  deadline: Deadline;
  ifErased: () => Answer;
  /** The account as the caller has read it; the first try then reads nothing. */
  seen?: AccountState;
}

/** What identifies a computed write: its movements' ledger lines derive their ids from it. */
export interface ChangeCause {
  id: string;
  at: Instant;
  /** Who moved credits by hand and why: kept with the movements. */
  byHand?: { actor: string; reason: string };
}

/** What a command writes. */
export interface AccountWrite<Answer> {
  /** Null: nothing of the account changes, and only what stands alongside is written. */
  change: AccountChange | null;
  cause: ChangeCause;
  /** In the order in which they are judged. */
  alongside?: readonly Alongside<Answer>[];
  /** The account that the change was computed from, where a command has written it since it was read. */
  over?: Account | null;
  /** The answer once all of it is written. */
  answer: Answer;
}

export type AccountDecision<Answer> = { answer: Answer | typeof TRY_AGAIN } | { write: AccountWrite<Answer> };

/**
 * Reads an account, decides on it and writes what follows, on the condition that nobody has written the account in
 * between; else it begins anew. Every command that computes from what it has read goes through here.
 *
 *     one command:  reads version 7   decides                   writes 8: refused; reads version 8, decides again
 *     another:                                  writes 8
 *
 * @param decide gets null for a user who has not been seen yet. It may be called several times
 * @throws BusyError when conflicts or throttling outlast the deadline
 */
export async function changeAccount<Answer>(
  store: Store,
  { userId, now, deadline, ifErased, seen }: AccountRequest<Answer>,
  decide: (account: Account | null) => AccountDecision<Answer> | Promise<AccountDecision<Answer>>,
): Promise<Answer> {
  let known = seen;
  return retrying<Answer>(deadline, async (abortSignal) => {
    const stored = known ?? (await readStoredAccount(store, userId, deadline));
    known = undefined;
    if (stored?.kind === 'erased') {
      return ifErased();
    }
    const account = stored === null ? null : await rollForwardInPart(store, stored, now, abortSignal);
    if (account === TRY_AGAIN) {
      return TRY_AGAIN;
    }
    const decision = await decide(account);
    return 'answer' in decision ? decision.answer : writeDecided(store, account, decision.write, abortSignal);
  });
}

async function writeDecided<Answer>(
  store: Store,
  read: Account | null,
  { change, cause, alongside = [], over = read, answer }: AccountWrite<Answer>,
  abortSignal: AbortSignal,
): Promise<Answer | typeof TRY_AGAIN> {
  const ofAccount = change === null ? [] : changeItems(store, change, over, cause);
  const items = [...alongside.map(({ write }) => write), ...ofAccount];
  const transaction = await transact(store, items, abortSignal);
  return transaction.committed ? answer : judgeAlongside(alongside, transaction.reasons);
}

/** The writes of a computed change, the account's own first. */
function changeItems(
  { table, catalogue }: Store,
  change: AccountChange,
  before: Account | null,
  cause: ChangeCause,
): TransactWriteItem[] {
  const { userId } = change.account;
  const first = before === null ? firstMovements(change.account, catalogue) : [];
  return [
    putAccount(table, change.account, before),
    ...keptPeriodItems(table, userId, change.closed),
    ...[...first, ...change.movements].map((movement, index) =>
      putLedgerLine(table, userId, {
        ...movement,
        ...cause.byHand,
        id: movementId(cause.id, index),
        at: Math.max(cause.at, change.account.periodStart),
      }),
    ),
  ];
}

export function keptPeriodItems(
  table: string,
  userId: string,
  closed: readonly ClosedPeriod[],
): TransactWriteItem[] {
  return closed.filter(isWorthKeeping).map((period) => putPeriod(table, userId, period));
}

/** The id of a change's movement in the ledger. */
export function movementId(causeId: string, index: number): string {
  return `${causeId}-${String(index)}`;
}

/** An account that was away for years is rolled forward in several transactions of this many closed periods. */
const MAX_PERIODS_PER_WRITE = 40;
/** Met within this time, an account closes fewer periods than fit: but for up to three short ones, each has 28 days or more. */
const SURELY_FITS_MS = (MAX_PERIODS_PER_WRITE - 3) * 28 * DAY_MS;

/**
 * Rolls an account forward as far as needed for what is left to fit into one transaction. An account that was met
 * within the last years comes back as it is, without a request.
 *
 * @returns TRY_AGAIN when somebody else has written the account
 */
export async function rollForwardInPart(
  store: Store,
  account: Account,
  now: Instant,
  abortSignal: AbortSignal,
): Promise<Account | typeof TRY_AGAIN> {
  if (now - account.periodStart < SURELY_FITS_MS) {
    return account;
  }
  const kept = rollForward(account, now, store.catalogue).closed.filter(isWorthKeeping);
  const cause = { id: 'roll-forward', at: now };
  let current = account;
  for (let last = MAX_PERIODS_PER_WRITE; last < kept.length; last += MAX_PERIODS_PER_WRITE) {
    const change = rollForward(current, kept[last - 1]?.periodEnd ?? now, store.catalogue);
    const transaction = await transact(store, changeItems(store, change, current, cause), abortSignal);
    if (!transaction.committed) {
      return TRY_AGAIN;
    }
    current = { ...change.account, version: current.version + 1 };
  }
  return current;
}
