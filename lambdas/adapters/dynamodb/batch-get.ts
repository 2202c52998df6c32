import { BatchGetItemCommand, type KeysAndAttributes } from '@aws-sdk/client-dynamodb';
import { type Deadline } from '../../domain/deadline.ts';
import { type WireItem } from './items.ts';
import { retrying, TRY_AGAIN } from './retry.ts';
import { type Store } from './store.ts';

/** DynamoDB gets no more items at once. */
export const MAX_BATCH_ITEMS = 100;

/** The items of up to 100 keys, read consistently. @throws BusyError */
export async function batchGet(
  store: Store,
  keys: readonly WireItem[],
  deadline: Deadline,
): Promise<WireItem[]> {
  if (keys.length === 0) {
    return [];
  }
  const items: WireItem[] = [];
  let rest: Record<string, KeysAndAttributes> = { [store.table]: { Keys: [...keys], ConsistentRead: true } };
  return retrying(deadline, async (abortSignal) => {
    const { Responses, UnprocessedKeys } = await store.client.send(
      new BatchGetItemCommand({ RequestItems: rest }),
      { abortSignal },
    );
    items.push(...(Responses?.[store.table] ?? []));
    rest = UnprocessedKeys ?? {};
    return Object.keys(rest).length === 0 ? items : TRY_AGAIN;
  });
}
