import {
  type CancellationReason,
  ConditionalCheckFailedException,
  TransactionCanceledException,
  TransactionConflictException,
  TransactWriteItemsCommand,
  type TransactWriteItem,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { type Deadline } from '../../domain/deadline.ts';
import { type WireItem } from './items.ts';
import { retrying, TRY_AGAIN } from './retry.ts';
import { type Store } from './store.ts';
import { TableFailure, throttledItem } from './table-failure.ts';

export type { TransactWriteItem };

/** Why one item of a transaction did not commit; `none`: it would have. */
export const REASONS = ['condition', 'conflict', 'throttled', 'none'] as const;
export type Reason = (typeof REASONS)[number];

/** What became of one item of a cancelled transaction. */
export interface ItemReason {
  reason: Reason;
  /** The item as it stands, where its condition failed and it was asked for and exists. */
  item: WireItem | null;
}

export type Transaction = { committed: true } | { committed: false; reasons: readonly ItemReason[] };

/** DynamoDB rejects a transaction of more items. */
export const MAX_TRANSACTION_ITEMS = 100;

/**
 * Commits all of the items or none (G3).
 *
 * The SDK gives each call a token of its own, so a call that it repeats counts once. The items' conditions stop a
 * repetition of ours.
 *
 * @throws TableFailure where a throttled item decides, beside conflicts or alone. A failed condition is told first: it may
 *   say that the request has been carried out before, or never can be
 */
export async function transact(
  store: Store,
  items: readonly TransactWriteItem[],
  abortSignal: AbortSignal,
): Promise<Transaction> {
  try {
    await store.client.send(new TransactWriteItemsCommand({ TransactItems: [...items] }), { abortSignal });
    return { committed: true };
  } catch (error) {
    if (error instanceof TransactionCanceledException) {
      const reasons = error.CancellationReasons ?? [];
      const items = reasons.map(toItemReason);
      const throttled = reasons[items.findIndex(({ reason }) => reason === 'throttled')];
      if (throttled !== undefined && items.every(({ reason }) => reason !== 'condition')) {
        throw throttledItem(throttled);
      }
      return { committed: false, reasons: items };
    }
    throw error;
  }
}

/** After a transaction that did not commit, and whose failed conditions decide nothing. @throws TableFailure by a throttled item */
export function againAfter(reasons: readonly ItemReason[]): typeof TRY_AGAIN {
  if (reasons.some(({ reason }) => reason === 'throttled')) {
    throw new TableFailure('throttled', 'Beside a failed condition.');
  }
  return TRY_AGAIN;
}

/**
 * Commits all of the items, again after a conflict.
 *
 * @returns false where a condition has failed
 * @throws BusyError
 */
export async function commit(
  store: Store,
  items: readonly TransactWriteItem[],
  deadline: Deadline,
): Promise<boolean> {
  return retrying<boolean>(deadline, async (abortSignal) => {
    const transaction = await transact(store, items, abortSignal);
    if (transaction.committed) {
      return true;
    }
    return transaction.reasons.some(({ reason }) => reason === 'condition') ? false : TRY_AGAIN;
  });
}

/**
 * Writes one item, for half of what a transaction of it would cost. Its condition stops a repetition here too.
 */
export async function update(
  store: Store,
  { Update }: TransactWriteItem,
  abortSignal: AbortSignal,
): Promise<Transaction> {
  if (Update === undefined) {
    throw new TypeError('Only an update can be written alone.');
  }
  try {
    await store.client.send(new UpdateItemCommand(Update), { abortSignal });
    return { committed: true };
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) {
      return { committed: false, reasons: [{ reason: 'condition', item: error.Item ?? null }] };
    }
    if (error instanceof TransactionConflictException) {
      return { committed: false, reasons: [{ reason: 'conflict', item: null }] };
    }
    throw error;
  }
}

/** No repetition would help: it is a bug of ours, or a partition has grown past its limit. */
export class RejectedTransactionError extends Error {
  override name = 'RejectedTransactionError';
}

function toItemReason({ Code, Item, Message }: CancellationReason): ItemReason {
  return { reason: toReason(Code, Message), item: Item ?? null };
}

function toReason(code: string | undefined, message: string | undefined): Reason {
  switch (code) {
    case undefined:
    case 'None':
      return 'none';
    case 'ConditionalCheckFailed':
      return 'condition';
    case 'TransactionConflict':
      return 'conflict';
    case 'ThrottlingError':
    case 'ProvisionedThroughputExceeded':
      return 'throttled';
    default:
      throw new RejectedTransactionError(`${code}: ${message ?? 'no message'}`);
  }
}
