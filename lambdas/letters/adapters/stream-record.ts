import { type ChangeParsers, CORE_PARSERS, parserOf } from '../../adapters/dynamodb/stream-record.ts';
import { type AnyChange } from '../domain/changes.ts';
import { parseDelivery } from './delivery-item.ts';
import { parseLetter } from './letter-item.ts';

/** Of the items of the core and of the letters app. */
export const PARSERS: ChangeParsers<AnyChange> = new Map<
  string,
  (about: Parameters<ReturnType<typeof parserOf>>[0]) => AnyChange
>([
  ...CORE_PARSERS,
  ['LETTER', parserOf('letter', parseLetter)],
  ['DELIVERY', parserOf('delivery', parseDelivery)],
]);
