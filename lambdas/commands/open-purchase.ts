import { accountExists } from '../adapters/dynamodb/account-item.ts';
import { getItem } from '../adapters/dynamodb/get-item.ts';
import { parsePurchase, purchaseItem, purchaseKey } from '../adapters/dynamodb/purchase-item.ts';
import { putNew } from '../adapters/dynamodb/put-new.ts';
import { retrying, TRY_AGAIN } from '../adapters/dynamodb/retry.ts';
import { type Store } from '../adapters/dynamodb/store.ts';
import { transact } from '../adapters/dynamodb/transact.ts';
import { type Purchase } from '../domain/purchases.ts';
import { refuseErased } from './change-account.ts';
import { type CommandContext } from './command-context.ts';
import { type Replay, replayOf } from './replay.ts';

/** A purchase as a request finds it, or has made it. */
export type OpenedPurchase = { outcome: 'created'; record: Purchase } | Replay<Purchase>;

/** The purchase that a request has made before (G2); null: none. @throws BusyError */
export async function findPurchase(
  store: Store,
  { userId, id, fingerprint, deadline }: CommandContext,
): Promise<Replay<Purchase> | null> {
  const item = await getItem(store, purchaseKey(userId, id), deadline);
  return item === null ? null : replayOf(item, fingerprint, parsePurchase);
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
  order: Pick<Purchase, 'credits' | 'amountCents' | 'currency' | 'customerId'>,
): Promise<OpenedPurchase> {
  const record: Purchase = {
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
      return replayOf(purchase.item, fingerprint, parsePurchase);
    }
    return account?.reason === 'condition' ? refuseErased() : TRY_AGAIN;
  });
}
