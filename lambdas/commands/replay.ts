import { ItemReader, type WireItem } from '../adapters/dynamodb/items.ts';

/** How a request ends whose id has made a record before. */
export type Replay<Kept> = { outcome: 'replayed'; record: Kept } | { outcome: 'idempotency_conflict' };

/** The same request again is answered from the record that it made; another body under its id is another request (G2). */
export function replayOf<Kept>(
  record: WireItem,
  fingerprint: string,
  parse: (item: WireItem) => Kept,
): Replay<Kept> {
  return ItemReader.fromWire(record).string('fingerprint') === fingerprint
    ? { outcome: 'replayed', record: parse(record) }
    : { outcome: 'idempotency_conflict' };
}
