import { readStoredAccount } from '../adapters/dynamodb/accounts.ts';
import { type Store } from '../adapters/dynamodb/store.ts';
import { type Account, type ClosedPeriod, newAccount } from '../domain/account.ts';
import { type Deadline } from '../domain/deadline.ts';
import { type Instant } from '../domain/instants.ts';
import { rollForward } from '../domain/roll-forward.ts';
import { refuseErased } from './change-account.ts';

/** An account as it is now: rolled forward in memory, with the periods that no write has closed yet. */
export interface RolledAccount {
  account: Account;
  /** Newest last. */
  closed: readonly ClosedPeriod[];
}

/**
 * Reads an account and rolls it forward in memory, so that what is shown never waits for a job (G7). A user who has
 * not been seen yet has a free account.
 *
 * @throws ErasedAccountError
 * @throws BusyError
 */
export async function readAccount(
  store: Store,
  userId: string,
  now: Instant,
  deadline: Deadline,
): Promise<RolledAccount> {
  const stored = await readStoredAccount(store, userId, deadline);
  return stored?.kind === 'erased'
    ? refuseErased()
    : rollForward(stored ?? newAccount(userId, now, store.catalogue), now, store.catalogue);
}
