import {
  adjustmentItem,
  adjustmentKey,
  parseAdjustment,
  type RecordedAdjustment,
} from '../adapters/dynamodb/adjustment-item.ts';
import { getItem } from '../adapters/dynamodb/get-item.ts';
import { putNew } from '../adapters/dynamodb/put-new.ts';
import { type Store } from '../adapters/dynamodb/store.ts';
import { adjustCredits } from '../domain/adjustments.ts';
import { available } from '../domain/credits.ts';
import { rollForward } from '../domain/roll-forward.ts';
import { beginAnew } from './alongside.ts';
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
export interface AdjustmentRecord extends RecordedAdjustment {
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
 * Adds purchased credits to an account, or takes credits back, and keeps who did it and why with the movement. A user
 * who has never been seen is an error more likely than a gift.
 *
 * It reads the account before the record (G2), so that of two same requests at once the second is not refused for what
 * the first has taken:
 *
 *     one:                          takes all 5
 *     other:  no record yet                       0 left: refused, though its record is there
 *
 * @throws BusyError
 */
export async function addCredits(
  store: Store,
  { userId, id, fingerprint, now, deadline }: CommandContext,
  { amount, reason, actor }: Adjustment,
): Promise<AdjustmentOutcome> {
  const ifErased = (): AdjustmentOutcome => ({ outcome: 'account_erased' });
  return changeAccount<AdjustmentOutcome>(store, { userId, now, deadline, ifErased }, async (before) => {
    if (before === null) {
      return { answer: { outcome: 'user_missing' } };
    }
    const earlier = await getItem(store, adjustmentKey(userId, id), deadline);
    if (earlier !== null) {
      const { credits } = rollForward(before, now, store.catalogue).account;
      const held = available(credits);
      return {
        answer: replayOf(earlier, fingerprint, (item) => ({ ...parseAdjustment(item), available: held })),
      };
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
    // Where the record is there already, a try before has made this very adjustment: reading again finds it.
    const record = {
      write: putNew(store.table, adjustmentItem(userId, id, line, fingerprint)),
      ifRefused: beginAnew,
    };
    const cause = { id, at: now, byHand: { actor, reason } };
    const answer: AdjustmentOutcome = {
      outcome: 'created',
      record: { ...line, available: available(account.credits) },
    };
    return { write: { change, cause, alongside: [record], answer } };
  });
}
