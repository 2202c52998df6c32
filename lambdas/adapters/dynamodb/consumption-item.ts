import { type RecordedConsumption } from '../../domain/changes.ts';
import { type Consumption } from '../../domain/usage.ts';
import { type Instant } from '../../domain/instants.ts';
import { ItemReader, toWire, type WireItem } from './items.ts';
import { recordKey, userKey } from './keys.ts';

/** What the service route counted for an app that keeps its letters elsewhere. */
export function consumptionItem(
  userId: string,
  consumption: Consumption,
  createdAt: Instant,
  fingerprint: string,
): WireItem {
  const { id, consumed } = consumption;
  return toWire({
    pk: userKey(userId),
    sk: recordKey('USAGE', id),
    fingerprint,
    id,
    createdAt,
    ...consumed,
  });
}

/** @throws CorruptItemError */
export function parseConsumption(item: WireItem): Consumption {
  const reader = ItemReader.fromWire(item);
  return {
    id: reader.string('id'),
    consumed: {
      letters: reader.integer('letters'),
      emails: reader.integer('emails'),
      mails: reader.integer('mails'),
    },
  };
}

/** @throws CorruptItemError */
export function parseRecordedConsumption(item: WireItem): RecordedConsumption {
  return { ...parseConsumption(item), createdAt: ItemReader.fromWire(item).integer('createdAt') };
}
