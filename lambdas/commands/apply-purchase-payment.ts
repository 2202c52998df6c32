import { parseGift } from '../adapters/dynamodb/gift-item.ts';
import { recordKey, userKey } from '../adapters/dynamodb/keys.ts';
import { eachOfPartition } from '../adapters/dynamodb/partitions.ts';
import { markProcessed, type ProcessedEvent } from '../adapters/dynamodb/processed-events.ts';
import { purchaseIsAtVersion, updatePurchase } from '../adapters/dynamodb/purchase-item.ts';
import { TRY_AGAIN } from '../adapters/dynamodb/retry.ts';
import { type Store } from '../adapters/dynamodb/store.ts';
import { type Account } from '../domain/account.ts';
import { type Deadline } from '../domain/deadline.ts';
import { type Gift } from '../domain/gifts.ts';
import { followPayment, type PaymentFacts, type Purchase } from '../domain/purchases.ts';
import { changeAccount } from './change-account.ts';
import { returnGift } from './return-gift.ts';

export type PurchaseOutcome =
  | 'written'
  /** The event has been processed meanwhile. */
  | 'processed before'
  /** Somebody has written the purchase since the worker asked Stripe: what it knows may be older. */
  | 'overtaken'
  | 'mismatch'
  /** There is no account, or no more. */
  | 'no account';

/** What Stripe has told a worker about a purchase's payment, and the event that made it ask. */
export interface ToldPayment {
  userId: string;
  /** As it was before the worker asked Stripe. */
  purchase: Purchase;
  facts: PaymentFacts;
  event: ProcessedEvent;
}

/**
 * Brings a purchase and its buyer's account to what Stripe has said, together with the note that the event is processed,
 * unless another worker has written the purchase since Stripe was asked:
 *
 *     one worker:    asks Stripe: nothing refunded                                     writes: 10 credits
 *     the other:                                    asks Stripe: refunded   writes: 0
 *
 * Each write raises the purchase's version, also one that changes nothing else.
 *
 * @throws BusyError
 */
export async function applyPurchasePayment(
  store: Store,
  told: ToldPayment,
  deadline: Deadline,
): Promise<PurchaseOutcome> {
  const { userId, purchase, facts, event } = told;
  const request = { userId, now: event.at, deadline, ifErased: () => 'no account' as const };
  return changeAccount<PurchaseOutcome>(store, request, async (read) => {
    if (read === null) {
      return { answer: 'no account' };
    }
    const before = await recoverGifts(store, read, told, deadline);
    if (before === TRY_AGAIN) {
      return { answer: TRY_AGAIN };
    }
    const followed = followPayment(before, purchase, facts, event.at, store.catalogue);
    if (followed.outcome === 'mismatch') {
      return { answer: 'mismatch' };
    }
    return {
      write: {
        change: followed.change,
        over: before,
        cause: { id: `stripe-${event.id}`, at: event.at },
        alongside: [
          { write: markProcessed(store.table, event), ifRefused: () => 'processed before' },
          { write: updatePurchase(store.table, userId, followed.record), ifRefused: () => 'overtaken' },
        ],
        answer: 'written',
      },
    };
  });
}

/**
 * Brings back gifts that nobody has claimed, if the unspent credits do not cover what Postage has to take back. Each gift
 * comes back whole and in a write of its own, as long as the purchase is as it was read. When a worker dies in between,
 * the next one finds the gifts' credits in the account.
 *
 * @returns the account from which to take the rest
 */
async function recoverGifts(
  store: Store,
  account: Account,
  { userId, purchase, facts, event }: ToldPayment,
  deadline: Deadline,
): Promise<Account | typeof TRY_AGAIN> {
  const owes = (before: Account): boolean => {
    const followed = followPayment(before, purchase, facts, event.at, store.catalogue);
    const after = followed.outcome === 'followed' ? followed.change?.account : undefined;
    return after !== undefined && after.credits.owed > 0;
  };
  if (!owes(account)) {
    return account;
  }
  const isAsRead = {
    write: purchaseIsAtVersion(store.table, userId, purchase),
    ifRefused: () => ({ outcome: 'pointless' }) as const,
  };
  let current = account;
  for (const gift of await listOpenGifts(store, userId, deadline)) {
    if (!owes(current)) {
      break;
    }
    const giftReturn = { giverId: userId, gift, because: 'claw_back', now: event.at } as const;
    const only = { alongside: [isAsRead], seen: current, isWanted: owes };
    const returned = await returnGift(store, giftReturn, deadline, only);
    switch (returned.outcome) {
      case 'returned':
        current = returned.account;
        break;
      case 'ended':
      case 'unwanted':
        return TRY_AGAIN;
      case 'pointless':
      case 'no account':
        // The write that follows says why.
        return current;
    }
  }
  return current;
}

/** A user's gifts that nobody has claimed yet, the youngest first: the older ones are the likelier to be claimed soon. */
async function listOpenGifts(store: Store, userId: string, deadline: Deadline): Promise<Gift[]> {
  const open: Gift[] = [];
  for await (const item of eachOfPartition(store, userKey(userId), recordKey('GIFT', ''), deadline)) {
    const gift = parseGift(item);
    if (gift.status === 'open') {
      open.push(gift);
    }
  }
  return open.sort((one, other) => other.createdAt - one.createdAt);
}
