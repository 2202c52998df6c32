import { type TransactWriteItem } from '@aws-sdk/client-dynamodb';
import { type DayStatistics, type Totals } from '../../domain/statistics.ts';
import { ItemReader, namesIn, toWire, type WireItem } from './items.ts';
import { STATISTICS_KEY } from './keys.ts';

const ADD_TO_DAY = `ADD ${[
  '#letters :letters',
  '#emails :emails',
  '#mails :mails',
  '#creditsGranted :creditsGranted',
  '#creditsUsed :creditsUsed',
  '#creditsExpired :creditsExpired',
  '#creditsTakenBack :creditsTakenBack',
  '#creditsBought :creditsBought',
  '#creditsRefunded :creditsRefunded',
  '#bundleRevenueCents :bundleRevenueCents',
  '#bundleRefundsCents :bundleRefundsCents',
  '#activeUsers :activeUsers',
].join(', ')}`;

/** Adds to the totals of a day, which need not be there yet. */
export function addToDay(table: string, day: string, totals: Totals, activeUsers: number): TransactWriteItem {
  return {
    Update: {
      TableName: table,
      Key: toWire({ pk: STATISTICS_KEY, sk: day }),
      UpdateExpression: ADD_TO_DAY,
      ExpressionAttributeNames: namesIn(ADD_TO_DAY),
      ExpressionAttributeValues: toWire({
        ...Object.fromEntries(Object.entries(totals).map(([name, value]) => [`:${name}`, value])),
        ':activeUsers': activeUsers,
      }),
    },
  };
}

/** @throws CorruptItemError */
export function parseDay(item: WireItem): DayStatistics {
  const reader = ItemReader.fromWire(item);
  return {
    day: reader.string('sk'),
    letters: reader.integer('letters'),
    emails: reader.integer('emails'),
    mails: reader.integer('mails'),
    creditsGranted: reader.integer('creditsGranted'),
    creditsUsed: reader.integer('creditsUsed'),
    creditsExpired: reader.integer('creditsExpired'),
    creditsTakenBack: reader.integer('creditsTakenBack'),
    // Days of before there were any lack them.
    creditsBought: reader.optionalInteger('creditsBought') ?? 0,
    creditsRefunded: reader.optionalInteger('creditsRefunded') ?? 0,
    bundleRevenueCents: reader.optionalInteger('bundleRevenueCents') ?? 0,
    bundleRefundsCents: reader.optionalInteger('bundleRefundsCents') ?? 0,
    activeUsers: reader.integer('activeUsers'),
  };
}
