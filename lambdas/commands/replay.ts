import { ItemReader, type WireItem } from '../adapters/dynamodb/items.ts';

/** Helper of the commands: a request that comes again, or another request under the same key (G2). */
export type Replay<Kept> = { outcome: 'replayed'; record: Kept } | { outcome: 'idempotency_conflict' };

/** Answers a request from the record that stands under its id. @throws CorruptItemError */
export function replayOf<Kept>(
  item: WireItem,
  fingerprint: string,
  parse: (item: WireItem) => Kept,
): Replay<Kept> {
  return ItemReader.fromWire(item).string('fingerprint') === fingerprint
    ? { outcome: 'replayed', record: parse(item) }
    : { outcome: 'idempotency_conflict' };
}
