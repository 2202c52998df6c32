import { type TransactWriteItem } from '@aws-sdk/client-dynamodb';
import { type RecordedMovement } from '../../domain/changes.ts';
import { MOVEMENT_KINDS } from '../../domain/credits.ts';
import { ItemReader, toWire, type WireItem } from './items.ts';
import { ledgerKey, userKey } from './keys.ts';
import { putNew } from './put-new.ts';

/** Movements that stand for themselves; those of a close stand in its `PERIOD` item. */
export function putLedgerLine(table: string, userId: string, line: RecordedMovement): TransactWriteItem {
  return putNew(
    table,
    toWire({
      pk: userKey(userId),
      sk: ledgerKey(line.at, line.id),
      ...line,
    }),
  );
}

/** @throws CorruptItemError */
export function parseLedgerLine(item: WireItem): RecordedMovement {
  const reader = ItemReader.fromWire(item);
  return {
    id: reader.string('id'),
    at: reader.integer('at'),
    kind: reader.oneOf('kind', MOVEMENT_KINDS),
    amount: reader.integer('amount'),
    source: reader.string('source'),
    ...(reader.has('actor') ? { actor: reader.string('actor') } : {}),
    ...(reader.has('reason') ? { reason: reader.string('reason') } : {}),
  };
}
