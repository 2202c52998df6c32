import { type WireItem } from '../adapters/dynamodb/items.ts';
import { TRY_AGAIN } from '../adapters/dynamodb/retry.ts';
import { againAfter, type ItemReason, type TransactWriteItem } from '../adapters/dynamodb/transact.ts';

/** Helper of the commands: an item that a command writes beside the account, in the same transaction. */
export interface Alongside<Answer> {
  write: TransactWriteItem;
  /** What its failed condition means. `item` is the item as it stands; null: there is none, or nobody asked for it. */
  ifRefused: (item: WireItem | null) => Answer | typeof TRY_AGAIN;
}

/** The failed condition says only that the command has to begin anew. */
export function beginAnew(): typeof TRY_AGAIN {
  return TRY_AGAIN;
}

/**
 * Judges a cancelled transaction that begins with these items: the first of them that did not pass says what it means. A
 * conflict on one of them says nothing of the later ones.
 */
export function judgeAlongside<Answer>(
  alongside: readonly Alongside<Answer>[],
  reasons: readonly ItemReason[],
): Answer | typeof TRY_AGAIN {
  const index = reasons.findIndex(({ reason }) => reason !== 'none');
  const [item, reason] = [alongside[index], reasons[index]];
  return item === undefined || reason?.reason !== 'condition'
    ? againAfter(reasons)
    : item.ifRefused(reason.item);
}
