import { type TransactWriteItem } from '@aws-sdk/client-dynamodb';
import { type WireItem } from '../adapters/dynamodb/items.ts';
import { type TRY_AGAIN } from '../adapters/dynamodb/retry.ts';

/** An item that a command writes beside the account, in the same transaction. */
export interface Alongside<Answer> {
  write: TransactWriteItem;
  /** What its failed condition means, told from the item as it stands; null where it is not there, or was not asked for. */
  ifRefused: (item: WireItem | null) => Answer | typeof TRY_AGAIN;
}
