import {
  type CancellationReason,
  ConditionalCheckFailedException,
  TransactionCanceledException,
  TransactionConflictException,
  TransactWriteItemsCommand,
  type TransactWriteItem,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { type WireItem } from './items.ts';
import { type Store } from './store.ts';

export type { TransactWriteItem };

/** Why one item of a transaction did not commit, the gravest first; `none`: it would have. */
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
 * The SDK gives each call a token of its own, so a call that it repeats counts once; a repetition of ours is held off
 * by the items' conditions.
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
      return { committed: false, reasons: (error.CancellationReasons ?? []).map(toItemReason) };
    }
    throw error;
  }
}

/**
 * Writes one item, for half of what a transaction of it would cost. Repeating it is held off by its condition, as it is
 * there.
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

/** A reason that no repetition would change: a bug of ours, or a partition that has grown past its limit. */
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
