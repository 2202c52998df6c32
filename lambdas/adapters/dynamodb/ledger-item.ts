import { type TransactWriteItem } from '@aws-sdk/client-dynamodb';
import { isMovementKind, type Movement } from '../../domain/credits.ts';
import { type Instant } from '../../domain/instants.ts';
import { ItemReader, toWire, type WireItem } from './items.ts';
import { listKey, recordKey, userKey } from './keys.ts';
import { putNew } from './put-new.ts';

/** A line of the ledger that stands for itself; those of a close stand in its `PERIOD` item. */
export interface LedgerLine extends Movement {
  id: string;
  at: Instant;
}

export function putLedgerLine(table: string, userId: string, line: LedgerLine): TransactWriteItem {
  return putNew(
    table,
    toWire({
      pk: userKey(userId),
      sk: recordKey('LEDGER', line.id),
      listKey: listKey('LEDGER', line.at, line.id),
      ...line,
    }),
  );
}

/** @throws CorruptItemError */
export function parseLedgerLine(item: WireItem): LedgerLine {
  const reader = ItemReader.fromWire(item);
  return {
    id: reader.string('id'),
    at: reader.integer('at'),
    kind: reader.matching('kind', isMovementKind),
    amount: reader.integer('amount'),
    source: reader.string('source'),
  };
}
