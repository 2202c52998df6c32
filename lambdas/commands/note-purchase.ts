import { readPurchase, updatePurchase } from '../adapters/dynamodb/purchase-item.ts';
import { retrying, TRY_AGAIN } from '../adapters/dynamodb/retry.ts';
import { type Store } from '../adapters/dynamodb/store.ts';
import { transact } from '../adapters/dynamodb/transact.ts';
import { type Deadline } from '../domain/deadline.ts';
import { type Purchase } from '../domain/purchases.ts';
import { refuseErased } from './change-account.ts';

/**
 * Notes on a purchase which customer pays it, and on which page, whatever its payment has done to it meanwhile.
 *
 * @throws ErasedAccountError when it is gone
 * @throws BusyError
 */
export async function notePurchase(
  store: Store,
  userId: string,
  id: string,
  note: Partial<Pick<Purchase, 'customerId' | 'checkoutUrl'>>,
  deadline: Deadline,
): Promise<Purchase> {
  return retrying<Purchase>(deadline, async (abortSignal) => {
    const purchase = await readPurchase(store, userId, id, deadline);
    if (purchase === null) {
      return refuseErased();
    }
    const after = { ...purchase, ...note, version: purchase.version + 1 };
    const transaction = await transact(store, [updatePurchase(store.table, userId, after)], abortSignal);
    return transaction.committed ? after : TRY_AGAIN;
  });
}
