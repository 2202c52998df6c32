import { type RecordedConsumption } from '../../domain/changes.ts';
import { type Instant } from '../../domain/instants.ts';
import { METERS } from '../../domain/refusals.ts';
import { type Consumption } from '../../domain/usage.ts';
import { ItemReader, toWire, type WireItem } from './items.ts';
import { recordKey, userKey } from './keys.ts';

/** What the service route counted for an app that keeps its letters elsewhere. */
export function consumptionItem(
  userId: string,
  { id, consumed }: Consumption,
  createdAt: Instant,
  fingerprint: string,
): WireItem {
  const key = { pk: userKey(userId), sk: recordKey('USAGE', id) };
  return toWire({ ...key, fingerprint, id, createdAt, ...consumed });
}

/** @throws CorruptItemError */
export function parseConsumption(item: WireItem): Consumption {
  const reader = ItemReader.fromWire(item);
  return { id: reader.string('id'), consumed: reader.integers(METERS) };
}

/** @throws CorruptItemError */
export function parseRecordedConsumption(item: WireItem): RecordedConsumption {
  return { ...parseConsumption(item), createdAt: ItemReader.fromWire(item).integer('createdAt') };
}
