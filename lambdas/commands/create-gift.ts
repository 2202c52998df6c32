import { getItem } from '../adapters/dynamodb/get-item.ts';
import { codeItem, giftItem, giftKey, parseGift } from '../adapters/dynamodb/gift-item.ts';
import { putNew } from '../adapters/dynamodb/put-new.ts';
import { type Store } from '../adapters/dynamodb/store.ts';
import { type Gift, newGift, sendGift } from '../domain/gifts.ts';
import { beginAnew } from './alongside.ts';
import { changeAccount, refuseErased } from './change-account.ts';
import { type CommandContext } from './command-context.ts';
import { type Replay, replayOf } from './replay.ts';

/** Named outcomes, in the order in which they are looked for. */
export type GiftOutcome =
  | Replay<Gift>
  /** So many unspent purchased credits there are. */
  | { outcome: 'below_balance'; takeable: number }
  | { outcome: 'created'; record: Gift };

/**
 * Puts unspent purchased credits into a gift: it writes the account, the gift and the way from its code to it together
 * or not at all (G3). The gift is its own idempotency record (G2).
 *
 * It reads the account before the gift, so that of two same requests at once the second is not refused for what the
 * first has taken.
 *
 * @throws ErasedAccountError
 * @throws BusyError
 */
export async function createGift(
  store: Store,
  { userId, id, fingerprint, now, deadline }: CommandContext,
  { count, codeHash }: Pick<Gift, 'count' | 'codeHash'>,
): Promise<GiftOutcome> {
  const request = { userId, now, deadline, ifErased: refuseErased };
  return changeAccount<GiftOutcome>(store, request, async (before) => {
    const earlier = await getItem(store, giftKey(userId, id), deadline);
    if (earlier !== null) {
      return { answer: replayOf(earlier, fingerprint, parseGift) };
    }
    if (before === null) {
      return { answer: { outcome: 'below_balance', takeable: 0 } };
    }
    const change = sendGift(before, count, now, `gift:${id}`, store.catalogue);
    if (change.outcome === 'refused') {
      return { answer: { outcome: 'below_balance', takeable: change.takeable } };
    }
    const gift = newGift({ id, count, codeHash }, now);
    return {
      write: {
        change,
        cause: { id, at: now },
        alongside: [giftItem(userId, gift, fingerprint), codeItem(userId, gift)].map((item) => ({
          write: putNew(store.table, item),
          ifRefused: beginAnew,
        })),
        answer: { outcome: 'created', record: gift },
      },
    };
  });
}
