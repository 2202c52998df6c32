import { type Deadline } from '../../domain/deadline.ts';
import { cancelDelivery } from '../domain/delivery-life.ts';
import { type Instant } from '../../domain/instants.ts';
import { takeStep } from './take-step.ts';
import {
  deleteLetterItems,
  letterKey,
  markDeleting,
  parseLetter,
  parseOpenDeliveries,
} from '../adapters/letter-item.ts';
import { getItem } from '../../adapters/dynamodb/get-item.ts';
import { type WireItem } from '../../adapters/dynamodb/items.ts';
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
    return { outcome: 'has_open_deliveries', openDeliveries: parseOpenDeliveries(item).length };
  }
  // The same instant: our own try before, whose answer was lost.
  return { outcome: deletedAt === now ? 'deleted' : 'missing' };
}

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

/** The marked letter takes no new delivery, so it knows all that are left. */
async function cancelAll(
  store: Store,
  userId: string,
  letterId: string,
  now: Instant,
  deadline: Deadline,
): Promise<void> {
  const letter = await getItem(store, letterKey(userId, letterId), deadline);
  for (const id of letter === null ? [] : parseOpenDeliveries(letter)) {
    await takeStep(store, { userId, id, now, deadline }, (current) => cancelDelivery(current, now));
  }
}
