import { type Deadline } from '../domain/deadline.ts';
import { type Account } from '../domain/account.ts';
import { followPayment, type PaymentFacts, type PurchaseRecord } from '../domain/purchases.ts';
import { changeItems, rollForwardInPart } from './change-account.ts';
import { accountExists } from '../adapters/dynamodb/account-item.ts';
import { ErasedAccountError, readStoredAccount } from '../adapters/dynamodb/accounts.ts';
import { getItem } from '../adapters/dynamodb/get-item.ts';
import { giveBack, listOpenGifts } from './return-gift.ts';
import { ItemReader, type WireItem } from '../adapters/dynamodb/items.ts';
import { markProcessed, type ProcessedEvent } from '../adapters/dynamodb/processed-events.ts';
import {
  parsePurchase,
  purchaseIsAtVersion,
  purchaseItem,
  purchaseKey,
  updatePurchase,
} from '../adapters/dynamodb/purchase-item.ts';
import { putNew } from '../adapters/dynamodb/put-new.ts';
import { retrying, TRY_AGAIN } from '../adapters/dynamodb/retry.ts';
import { type Store } from '../adapters/dynamodb/store.ts';
import { type CommandContext } from './command-context.ts';
import { transact } from '../adapters/dynamodb/transact.ts';

/** A purchase as a request finds it, or has made it. */
export type OpenedPurchase =
  | { outcome: 'created'; record: PurchaseRecord }
  | { outcome: 'replayed'; record: PurchaseRecord }
  | { outcome: 'idempotency_conflict' };

/** The purchase that a request has made before (G2); null: none. @throws BusyError */
export async function findPurchase(
  store: Store,
  { userId, id, fingerprint, deadline }: CommandContext,
): Promise<Exclude<OpenedPurchase, { outcome: 'created' }> | null> {
  const item = await getItem(store, purchaseKey(userId, id), deadline);
  return item === null ? null : found(item, fingerprint);
}

function found(item: WireItem, fingerprint: string): Exclude<OpenedPurchase, { outcome: 'created' }> {
  return ItemReader.fromWire(item).string('fingerprint') === fingerprint
    ? { outcome: 'replayed', record: parsePurchase(item) }
    : { outcome: 'idempotency_conflict' };
}

/** A purchase. @throws BusyError */
export async function readPurchase(
  store: Store,
  userId: string,
  id: string,
  deadline: Deadline,
): Promise<PurchaseRecord | null> {
  const item = await getItem(store, purchaseKey(userId, id), deadline);
  return item === null ? null : parsePurchase(item);
}

/**
 * Records what is to be bought, before it can be paid, so that no payment comes without its record.
 *
 * @throws ErasedAccountError when the user was erased meanwhile
 * @throws BusyError
 */
export async function openPurchase(
  store: Store,
  { userId, id, fingerprint, now, deadline }: CommandContext,
  order: Pick<PurchaseRecord, 'credits' | 'amountCents' | 'currency' | 'customerId'>,
): Promise<OpenedPurchase> {
  const record: PurchaseRecord = {
    id,
    version: 1,
    status: 'open',
    ...order,
    checkoutUrl: null,
    paymentIntentId: null,
    createdAt: now,
    settledAt: null,
    returnedCents: 0,
    creditsTaken: 0,
  };
  return retrying<OpenedPurchase>(deadline, async (abortSignal) => {
    const put = putNew(store.table, purchaseItem(userId, record, fingerprint));
    const transaction = await transact(store, [put, accountExists(store.table, userId)], abortSignal);
    if (transaction.committed) {
      return { outcome: 'created', record };
    }
    const [purchase, account] = transaction.reasons;
    if (purchase?.reason === 'condition' && purchase.item !== null) {
      return found(purchase.item, fingerprint);
    }
    if (account?.reason === 'condition') {
      throw new ErasedAccountError();
    }
    return TRY_AGAIN;
  });
}

/**
 * Changes what a request knows of a purchase (who pays it, and where), whatever its payment has done to it meanwhile.
 *
 * @throws ErasedAccountError when it is gone
 * @throws BusyError
 */
