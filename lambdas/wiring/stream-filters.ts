/**
 * Which changes of the table each function on its stream gets, and how many at once. The CDK construct hands it to
 * Lambda, and the local runtime does what Lambda would.
 */
import { ACCOUNT_KEY, recordKey, PERIOD_PREFIX, userKey } from '../adapters/dynamodb/keys.ts';

/** Lambda's filter criteria, as far as they are used. https://docs.aws.amazon.com/lambda/latest/dg/with-ddb-filtering.html */
export interface StreamFilter {
  eventName?: readonly ('INSERT' | 'MODIFY' | 'REMOVE')[];
  dynamodb: { Keys: { pk: KeyPattern; sk: KeyPattern } };
}

export interface KeyPattern {
  S: readonly { prefix: string }[];
}

export interface StreamConsumer {
  batchSize: number;
  /** A change passes when one of them lets it. */
  filters: readonly StreamFilter[];
}

/** Everything else (markers, statistics, the audit trail) is written by these functions themselves. */
const OF_USERS: KeyPattern = { S: [{ prefix: userKey('') }] };

export type StreamConsumerName = 'outbox' | 'statistics';

export const STREAM_CONSUMERS: Readonly<Record<StreamConsumerName, StreamConsumer>> = {
  outbox: {
    batchSize: 500,
    // By what passes, since Lambda knows no "anything but a prefix": what letters say (`BODY`) goes nowhere.
    filters: [
      {
        dynamodb: {
          Keys: {
            pk: OF_USERS,
            sk: {
              S: [
                { prefix: ACCOUNT_KEY },
                { prefix: PERIOD_PREFIX },
                { prefix: recordKey('LEDGER', '') },
                { prefix: recordKey('LETTER', '') },
                { prefix: recordKey('DELIVERY', '') },
                { prefix: recordKey('USAGE', '') },
                { prefix: recordKey('PURCHASE', '') },
                { prefix: recordKey('GIFT', '') },
              ],
            },
          },
        },
      },
    ],
  },
  statistics: {
    batchSize: 500,
    filters: [
      {
        eventName: ['INSERT'],
        dynamodb: {
          Keys: {
            pk: OF_USERS,
            sk: {
              S: [
                { prefix: recordKey('LETTER', '') },
                { prefix: recordKey('DELIVERY', '') },
                { prefix: recordKey('USAGE', '') },
                { prefix: recordKey('LEDGER', '') },
                { prefix: PERIOD_PREFIX },
              ],
            },
          },
        },
      },
      // A delivery and a purchase count when they have been paid, and a purchase when it is refunded.
      {
        eventName: ['MODIFY'],
        dynamodb: {
          Keys: {
            pk: OF_USERS,
            sk: { S: [{ prefix: recordKey('DELIVERY', '') }, { prefix: recordKey('PURCHASE', '') }] },
          },
        },
      },
    ],
  },
};
