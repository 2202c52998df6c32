import { type TransactWriteItem } from '@aws-sdk/client-dynamodb';
import { type DayStatistics, NO_TOTALS, TOTALS, type Totals } from '../../domain/statistics.ts';
import { ItemReader, namesIn, toWire, type WireItem } from './items.ts';
import { STATISTICS_KEY } from './keys.ts';

const ADD_TO_DAY = `ADD ${[...TOTALS, 'activeUsers'].map((name) => `#${name} :${name}`).join(', ')}`;

/** Adds to the totals of a day, which need not be there yet. */
export function addToDay(table: string, day: string, totals: Totals, activeUsers: number): TransactWriteItem {
  const amounts = Object.entries({ ...totals, activeUsers });
  return {
    Update: {
      TableName: table,
      Key: toWire({ pk: STATISTICS_KEY, sk: day }),
      UpdateExpression: ADD_TO_DAY,
      ExpressionAttributeNames: namesIn(ADD_TO_DAY),
      ExpressionAttributeValues: toWire(
        Object.fromEntries(amounts.map(([name, amount]) => [`:${name}`, amount])),
      ),
    },
  };
}

/** A total that has come to be counted since then is none on that day. @throws CorruptItemError */
export function parseDay(item: WireItem): DayStatistics {
  const reader = ItemReader.fromWire(item);
  const totals = { ...NO_TOTALS };
  for (const name of TOTALS) {
    totals[name] = reader.optionalInteger(name) ?? 0;
  }
  return { day: reader.string('sk'), ...totals, activeUsers: reader.integer('activeUsers') };
}
