import { statistics } from '../../jobs/statistics.ts';
import { PARSERS } from '../adapters/stream-record.ts';
import { countedOf } from '../domain/statistics.ts';

export const handler = statistics(PARSERS, countedOf);
