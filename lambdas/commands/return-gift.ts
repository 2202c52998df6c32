import { endGift, parseGift } from '../adapters/dynamodb/gift-item.ts';
import { CorruptItemError, ItemReader, type WireItem } from '../adapters/dynamodb/items.ts';
import { userIdOf } from '../adapters/dynamodb/keys.ts';
import { type Store } from '../adapters/dynamodb/store.ts';
import { type Account } from '../domain/account.ts';
import { type Deadline } from '../domain/deadline.ts';
import { type Gift, recoverGift, type ReturnReason } from '../domain/gifts.ts';
import { type Instant } from '../domain/instants.ts';
import { type Alongside } from './alongside.ts';
import { changeAccount } from './change-account.ts';

/**
 * Gives a gift that nobody has claimed for 90 days back to its giver.
 *
 * @returns `waiting`: it is not due yet, or its giver is being erased
 * @throws BusyError
 */
export async function returnExpiredGift(
  store: Store,
  item: WireItem,
  now: Instant,
  deadline: Deadline,
): Promise<'settled' | 'waiting'> {
  const gift = parseGift(item);
  if (gift.status !== 'open') {
    // The index lags.
    return 'settled';
  }
  if (now < gift.expiresAt) {
    return 'waiting';
  }
  const giftReturn = { giverId: giverOf(item), gift, because: 'expired', now } as const;
  const { outcome } = await returnGift(store, giftReturn, deadline);
  return outcome === 'no account' ? 'waiting' : 'settled';
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
  giverId: string;
  gift: Gift;
  because: ReturnReason;
  now: Instant;
}

export type GiftReturnOutcome =
  | { outcome: 'returned'; account: Account }
  /** Somebody has claimed it, or it has been given back before. */
  | { outcome: 'ended' }
  /** What it depends on is no longer so. */
  | { outcome: 'pointless' }
  /** The account has changed, and does not want it any more. */
  | { outcome: 'unwanted' }
  | { outcome: 'no account' };

/**
 * Gives an open gift back to the account that it came from, once. A claim at the same instant writes the same gift, so one
 * of the two comes too late.
 *
 * @param only writes on which the return depends, the giver's account as the caller has read it (`seen`), and whether
 *   an account still wants the gift
 * @throws BusyError
 */
export async function returnGift(
  store: Store,
  { giverId, gift, because, now }: GiftReturn,
  deadline: Deadline,
  only: {
    alongside?: Alongside<GiftReturnOutcome>[];
    seen?: Account;
    isWanted?: (before: Account) => boolean;
  } = {},
): Promise<GiftReturnOutcome> {
  const { alongside = [], isWanted = () => true, ...seen } = only;
  const ifErased = (): GiftReturnOutcome => ({ outcome: 'no account' });
  const request = { userId: giverId, now, deadline, ifErased, ...seen };
  return changeAccount<GiftReturnOutcome>(store, request, (before) => {
    if (before === null) {
      return { answer: { outcome: 'no account' } };
    }
    if (!isWanted(before)) {
      return { answer: { outcome: 'unwanted' } };
    }
    const change = recoverGift(before, gift.count, now, `gift:${gift.id}`, store.catalogue);
    const end = endGift(store.table, giverId, gift.id, { status: 'returned', endedAt: now, because });
    return {
      write: {
        change,
        cause: { id: `gift-${gift.id}`, at: now },
        alongside: [{ write: end, ifRefused: () => ({ outcome: 'ended' }) }, ...alongside],
        answer: { outcome: 'returned', account: { ...change.account, version: before.version + 1 } },
      },
    };
  });
}
