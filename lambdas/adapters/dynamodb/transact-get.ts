import { TransactGetItemsCommand, TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import { type Deadline } from '../../domain/deadline.ts';
import { type WireItem } from './items.ts';
import { retrying, TRY_AGAIN } from './retry.ts';
import { type Store } from './store.ts';
import { throttledItem } from './table-failure.ts';

const THROTTLED = new Set(['ThrottlingError', 'ProvisionedThroughputExceeded']);

/** Items as they stood together at one instant, for twice what reading them apart would cost. @throws BusyError */
export async function transactGet(
  store: Store,
  keys: readonly WireItem[],
  deadline: Deadline,
): Promise<(WireItem | null)[]> {
  const TransactItems = keys.map((Key) => ({ Get: { TableName: store.table, Key } }));
  return retrying(deadline, async (abortSignal) => {
    try {
      const command = new TransactGetItemsCommand({ TransactItems });
      const { Responses = [] } = await store.client.send(command, { abortSignal });
      return Responses.map(({ Item }) => Item ?? null);
    } catch (error) {
      const reasons = error instanceof TransactionCanceledException ? (error.CancellationReasons ?? []) : [];
      const throttled = reasons.find(({ Code = '' }) => THROTTLED.has(Code));
      if (throttled !== undefined) {
        throw throttledItem(throttled);
      }
      // Somebody writes one of the items.
      if (reasons.some(({ Code }) => Code === 'TransactionConflict')) {
        return TRY_AGAIN;
      }
      throw error;
    }
  });
}
