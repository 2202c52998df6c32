import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import { type Account } from '../domain/account.ts';
import { adjustCredits } from '../domain/adjustments.ts';
import { type RecordedMovement } from '../domain/changes.ts';
import { available } from '../domain/credits.ts';
import { rollForward } from '../domain/roll-forward.ts';
import { movementId, rollForwardInPart, writeChange } from './change-account.ts';
import { readStoredAccount } from '../adapters/dynamodb/accounts.ts';
import { ItemReader, toWire, type WireItem } from '../adapters/dynamodb/items.ts';
import { recordKey, userKey } from '../adapters/dynamodb/keys.ts';
import { parseLedgerLine } from '../adapters/dynamodb/ledger-item.ts';
import { retrying } from '../adapters/dynamodb/retry.ts';
import { type Store } from '../adapters/dynamodb/store.ts';
import { type CommandContext } from './command-context.ts';

/** A correction of a user's credits by hand. */
export interface Adjustment {
  /** Signed, not zero. */
  amount: number;
  /** Why, for the audit trail. */
  reason: string;
  /** Who: the `sub` of the administrator's token. */
  actor: string;
}

/** The movement that it made, with what the account holds now. */
export interface AdjustmentRecord extends RecordedMovement {
  actor: string;
  reason: string;
  available: number;
}

/** Named outcomes, in the order in which they are looked for. */
export type AdjustmentOutcome =
  | { outcome: 'user_missing' }
  | { outcome: 'account_erased' }
  | { outcome: 'replayed'; record: AdjustmentRecord }
  | { outcome: 'idempotency_conflict' }
  | { outcome: 'below_balance'; available: number }
  | { outcome: 'created'; record: AdjustmentRecord };

/**
 * Adds purchased credits to an account, or takes credits back, and keeps who did it and why with the movement. The
 * movement is its own idempotency record (G2). A user who has never been seen is an error more likely than a gift.
 *
 * The account is read before the movement, so that of two same requests at once the second is not refused for what the
 * first has taken:
 *
 *     one:                            takes all 5
 *     other:  no movement yet                       0 left: refused, though its movement is there
 *
 * @throws BusyError
 */
export async function addMailCredits(
  store: Store,
  context: CommandContext,
  { amount, reason, actor }: Adjustment,
): Promise<AdjustmentOutcome> {
  const { userId, id, fingerprint, now, deadline } = context;
  return retrying<AdjustmentOutcome>(deadline, async (abortSignal) => {
    const stored = await readStoredAccount(store, userId, deadline);
    if (stored === null) {
      return { outcome: 'user_missing' };
    }
    if (stored.kind === 'erased') {
      return { outcome: 'account_erased' };
    }
    const earlier = await getMovement(store, userId, movementId(id, 0), abortSignal);
    if (earlier !== null) {
      return ItemReader.fromWire(earlier).string('fingerprint') === fingerprint
        ? { outcome: 'replayed', record: parseAdjustment(earlier, rollForward(stored, now).account) }
        : { outcome: 'idempotency_conflict' };
    }
    const before = await rollForwardInPart(store, stored, now, abortSignal);
    const change = adjustCredits(before, amount, now, `adjustment:${id}`);
    if (change.outcome === 'refused') {
      return { outcome: 'below_balance', available: change.takeable };
    }
    // A conflict of versions is tried again: the account has moved on, or the try before made this very adjustment.
    const byHand = { actor, reason, fingerprint };
    const account = await writeChange(store, change, before, { id, at: now, byHand }, abortSignal);
    const [movement] = change.movements;
    if (movement === undefined) {
      throw new RangeError(`An adjustment by ${String(amount)} moves nothing.`);
    }
    const at = Math.max(now, account.periodStart);
    const line = { ...movement, id: movementId(id, 0), at, actor, reason };
    return { outcome: 'created', record: { ...line, available: available(account.credits) } };
  });
}

/** @throws CorruptItemError */
function parseAdjustment(item: WireItem, { credits }: Account): AdjustmentRecord {
  const reader = ItemReader.fromWire(item);
  const byHand = { actor: reader.string('actor'), reason: reader.string('reason') };
  return { ...parseLedgerLine(item), ...byHand, available: available(credits) };
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
