import { type TransactWriteItem } from '@aws-sdk/client-dynamodb';
import {
  type DayRange,
  type DayStatistics,
  NO_TOTALS,
  TOTALS,
  type Totals,
} from '../../domain/statistics.ts';
import { ItemReader, namesIn, toWire, type WireItem } from './items.ts';
import { STATISTICS_KEY } from './keys.ts';

const ADD_TO_DAY = `ADD ${[...TOTALS, 'activeUsers'].map((name) => `#${name} :${name}`).join(', ')}`;

/** In how many items the totals of a day are kept: so many transactions can add to it at once without a conflict. */
export const DAY_PARTS = 4;

/** Adds to a part of the totals of a day, which need not be there yet. */
export function addToDay(
  table: string,
  { day, part }: { day: string; part: number },
  totals: Totals,
  activeUsers: number,
): TransactWriteItem {
  const amounts = Object.entries({ ...totals, activeUsers });
  return {
    Update: {
      TableName: table,
      Key: toWire({ pk: STATISTICS_KEY, sk: `${day}${PART_MARK}${String(part)}` }),
      UpdateExpression: ADD_TO_DAY,
      ExpressionAttributeNames: namesIn(ADD_TO_DAY),
      ExpressionAttributeValues: toWire(
        Object.fromEntries(amounts.map(([name, amount]) => [`:${name}`, amount])),
      ),
    },
  };
}

const PART_MARK = '#';

/** Between which sort keys all parts of the days of a range lie, however many there are. */
export function keysOfDays({ first, last }: DayRange): { first: string; last: string } {
  return { first, last: `${last}${PART_MARK}~` };
}

/** A part of a day. A total that has come to be counted since then is none on that day. @throws CorruptItemError */
export function parseDay(item: WireItem): DayStatistics {
  const reader = ItemReader.fromWire(item);
  const totals = { ...NO_TOTALS };
  for (const name of TOTALS) {
    totals[name] = reader.optionalInteger(name) ?? 0;
  }
  const [day = ''] = reader.string('sk').split(PART_MARK, 1);
  return { day, ...totals, activeUsers: reader.integer('activeUsers') };
}
