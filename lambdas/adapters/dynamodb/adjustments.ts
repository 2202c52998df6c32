import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import { adjustCredits } from '../../domain/adjustments.ts';
import { type RecordedMovement } from '../../domain/changes.ts';
import { type Account, type AccountChange } from '../../domain/account.ts';
import { movementId, rollForwardInPart, VersionConflictError, writeChange } from './account-writes.ts';
import { ErasedAccountError, readStoredAccount } from './accounts.ts';
import { ItemReader, toWire, type WireItem } from './items.ts';
import { recordKey, userKey } from './keys.ts';
import { parseLedgerLine } from './ledger-item.ts';
import { retrying, TRY_AGAIN } from './retry.ts';
import { type Store } from './store.ts';
import { type CommandContext } from './tracking.ts';

/** A correction of a user's credits by hand. */
export interface Adjustment {
  /** Signed, not zero. */
  amount: number;
  /** Why, for the audit trail. */
  reason: string;
  /** Who: the `sub` of the administrator's token. */
  actor: string;
}

/** Named outcomes; the idempotency check precedes the others. */
export type AdjustmentOutcome =
  | { outcome: 'replayed'; record: RecordedMovement }
  | { outcome: 'idempotency_conflict' }
  | { outcome: 'user_missing' }
  | { outcome: 'below_balance'; available: number }
  | { outcome: 'created'; record: RecordedMovement };

/**
 * Adds purchased credits to an account, or takes credits back, and keeps who did it and why with the movement. The
 * movement is its own idempotency record (G2). A user who has never been seen is an error more likely than a gift.
 *
 * @throws ErasedAccountError
 * @throws BusyError
 */
export async function addMailCredits(
  store: Store,
  context: CommandContext,
  { amount, reason, actor }: Adjustment,
): Promise<AdjustmentOutcome> {
  const { userId, id, fingerprint, now, deadline } = context;
  return retrying<AdjustmentOutcome>(deadline, async (abortSignal) => {
    const earlier = await getMovement(store, userId, movementId(id, 0), abortSignal);
    if (earlier !== null) {
      return ItemReader.fromWire(earlier).string('fingerprint') === fingerprint
        ? { outcome: 'replayed', record: parseLedgerLine(earlier) }
        : { outcome: 'idempotency_conflict' };
    }
    const stored = await readStoredAccount(store, userId, deadline);
    if (stored === null) {
      return { outcome: 'user_missing' };
    }
    if (stored.kind === 'erased') {
      throw new ErasedAccountError();
    }
    try {
      const before = await rollForwardInPart(store, stored, now, abortSignal);
      const change = adjustCredits(before, amount, now, `adjustment:${id}`);
      if (change.outcome === 'refused') {
        return { outcome: 'below_balance', available: change.takeable };
      }
      const byHand = { actor, reason, fingerprint };
      const account = await writeChange(store, change, before, { id, at: now, byHand }, abortSignal);
      return { outcome: 'created', record: recordOf(change, account, context, { amount, reason, actor }) };
    } catch (error) {
      // The account has moved on, or this very adjustment was made by the try before: look again.
      if (error instanceof VersionConflictError) {
        return TRY_AGAIN;
      }
      throw error;
    }
  });
}

function recordOf(
  { movements }: AccountChange,
  { periodStart }: Account,
  { id, now }: CommandContext,
  { amount, reason, actor }: Adjustment,
): RecordedMovement {
  const [movement] = movements;
  if (movement === undefined) {
    throw new RangeError(`An adjustment by ${String(amount)} moves nothing.`);
  }
  return { ...movement, id: movementId(id, 0), at: Math.max(now, periodStart), actor, reason };
}

async function getMovement(
  store: Store,
  userId: string,
  id: string,
  abortSignal: AbortSignal,
): Promise<WireItem | null> {
  const { Item } = await store.client.send(
    new GetItemCommand({
      TableName: store.table,
      Key: toWire({ pk: userKey(userId), sk: recordKey('LEDGER', id) }),
      ConsistentRead: true,
    }),
    { abortSignal },
  );
  return Item ?? null;
}
