import { type Deadline } from '../../domain/deadline.ts';
import { type Delivery } from '../domain/deliveries.ts';
import { type Letter } from '../domain/letters.ts';
import { deliveryKey, parseDelivery } from './delivery-item.ts';
import { getItem } from '../../adapters/dynamodb/get-item.ts';
import { ItemReader } from '../../adapters/dynamodb/items.ts';
import { letterKey, parseLetter, textKey } from './letter-item.ts';
import { type Store } from '../../adapters/dynamodb/store.ts';

/** A letter with its text; null if the user has none of that id, or has deleted it (G13). @throws BusyError */
export async function getLetter(
  store: Store,
  userId: string,
  id: string,
  deadline: Deadline,
): Promise<{ letter: Letter; body: string } | null> {
  const [letterItem, textItem] = await Promise.all([
    getItem(store, letterKey(userId, id), deadline),
    getItem(store, textKey(userId, id), deadline),
  ]);
  if (letterItem === null || textItem === null) {
    return null;
  }
  const letter = parseLetter(letterItem);
  return letter.deletedAt === null ? { letter, body: ItemReader.fromWire(textItem).string('body') } : null;
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
