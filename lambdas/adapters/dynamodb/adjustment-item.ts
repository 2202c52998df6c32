import { type RecordedMovement } from '../../domain/changes.ts';
import { toWire, type WireItem } from './items.ts';
import { recordKey, userKey } from './keys.ts';
import { parseLedgerLine } from './ledger-item.ts';

/** A correction of a user's credits by hand: the movement that it made, who made it and why. */
export interface RecordedAdjustment extends RecordedMovement {
  actor: string;
  reason: string;
}

export function adjustmentKey(userId: string, id: string): WireItem {
  return toWire({ pk: userKey(userId), sk: recordKey('ADJUSTMENT', id) });
}

/** The record of a request to adjust credits (G2). Its line of the ledger lies by time, where no request would find it. */
export function adjustmentItem(
  userId: string,
  id: string,
  movement: RecordedAdjustment,
  fingerprint: string,
): WireItem {
  return { ...adjustmentKey(userId, id), ...toWire({ fingerprint, ...movement }) };
}

/** @throws CorruptItemError */
export function parseAdjustment(item: WireItem): RecordedAdjustment {
  const { actor = '', reason = '', ...movement } = parseLedgerLine(item);
  return { ...movement, actor, reason };
}
