import { type Account } from '../domain/account.ts';
import { type Deadline } from '../domain/deadline.ts';
import { type Gift, recoverGift, type ReturnReason } from '../domain/gifts.ts';
import { type Instant } from '../domain/instants.ts';
import { changeItems, rollForwardInPart } from './change-account.ts';
import { readStoredAccount } from '../adapters/dynamodb/accounts.ts';
import { endGift, parseGift } from '../adapters/dynamodb/gift-item.ts';
import { CorruptItemError, ItemReader, type WireItem } from '../adapters/dynamodb/items.ts';
import { recordKey, userIdOf, userKey } from '../adapters/dynamodb/keys.ts';
import { eachOfPartition } from '../adapters/dynamodb/partitions.ts';
import { retrying, TRY_AGAIN } from '../adapters/dynamodb/retry.ts';
import { type Store } from '../adapters/dynamodb/store.ts';
import { transact, type TransactWriteItem } from '../adapters/dynamodb/transact.ts';

/**
 * Gives a gift that nobody has claimed for 90 days back to its giver, once: on the condition that it is still open.
 * Who claims it at the same instant and who gives it back write the same gift, so that one of them comes too late.
 *
 * @returns `waiting` for one that is not due, or whose giver is being erased
 * @throws BusyError
 */
export async function returnExpiredGift(
  store: Store,
  item: WireItem,
  now: Instant,
  deadline: Deadline,
): Promise<'settled' | 'waiting'> {
  const gift = parseGift(item);
  const userId = giverOf(item);
  if (gift.status !== 'open') {
    // The index lags.
    return 'settled';
  }
  if (now < gift.expiresAt) {
    return 'waiting';
  }
  return retrying<'settled' | 'waiting'>(deadline, async (abortSignal) => {
    const stored = await readStoredAccount(store, userId, deadline);
    if (stored?.kind !== 'account') {
      return 'waiting';
    }
    const account = await rollForwardInPart(store, stored, now, abortSignal);
    const returned = await giveBack(store, account, { gift, because: 'expired', now }, [], abortSignal);
    return returned.outcome === 'conflict' ? TRY_AGAIN : 'settled';
  });
}

/** @throws CorruptItemError */
function giverOf(item: WireItem): string {
  const pk = ItemReader.fromWire(item).string('pk');
  const userId = userIdOf(pk);
  if (userId === null) {
    throw new CorruptItemError(`A gift stands under ${pk}, and belongs to nobody.`);
  }
  return userId;
}

export interface GiftReturn {
  gift: Gift;
  because: ReturnReason;
  now: Instant;
}

export type GivingBack =
  | { outcome: 'given back'; account: Account }
  /** Somebody has claimed it, or it has been given back before. */
  | { outcome: 'ended' }
  /** What it was to be given back for is no longer so. */
  | { outcome: 'pointless' }
  /** The account has changed since it was read. */
  | { outcome: 'conflict' };

/**
 * One try to give an open gift back to the account that it came from.
 *
 * @param conditions what it is to be given back for
 */
export async function giveBack(
  store: Store,
  before: Account,
  { gift, because, now }: GiftReturn,
  conditions: readonly TransactWriteItem[],
  abortSignal: AbortSignal,
): Promise<GivingBack> {
  const change = recoverGift(before, gift.count, now, `gift:${gift.id}`);
  const transaction = await transact(
    store,
    [
      endGift(store.table, before.userId, gift.id, { status: 'returned', endedAt: now, because }),
      ...conditions,
      ...changeItems(store.table, change, before, { id: `gift-${gift.id}`, at: now }),
    ],
    abortSignal,
  );
  if (transaction.committed) {
    return { outcome: 'given back', account: { ...change.account, version: before.version + 1 } };
  }
  const [ofGift, ...others] = transaction.reasons;
  if (ofGift?.reason === 'condition') {
    return { outcome: 'ended' };
  }
  const isPointless = others.slice(0, conditions.length).some(({ reason }) => reason === 'condition');
  return { outcome: isPointless ? 'pointless' : 'conflict' };
}

/** A user's gifts that nobody has claimed yet, the youngest first: the older ones are the likelier to be claimed soon. */
export async function listOpenGifts(store: Store, userId: string, deadline: Deadline): Promise<Gift[]> {
  const open: Gift[] = [];
  for await (const item of eachOfPartition(store, userKey(userId), recordKey('GIFT', ''), deadline)) {
    const gift = parseGift(item);
    if (gift.status === 'open') {
      open.push(gift);
    }
  }
  return open.sort((one, other) => other.createdAt - one.createdAt);
}
