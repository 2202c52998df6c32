import { type TransactWriteItem } from '@aws-sdk/client-dynamodb';
import { type DayRange, type DayStatistics, type Totals } from '../../domain/statistics.ts';
import { ItemReader, toWire, type WireItem } from './items.ts';
import { STATISTICS_KEY } from './keys.ts';

/** The totals of a day are kept in so many items: so many transactions can add to it at once without a conflict. */
export const DAY_PARTS = 4;

/** Adds to a part of the totals of a day, which need not be there yet. */
export function addToDay(
  table: string,
  { day, part }: { day: string; part: number },
  totals: Totals,
  activeUsers: number,
): TransactWriteItem {
  // Names of totals have a colon, which no placeholder has.
  const added = Object.entries({ ...totals, activeUsers });
  const parts = added.map((_, index) => `#name${String(index)} :value${String(index)}`);
  return {
    Update: {
      TableName: table,
      Key: toWire({ pk: STATISTICS_KEY, sk: `${day}${PART_MARK}${String(part)}` }),
      UpdateExpression: `ADD ${parts.join(', ')}`,
      ExpressionAttributeNames: Object.fromEntries(
        added.map(([name], index) => [`#name${String(index)}`, name]),
      ),
      ExpressionAttributeValues: toWire(
        Object.fromEntries(added.map(([, value], index) => [`:value${String(index)}`, value])),
      ),
    },
  };
}

const PART_MARK = '#';

/** All parts of the days of a range lie between these sort keys, however many there are. */
export function keysOfDays({ first, last }: DayRange): { first: string; last: string } {
  return { first, last: `${last}${PART_MARK}~` };
}

/** Attributes of a day's item that are no totals. */
const NO_TOTALS: readonly string[] = ['pk', 'sk', 'activeUsers'];

/** A part of a day. Totals that Postage did not count yet on that day are not there. @throws CorruptItemError */
export function parseDay(item: WireItem): DayStatistics {
  const reader = ItemReader.fromWire(item);
  const totals = reader.integers(reader.names().filter((name) => !NO_TOTALS.includes(name)));
  const [day = ''] = reader.string('sk').split(PART_MARK, 1);
  return { day, totals, activeUsers: reader.integer('activeUsers') };
}
