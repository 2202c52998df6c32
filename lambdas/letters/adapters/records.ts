import { type Deadline } from '../../domain/deadline.ts';
import { type Delivery } from '../domain/deliveries.ts';
import { type Instant } from '../../domain/instants.ts';
import { type Letter } from '../domain/letters.ts';
import { deliveryKey, parseDelivery } from './delivery-item.ts';
import { getItem } from '../../adapters/dynamodb/get-item.ts';
import { ItemReader, type WireItem } from '../../adapters/dynamodb/items.ts';
import { bodyKey, deleteLetterItems, letterKey, parseLetter } from './letter-item.ts';
import { retrying, TRY_AGAIN } from '../../adapters/dynamodb/retry.ts';
import { type Store } from '../../adapters/dynamodb/store.ts';
import { transact } from '../../adapters/dynamodb/transact.ts';

/** A letter with its text; null if the user has none of that id, or has deleted it (G13). @throws BusyError */
export async function getLetter(
  store: Store,
  userId: string,
  id: string,
  deadline: Deadline,
): Promise<{ letter: Letter; body: string } | null> {
  const [letterItem, bodyItem] = await Promise.all([
    getItem(store, letterKey(userId, id), deadline),
    getItem(store, bodyKey(userId, id), deadline),
  ]);
  if (letterItem === null || bodyItem === null) {
    return null;
  }
  const letter = parseLetter(letterItem);
  return letter.deletedAt === null ? { letter, body: ItemReader.fromWire(bodyItem).string('body') } : null;
}

/** A delivery; null if the user has none of that id (G13). @throws BusyError */
export async function getDelivery(
  store: Store,
  userId: string,
  id: string,
  deadline: Deadline,
): Promise<Delivery | null> {
  const item = await getItem(store, deliveryKey(userId, id), deadline);
  return item === null ? null : parseDelivery(item);
}

export type LetterDeletion =
  { outcome: 'deleted' | 'missing' } | { outcome: 'has_open_deliveries'; openDeliveries: number };

/** Deletes a letter and its text. The letter still counts. @throws BusyError */
export async function deleteLetter(
  store: Store,
  userId: string,
  id: string,
  now: Instant,
  deadline: Deadline,
): Promise<LetterDeletion> {
  return retrying<LetterDeletion>(deadline, async (abortSignal) => {
    const transaction = await transact(store, deleteLetterItems(store.table, userId, id, now), abortSignal);
    if (transaction.committed) {
      return { outcome: 'deleted' };
    }
    const [letter] = transaction.reasons;
    return letter?.reason === 'condition' ? whyNotDeleted(letter.item, now) : TRY_AGAIN;
  });
}

function whyNotDeleted(item: WireItem | null, now: Instant): LetterDeletion {
  if (item === null) {
    return { outcome: 'missing' };
  }
  const { deletedAt } = parseLetter(item);
  if (deletedAt === null) {
    const openDeliveries = ItemReader.fromWire(item).integer('openDeliveries');
    return { outcome: 'has_open_deliveries', openDeliveries };
  }
  // The same instant: our own try before, whose answer was lost.
  return { outcome: deletedAt === now ? 'deleted' : 'missing' };
}
