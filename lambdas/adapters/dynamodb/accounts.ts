import { GetItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import { type Account, type AccountState, type ClosedPeriod, newAccount } from '../../domain/account.ts';
import { type Deadline } from '../../domain/deadline.ts';
import { type Instant } from '../../domain/instants.ts';
import { rollForward } from '../../domain/roll-forward.ts';
import { accountKey, parseAccount } from './account-item.ts';
import { toWire } from './items.ts';
import { PERIOD_PREFIX, userKey } from './keys.ts';
import { parsePeriod } from './period-item.ts';
import { retrying } from './retry.ts';
import { type Store } from './store.ts';

/** An account as it is now: rolled forward in memory, with the periods that no write has closed yet. */
export interface RolledAccount {
  account: Account;
  /** Newest last. */
  closed: readonly ClosedPeriod[];
}

/** The account has been erased: only its tombstone is left. */
export class ErasedAccountError extends Error {
  override name = 'ErasedAccountError';
}

/** The stored account; null for a user who has not been seen yet. */
export async function readStoredAccount(
  store: Store,
  userId: string,
  deadline: Deadline,
): Promise<AccountState | null> {
  return retrying(deadline, async (abortSignal) => {
    const { Item } = await store.client.send(
      new GetItemCommand({ TableName: store.table, Key: accountKey(userId), ConsistentRead: true }),
      { abortSignal },
    );
    return Item === undefined ? null : parseAccount(Item);
  });
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
  if (stored?.kind === 'erased') {
    throw new ErasedAccountError();
  }
  return rollForward(stored ?? newAccount(userId, now), now);
}

/** The newest closed periods that were worth keeping, newest first. */
export async function listClosedPeriods(
  store: Store,
  userId: string,
  limit: number,
  deadline: Deadline,
): Promise<ClosedPeriod[]> {
  return retrying(deadline, async (abortSignal) => {
    const { Items } = await store.client.send(
      new QueryCommand({
        TableName: store.table,
        KeyConditionExpression: '#pk = :pk AND begins_with(#sk, :prefix)',
        ExpressionAttributeNames: { '#pk': 'pk', '#sk': 'sk' },
        ExpressionAttributeValues: toWire({ ':pk': userKey(userId), ':prefix': PERIOD_PREFIX }),
        ScanIndexForward: false,
        ConsistentRead: true,
        Limit: limit,
      }),
      { abortSignal },
    );
    return (Items ?? []).map(parsePeriod);
  });
}
