import { type Deadline } from '../../domain/deadline.ts';
import { cancelDelivery, isOpenDelivery } from '../domain/delivery-life.ts';
import { type Instant } from '../../domain/instants.ts';
import { type Delivery } from '../domain/deliveries.ts';
import { DELIVERIES } from '../adapters/delivery-item.ts';
import { takeStep } from './take-step.ts';
import { deleteLetterItems, markDeleting, parseLetter } from '../adapters/letter-item.ts';
import { listRecords, type Page } from '../../adapters/dynamodb/lists.ts';
import { ItemReader, type WireItem } from '../../adapters/dynamodb/items.ts';
import { retrying, TRY_AGAIN } from '../../adapters/dynamodb/retry.ts';
import { type Store } from '../../adapters/dynamodb/store.ts';
import { transact, update } from '../../adapters/dynamodb/transact.ts';

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

/** How many deliveries one request reads. */
const PAGE_SIZE = 100;

/**
 * Deletes a letter together with its deliveries. It marks the letter first, so that the letter takes no new delivery. Then
 * it cancels the deliveries one by one, each in a transaction with its credit. It can stop after any step: the mark stays,
 * and the same call goes on. Nobody can cancel deliveries that are on their way; the marked letter stays until they end.
 *
 * @throws BusyError when time runs out; cancelled deliveries stay cancelled
 */
export async function deleteLetterAndCancel(
  store: Store,
  userId: string,
  id: string,
  now: Instant,
  deadline: Deadline,
): Promise<LetterDeletion> {
  const deletion = await deleteLetter(store, userId, id, now, deadline);
  if (deletion.outcome !== 'has_open_deliveries') {
    return deletion;
  }
  const marking = markDeleting(store.table, userId, id, now);
  await retrying(deadline, async (abortSignal) => {
    const result = await update(store, marking, abortSignal);
    // If the letter is gone meanwhile, the deletion below finds that out.
    const isGone = !result.committed && result.reasons[0]?.reason === 'condition';
    return result.committed || isGone ? null : TRY_AGAIN;
  });
  await cancelAll(store, userId, id, now, deadline);
  return deleteLetter(store, userId, id, now, deadline);
}

/** Reads all deliveries of the user: they are listed by time, and no index knows their letter. */
async function cancelAll(
  store: Store,
  userId: string,
  letterId: string,
  now: Instant,
  deadline: Deadline,
): Promise<void> {
  let after: string | null = null;
  do {
    const page: Page<Delivery> = await listRecords(
      store,
      userId,
      DELIVERIES,
      { after, limit: PAGE_SIZE },
      deadline,
    );
    for (const delivery of page.items) {
      if (delivery.letterId === letterId && isOpenDelivery(delivery)) {
        const context = { userId, id: delivery.id, now, deadline };
        await takeStep(store, context, (current) => cancelDelivery(current, now), delivery);
      }
    }
    after = page.next;
  } while (after !== null);
}
