import { type AccountState, type ClosedPeriod } from '../../domain/account.ts';
import { type Deadline } from '../../domain/deadline.ts';
import { type Instant } from '../../domain/instants.ts';
import { accountKey, parseAccount } from './account-item.ts';
import { getItem } from './get-item.ts';
import { PERIOD_PREFIX, periodKey, userKey } from './keys.ts';
import { queryPartition } from './partitions.ts';
import { parsePeriod } from './period-item.ts';
import { type Store } from './store.ts';

/** The stored account; null for a user who has not been seen yet. @throws BusyError */
export async function readStoredAccount(
  store: Store,
  userId: string,
  deadline: Deadline,
): Promise<AccountState | null> {
  const item = await getItem(store, accountKey(userId), deadline);
  return item === null ? null : parseAccount(item);
}

/** The newest closed periods that were worth keeping, newest first. @throws BusyError */
export async function listClosedPeriods(
  store: Store,
  userId: string,
  limit: number,
  deadline: Deadline,
): Promise<ClosedPeriod[]> {
  const request = { keys: { prefix: PERIOD_PREFIX }, limit, isReversed: true };
  const { items } = await queryPartition(store, userKey(userId), request, deadline);
  return items.map(parsePeriod);
}

/** The stored period that began last by an instant. @throws BusyError */
export async function findPeriodAt(
  store: Store,
  userId: string,
  at: Instant,
  deadline: Deadline,
): Promise<ClosedPeriod | null> {
  const keys = { first: PERIOD_PREFIX, last: periodKey(at) };
  const { items } = await queryPartition(
    store,
    userKey(userId),
    { keys, limit: 1, isReversed: true },
    deadline,
  );
  return items.map(parsePeriod)[0] ?? null;
}
