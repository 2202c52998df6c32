import { type TransactWriteItem } from '@aws-sdk/client-dynamodb';
import {
  type DayRange,
  type DayStatistics,
  NO_TOTALS,
  TOTALS,
  type Totals,
} from '../../domain/statistics.ts';
import { evaluated, ItemReader, toWire, type WireItem } from './items.ts';
import { STATISTICS_KEY } from './keys.ts';

const ADD_TO_DAY = `ADD ${[...TOTALS, 'activeUsers'].map((name) => `#${name} :${name}`).join(', ')}`;

/** The totals of a day are kept in so many items: so many transactions can add to it at once without a conflict. */
export const DAY_PARTS = 4;

/** Adds to a part of the totals of a day, which need not be there yet. */
export function addToDay(
  table: string,
  { day, part }: { day: string; part: number },
  totals: Totals,
  activeUsers: number,
): TransactWriteItem {
  return {
    Update: {
      TableName: table,
      Key: toWire({ pk: STATISTICS_KEY, sk: `${day}${PART_MARK}${String(part)}` }),
      ...evaluated({ UpdateExpression: ADD_TO_DAY }, { ...totals, activeUsers }),
    },
  };
}

const PART_MARK = '#';

/** All parts of the days of a range lie between these sort keys, however many there are. */
export function keysOfDays({ first, last }: DayRange): { first: string; last: string } {
  return { first, last: `${last}${PART_MARK}~` };
}

/** A part of a day. Totals that Postage did not count yet on that day are zero. @throws CorruptItemError */
export function parseDay(item: WireItem): DayStatistics {
  const reader = ItemReader.fromWire(item);
  const totals = { ...NO_TOTALS, ...reader.integers(TOTALS.filter((name) => reader.has(name))) };
  const [day = ''] = reader.string('sk').split(PART_MARK, 1);
  return { day, ...totals, activeUsers: reader.integer('activeUsers') };
}
