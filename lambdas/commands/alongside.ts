import { type WireItem } from '../adapters/dynamodb/items.ts';
import { TRY_AGAIN } from '../adapters/dynamodb/retry.ts';
import { type ItemReason, type TransactWriteItem } from '../adapters/dynamodb/transact.ts';

/** An item that a command writes beside the account, in the same transaction. */
export interface Alongside<Answer> {
  write: TransactWriteItem;
  /** What its failed condition means, told from the item as it stands; null where it is not there, or was not asked for. */
  ifRefused: (item: WireItem | null) => Answer | typeof TRY_AGAIN;
}

/** For an item whose failed condition says only that the command has to begin anew. */
export function beginAnew(): typeof TRY_AGAIN {
  return TRY_AGAIN;
}

/**
 * What a cancelled transaction means that begins with these items: what the first of them that did not pass says. A
 * conflict on one of them leaves open what holds of the later ones.
 */
export function judgeAlongside<Answer>(
  alongside: readonly Alongside<Answer>[],
  reasons: readonly ItemReason[],
): Answer | typeof TRY_AGAIN {
  const index = reasons.findIndex(({ reason }) => reason !== 'none');
  const [item, reason] = [alongside[index], reasons[index]];
  return item === undefined || reason?.reason !== 'condition' ? TRY_AGAIN : item.ifRefused(reason.item);
}