export async function notePurchase(
  store: Store,
  userId: string,
  id: string,
  note: Partial<Pick<PurchaseRecord, 'customerId' | 'checkoutUrl'>>,
  deadline: Deadline,
): Promise<PurchaseRecord> {
  return retrying<PurchaseRecord>(deadline, async (abortSignal) => {
    const purchase = await readPurchase(store, userId, id, deadline);
    if (purchase === null) {
      throw new ErasedAccountError();
    }
    const after = { ...purchase, ...note, version: purchase.version + 1 };
    const transaction = await transact(store, [updatePurchase(store.table, userId, after)], abortSignal);
    return transaction.committed ? after : TRY_AGAIN;
  });
}

export type PurchaseOutcome =
  | 'written'
  /** The event has been processed meanwhile. */
  | 'processed before'
  /** Somebody has written the purchase since Stripe was asked: what is known may be older. */
  | 'overtaken'
  | 'mismatch'
  /** There is no account, or no more. */
  | 'no account';

/** What a worker has learnt of a purchase's payment, and by which event. */
export interface PaymentLesson {
  userId: string;
  /** As it was before Stripe was asked. */
  purchase: PurchaseRecord;
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
export async function writePayment(
  store: Store,
  lesson: PaymentLesson,
  deadline: Deadline,
): Promise<PurchaseOutcome> {
  const { userId, purchase, facts, event } = lesson;
  return retrying<PurchaseOutcome>(deadline, async (abortSignal) => {
    const stored = await readStoredAccount(store, userId, deadline);
    if (stored?.kind !== 'account') {
      return 'no account';
    }
    const rolled = await rollForwardInPart(store, stored, event.at, abortSignal);
    const before = await recoverGifts(store, rolled, lesson, deadline, abortSignal);
    if (before === null) {
      return TRY_AGAIN;
    }
    const followed = followPayment(before, purchase, facts, event.at);
    if (followed.outcome === 'mismatch') {
      return 'mismatch';
    }
    const { record, change } = followed;
    const cause = { id: `stripe-${event.id}`, at: event.at };
    const transaction = await transact(
      store,
      [
        markProcessed(store.table, event),
        updatePurchase(store.table, userId, record),
        ...(change === null ? [] : changeItems(store.table, change, before, cause)),
      ],
      abortSignal,
    );
    if (transaction.committed) {
      return 'written';
    }
    const [mark, written] = transaction.reasons;
    if (mark?.reason === 'condition') {
      return 'processed before';
    }
    return written?.reason === 'condition' ? 'overtaken' : TRY_AGAIN;
  });
}

/**
 * Where what is unspent is less than what is to be taken back, gifts that nobody has claimed come back first: each whole
 * and in a write of its own, as long as the purchase is as it was read. A worker that dies in between is followed by
 * another one, which finds them in the account.
 *
 * @returns the account from which the rest is taken; null when it has changed meanwhile
 */
async function recoverGifts(
  store: Store,
  account: Account,
  { userId, purchase, facts, event }: PaymentLesson,
  deadline: Deadline,
  abortSignal: AbortSignal,
): Promise<Account | null> {
  const owes = (before: Account): boolean => {
    const followed = followPayment(before, purchase, facts, event.at);
    const after = followed.outcome === 'followed' ? followed.change?.account : undefined;
    return after !== undefined && after.credits.owed > 0;
  };
  if (!owes(account)) {
    return account;
  }
  const condition = purchaseIsAtVersion(store.table, userId, purchase);
  let current = account;
  for (const gift of await listOpenGifts(store, userId, deadline)) {
    if (!owes(current)) {
      break;
    }
    const giftReturn = { gift, because: 'claw_back' as const, now: event.at };
    const given = await giveBack(store, current, giftReturn, [condition], abortSignal);
    switch (given.outcome) {
      case 'given back':
        current = given.account;
        break;
      case 'ended':
        break;
      case 'pointless':
        // The write that follows says why.
        return current;
      case 'conflict':
        return null;
    }
  }
  return current;
}
