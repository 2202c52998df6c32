import { parsePurchase, purchaseKey, updatePurchase } from '../adapters/dynamodb/purchase-item.ts';
import { getItem } from '../adapters/dynamodb/get-item.ts';
import { retrying, TRY_AGAIN } from '../adapters/dynamodb/retry.ts';
import { type Store } from '../adapters/dynamodb/store.ts';
import { transact } from '../adapters/dynamodb/transact.ts';
import { type Deadline } from '../domain/deadline.ts';
import { type PurchaseRecord } from '../domain/purchases.ts';
import { refuseErased } from './change-account.ts';

/** A purchase; null: there is none. @throws BusyError */
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
      return refuseErased();
    }
    const after = { ...purchase, ...note, version: purchase.version + 1 };
    const transaction = await transact(store, [updatePurchase(store.table, userId, after)], abortSignal);
    return transaction.committed ? after : TRY_AGAIN;
  });
}
