import { type Deadline } from '../../domain/deadline.ts';
import { cancelDelivery, isOpenDelivery } from '../domain/delivery-life.ts';
import { type Instant } from '../../domain/instants.ts';
import { parseDelivery } from '../adapters/delivery-item.ts';
import { takeStep } from './take-step.ts';
import { markDeleting } from '../adapters/letter-item.ts';
import { queryList } from '../../adapters/dynamodb/lists.ts';
import { deleteLetter, type LetterDeletion } from '../adapters/records.ts';
import { retrying, TRY_AGAIN } from '../../adapters/dynamodb/retry.ts';
import { type Store } from '../../adapters/dynamodb/store.ts';
import { update } from '../../adapters/dynamodb/transact.ts';

/** Deliveries of a user that are looked at together. */
const PAGE_SIZE = 100;

/**
 * Deletes a letter together with its deliveries. The letter is marked first, so that no new delivery slips in while
 * those that it has are cancelled one by one, each in a transaction with its credit. It can stop after any step: the
 * mark stays, and asking again goes on. Deliveries that are on their way can't be cancelled; the letter stays, marked,
 * until they have come to their end.
 *
 * @throws BusyError when time runs out; what has been cancelled stays so
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
  await mark(store, userId, id, now, deadline);
  await cancelAll(store, userId, id, now, deadline);
  return deleteLetter(store, userId, id, now, deadline);
}

async function mark(
  store: Store,
  userId: string,
  id: string,
  now: Instant,
  deadline: Deadline,
): Promise<void> {
  const item = markDeleting(store.table, userId, id, now);
  await retrying(deadline, async (abortSignal) => {
    const result = await update(store, item, abortSignal);
    // Where the letter is gone meanwhile, its deletion finds that out.
    const isGone = !result.committed && result.reasons[0]?.reason === 'condition';
    return result.committed || isGone ? null : TRY_AGAIN;
  });
}

/** Looks through all deliveries of the user: they are listed by time, and no index knows their letter. */
async function cancelAll(
  store: Store,
  userId: string,
  letterId: string,
  now: Instant,
  deadline: Deadline,
): Promise<void> {
  let from: string | null = null;
  for (;;) {
    const listed = await queryList(store, userId, 'DELIVERY', { from, limit: PAGE_SIZE + 1 }, deadline);
    for (const { item } of listed.slice(0, PAGE_SIZE)) {
      const delivery = parseDelivery(item);
      if (delivery.letterId === letterId && isOpenDelivery(delivery)) {
        const context = { userId, id: delivery.id, now, deadline };
        await takeStep(store, context, (current) => cancelDelivery(current, now), delivery);
      }
    }
    const next = listed[PAGE_SIZE];
    if (next === undefined) {
      return;
    }
    from = next.listKey;
  }
}
