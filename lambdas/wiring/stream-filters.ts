/**
 * Which changes of the table each function on its stream gets, and how many at once. The CDK construct hands it to
 * Lambda, and the local runtime does what Lambda would.
 */
import {
  ACCOUNT_KEY,
  recordKey,
  PERIOD_PREFIX,
  type RecordKind,
  userKey,
} from '../adapters/dynamodb/keys.ts';

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

export type StreamConsumers = Readonly<Record<StreamConsumerName, StreamConsumer>>;

/** The kinds of records of an app on top of the core, from which events or counts follow. */
export interface AppKinds {
  /** They count when they are made. */
  made: readonly RecordKind[];
  /** They count, or count again, when they change. */
  changed: readonly RecordKind[];
}

/** By what passes, since Lambda knows no "anything but a prefix". */
export function streamConsumersOf({ made, changed }: AppKinds): StreamConsumers {
  return {
    outbox: {
      batchSize: 500,
      filters: [
        filterOf([ACCOUNT_KEY, PERIOD_PREFIX, ...prefixesOf('LEDGER', 'USAGE', 'PURCHASE', 'GIFT', ...made)]),
      ],
    },
    statistics: {
      batchSize: 500,
      filters: [
        { eventName: ['INSERT'], ...filterOf([PERIOD_PREFIX, ...prefixesOf('USAGE', 'LEDGER', ...made)]) },
        // A purchase counts when it has been paid, and when it is refunded.
        { eventName: ['MODIFY'], ...filterOf(prefixesOf('PURCHASE', ...changed)) },
      ],
    },
  };
}

export const CORE_STREAM_CONSUMERS = streamConsumersOf({ made: [], changed: [] });

function prefixesOf(...kinds: RecordKind[]): string[] {
  return kinds.map((kind) => recordKey(kind, ''));
}

function filterOf(prefixes: readonly string[]): StreamFilter {
  return { dynamodb: { Keys: { pk: OF_USERS, sk: { S: prefixes.map((prefix) => ({ prefix })) } } } };
}
