import { listPage, type Page, type PageRequest } from '../../adapters/dynamodb/lists.ts';
import { type Store } from '../../adapters/dynamodb/store.ts';
import { type Deadline } from '../../domain/deadline.ts';
import { type Delivery } from '../domain/deliveries.ts';
import { type Letter } from '../domain/letters.ts';
import { parseDelivery } from './delivery-item.ts';
import { parseLetter } from './letter-item.ts';

/** The letters of a user that are not deleted, newest first. @throws BusyError */
export async function listLetters(
  store: Store,
  userId: string,
  request: PageRequest,
  deadline: Deadline,
): Promise<Page<Letter>> {
  return listPage(store, userId, 'LETTER', request, parseLetter, deadline);
}

/** The deliveries of a user, the latest made first. @throws BusyError */
export async function listDeliveries(
  store: Store,
  userId: string,
  request: PageRequest,
  deadline: Deadline,
): Promise<Page<Delivery>> {
  return listPage(store, userId, 'DELIVERY', request, parseDelivery, deadline);
}
