import { listClosedPeriods } from '../adapters/dynamodb/accounts.ts';
import { type Store } from '../adapters/dynamodb/store.ts';
import { type Deadline } from '../domain/deadline.ts';
import { type PastPeriod, pastPeriods } from '../domain/history.ts';
import { type Instant } from '../domain/instants.ts';
import { readAccount } from './read-account.ts';

/** The last closed periods of a user, newest first, those without use among them. @throws BusyError, ErasedAccountError */
export async function listPastPeriods(
  store: Store,
  userId: string,
  count: number,
  now: Instant,
  deadline: Deadline,
): Promise<PastPeriod[]> {
  // The account comes first, so that a period that closes between the two reads is in both of them.
  const { account, closed } = await readAccount(store, userId, now, deadline);
  const stored = await listClosedPeriods(store, userId, count, deadline);
  const newestStored = stored[0]?.periodStart ?? -Infinity;
  const notStored = closed.filter(({ periodStart }) => periodStart > newestStored).toReversed();
  const kept = [...notStored, ...stored].filter(({ periodStart }) => periodStart < account.periodStart);
  return pastPeriods(account, kept, count);
}
