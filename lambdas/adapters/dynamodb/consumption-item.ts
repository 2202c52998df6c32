import { type TransactWriteItem } from '@aws-sdk/client-dynamodb';
import { type RecordedConsumption } from '../../domain/changes.ts';
import { type Instant } from '../../domain/instants.ts';
import { type Consumption, type Counts } from '../../domain/usage.ts';
import { evaluated, ItemReader, toWire, type WireItem } from './items.ts';
import { recordKey, userKey } from './keys.ts';

/** What the owner's backend has reported. */
export function consumptionItem(
  userId: string,
  { id, consumed, released, credits, levels }: Consumption,
  createdAt: Instant,
  fingerprint: string,
): WireItem {
  return toWire({ ...keyOf(userId, id), fingerprint, id, createdAt, consumed, released, credits, levels });
}

function keyOf(userId: string, id: string): { pk: string; sk: string } {
  return { pk: userKey(userId), sk: recordKey('USAGE', id) };
}

export function consumptionKey(userId: string, id: string): WireItem {
  return toWire(keyOf(userId, id));
}

const IS_NOT_GIVEN_BACK = 'attribute_exists(#pk) AND attribute_not_exists(#givenBackAt)';
const NOTE_GIVEN_BACK = 'SET #givenBackAt = :now';

/** Notes on the record that it was given back: once, since its condition fails from then on. */
export function noteGivenBack(table: string, userId: string, id: string, now: Instant): TransactWriteItem {
  return {
    Update: {
      TableName: table,
      Key: consumptionKey(userId, id),
      ...evaluated({ ConditionExpression: IS_NOT_GIVEN_BACK, UpdateExpression: NOTE_GIVEN_BACK }, { now }),
    },
  };
}

/** @throws CorruptItemError */
export function parseConsumption(item: WireItem): Consumption {
  const reader = ItemReader.fromWire(item);
  return {
    id: reader.string('id'),
    consumed: parseCounts(reader.map('consumed')),
    released: parseCounts(reader.map('released')),
    credits: reader.integer('credits'),
    levels: reader.list('levels').map(String),
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
