import { type TransactWriteItem } from '@aws-sdk/client-dynamodb';
import { type Deadline } from '../../domain/deadline.ts';
import { type Instant } from '../../domain/instants.ts';
import { expiringAfter } from './expiry.ts';
import { evaluated, type WireItem } from './items.ts';
import { retrying, TRY_AGAIN } from './retry.ts';
import { type Store } from './store.ts';
import { update } from './transact.ts';

const HAS_ROOM = 'attribute_not_exists(#count) OR #count < :limit';
const COUNT = 'SET #count = if_not_exists(#count, :zero) + :one, #expiresAt = :expiresAt';

/**
 * Counts one more in an item of its own, which expires a day after `until`: one write unit. When an answer is lost, one
 * may count twice.
 *
 * @returns false: the limit is reached
 * @throws BusyError
 */
export async function countUpTo(
  store: Store,
  Key: WireItem,
  { limit, until }: { limit: number; until: Instant },
  deadline: Deadline,
): Promise<boolean> {
  const count: TransactWriteItem = {
    Update: {
      TableName: store.table,
      Key,
      ...evaluated(
        { ConditionExpression: HAS_ROOM, UpdateExpression: COUNT },
        { limit, zero: 0, one: 1, ...expiringAfter(1, until) },
      ),
    },
  };
  return retrying<boolean>(deadline, async (abortSignal) => {
    const counted = await update(store, count, abortSignal);
    if (counted.committed) {
      return true;
    }
    return counted.reasons[0]?.reason === 'condition' ? false : TRY_AGAIN;
  });
}
