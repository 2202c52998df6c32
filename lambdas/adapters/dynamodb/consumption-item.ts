import { type RecordedConsumption } from '../../domain/changes.ts';
import { type Instant } from '../../domain/instants.ts';
import { type Consumption, type Counts } from '../../domain/usage.ts';
import { ItemReader, toWire, type WireItem } from './items.ts';
import { recordKey, userKey } from './keys.ts';

/** What the owner's backend has reported. */
export function consumptionItem(
  userId: string,
  { id, consumed, released, credits }: Consumption,
  createdAt: Instant,
  fingerprint: string,
): WireItem {
  const key = { pk: userKey(userId), sk: recordKey('USAGE', id) };
  return toWire({ ...key, fingerprint, id, createdAt, consumed, released, credits });
}

/** @throws CorruptItemError */
export function parseConsumption(item: WireItem): Consumption {
  const reader = ItemReader.fromWire(item);
  return {
    id: reader.string('id'),
    consumed: parseCounts(reader.map('consumed')),
    released: parseCounts(reader.map('released')),
    credits: reader.integer('credits'),
  };
}

function parseCounts(reader: ItemReader): Counts {
  return reader.integers(reader.names());
}

/** @throws CorruptItemError */
export function parseRecordedConsumption(item: WireItem): RecordedConsumption {
  const reader = ItemReader.fromWire(item);
  return {
    ...parseConsumption(item),
    createdAt: reader.integer('createdAt'),
    givenBackAt: reader.optionalInteger('givenBackAt'),
  };
}
