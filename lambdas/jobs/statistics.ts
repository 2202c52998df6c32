import type { DynamoDBStreamEvent } from 'aws-lambda';
import { deadlineIn } from '../runtime/deadline.ts';
import { countOnce } from '../commands/count-once.ts';
import { createStore } from '../adapters/dynamodb/store.ts';
import { connectFailedRecords, setAside } from '../adapters/failed-records.ts';
import { type ChangeParsers, CORE_PARSERS, parseStreamRecord } from '../adapters/dynamodb/stream-record.ts';
import { type Counted, countedOf } from '../domain/statistics.ts';
import { requiredVariable } from '../wiring/environment.ts';
import { createLogger } from '../runtime/logger.ts';
import { readBatch } from '../runtime/stream-batch.ts';
import { catalogueInForce } from '../wiring/catalogue.ts';

const DEADLINE_MS = 50_000;

const store = createStore(requiredVariable('table'), catalogueInForce());
const failedRecords = connectFailedRecords(requiredVariable('failedRecordsBucket'));
const logger = createLogger('statistics');

/**
 * Counts the table's changes in the statistics. Lambda sends a batch that failed again, whole or in halves. Nothing counts
 * twice. The handler throws a BusyError.
 */
export function statistics<Change>(
  parsers: ChangeParsers<Change>,
  countedOf: (change: Change) => Counted | null,
) {
  return async ({ Records }: DynamoDBStreamEvent): Promise<void> => {
    const records = await readBatch(Records, {
      parse: (record) => parseStreamRecord(record, parsers),
      setAside: (record) => setAside(failedRecords, 'statistics', record),
      logger,
    });
    const counted = records.flatMap(({ change }) => countedOf(change) ?? []);
    await countOnce(store, counted, deadlineIn(DEADLINE_MS));
  };
}

export const handler = statistics(CORE_PARSERS, countedOf);
