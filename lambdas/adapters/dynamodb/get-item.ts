import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import { type Deadline } from '../../domain/deadline.ts';
import { type WireItem } from './items.ts';
import { retrying } from './retry.ts';
import { type Store } from './store.ts';

/** An item as it stands now; null: there is none. @throws BusyError */
export async function getItem(store: Store, key: WireItem, deadline: Deadline): Promise<WireItem | null> {
  return retrying(deadline, async (abortSignal) => {
    const { Item } = await store.client.send(
      new GetItemCommand({ TableName: store.table, Key: key, ConsistentRead: true }),
      { abortSignal },
    );
    return Item ?? null;
  });
}
