import type { DynamoDBRecord } from 'aws-lambda';
import { CORE_PARSERS, parserOf, parseStreamRecord } from '../../adapters/dynamodb/stream-record.ts';
import { type AnyChange } from '../domain/changes.ts';
import { parseDelivery } from './delivery-item.ts';
import { parseLetter } from './letter-item.ts';

const PARSERS = new Map<string, (about: Parameters<ReturnType<typeof parserOf>>[0]) => AnyChange>([
  ...CORE_PARSERS,
  ['LETTER', parserOf('letter', parseLetter)],
  ['DELIVERY', parserOf('delivery', parseDelivery)],
  ['BODY', parserOf('text', () => ({}))],
]);

/** What has changed in the core or in the letters app, by a record of the table's stream. As `parseStreamRecord`. */
export function parseAnyRecord(record: DynamoDBRecord): AnyChange {
  return parseStreamRecord(record, PARSERS);
}
