import { accountKey, parseAccount } from '../adapters/dynamodb/account-item.ts';
import { batchGet } from '../adapters/dynamodb/batch-get.ts';
import { type Page, type PageRequest } from '../adapters/dynamodb/lists.ts';
import { listNearingNotes } from '../adapters/dynamodb/nearing-notes.ts';
import { type Store } from '../adapters/dynamodb/store.ts';
import { type Account } from '../domain/account.ts';
import { type Deadline } from '../domain/deadline.ts';
import { THRESHOLD_PERCENTS } from '../domain/events.ts';
import { type Instant } from '../domain/instants.ts';
import { FIRST_NOTED_PERCENT, limitsNear, type NearLimit } from '../domain/nearing.ts';
import { rollForward } from '../domain/roll-forward.ts';

/** A user who is near a limit now. */
export interface NearingUser {
  account: Account;
  limits: readonly NearLimit[];
}

/**
 * The users of whom at least a share of some limit is used, those who have reached one first. It reads a page of the notes
 * and the accounts that they name, whatever their number: so a page may have fewer users than asked for.
 *
 * @param share from the first threshold on
 * @throws BusyError
 */
export async function listNearing(
  store: Store,
  share: number,
  page: PageRequest,
  now: Instant,
  deadline: Deadline,
): Promise<Page<NearingUser>> {
  const least = THRESHOLD_PERCENTS.findLast((percent) => percent <= share * 100) ?? FIRST_NOTED_PERCENT;
  const { items: userIds, next } = await listNearingNotes(store, least, page, deadline);
  if (userIds.length === 0) {
    return { items: [], next };
  }
  const items = await batchGet(store, userIds.map(accountKey), deadline);
  const accounts = new Map(items.map(parseAccount).map((account) => [account.userId, account]));
  const users = userIds.flatMap((userId): NearingUser[] => {
    const stored = accounts.get(userId);
    if (stored?.kind !== 'account') {
      return [];
    }
    const { account } = rollForward(stored, now, store.catalogue);
    const limits = limitsNear(account, share);
    return limits.length === 0 ? [] : [{ account, limits }];
  });
  return { items: users, next };
}
