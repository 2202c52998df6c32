import { getItem } from '../adapters/dynamodb/get-item.ts';
import { ItemReader, toWire, type WireItem } from '../adapters/dynamodb/items.ts';
import { recordKey, userKey } from '../adapters/dynamodb/keys.ts';
import { parseLedgerLine } from '../adapters/dynamodb/ledger-item.ts';
import { type Store } from '../adapters/dynamodb/store.ts';
import { type Account } from '../domain/account.ts';
import { adjustCredits } from '../domain/adjustments.ts';
import { type RecordedMovement } from '../domain/changes.ts';
import { available } from '../domain/credits.ts';
import { rollForward } from '../domain/roll-forward.ts';
import { changeAccount, movementId } from './change-account.ts';
import { type CommandContext } from './command-context.ts';
import { replayOf } from './replay.ts';

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
 * It reads the account before the movement, so that of two same requests at once the second is not refused for what
 * the first has taken:
 *
 *     one:                            takes all 5
 *     other:  no movement yet                       0 left: refused, though its movement is there
 *
 * @throws BusyError
 */
export async function addCredits(
  store: Store,
  { userId, id, fingerprint, now, deadline }: CommandContext,
  { amount, reason, actor }: Adjustment,
): Promise<AdjustmentOutcome> {
  const ifErased = (): AdjustmentOutcome => ({ outcome: 'account_erased' });
  const key = toWire({ pk: userKey(userId), sk: recordKey('LEDGER', movementId(id, 0)) });
  return changeAccount<AdjustmentOutcome>(store, { userId, now, deadline, ifErased }, async (before) => {
    if (before === null) {
      return { answer: { outcome: 'user_missing' } };
    }
    const earlier = await getItem(store, key, deadline);
    if (earlier !== null) {
      const { account } = rollForward(before, now, store.catalogue);
      return { answer: replayOf(earlier, fingerprint, (item) => parseAdjustment(item, account)) };
    }
    const change = adjustCredits(before, amount, now, `adjustment:${id}`, store.catalogue);
    if (change.outcome === 'refused') {
      return { answer: { outcome: 'below_balance', available: change.takeable } };
    }
    const { account } = change;
    const [movement] = change.movements;
    if (movement === undefined) {
      throw new RangeError(`An adjustment by ${String(amount)} moves nothing.`);
    }
    const at = Math.max(now, account.periodStart);
    const line = { ...movement, id: movementId(id, 0), at, actor, reason };
    const record = { ...line, available: available(account.credits) };
    // Where the account has moved on, a try before may have made this very adjustment: reading again finds it.
    const cause = { id, at: now, byHand: { actor, reason, fingerprint } };
    return { write: { change, cause, answer: { outcome: 'created', record } } };
  });
}

/** @throws CorruptItemError */
function parseAdjustment(item: WireItem, { credits }: Account): AdjustmentRecord {
  const reader = ItemReader.fromWire(item);
  const byHand = { actor: reader.string('actor'), reason: reader.string('reason') };
  return { ...parseLedgerLine(item), ...byHand, available: available(credits) };
}
