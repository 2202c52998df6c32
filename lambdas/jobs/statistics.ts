import type { DynamoDBStreamEvent } from 'aws-lambda';
import { deadlineIn } from '../runtime/deadline.ts';
import { countOnce } from '../commands/count-once.ts';
import { createStore } from '../adapters/dynamodb/store.ts';
import { connectFailedRecords, setAside } from '../adapters/failed-records.ts';
import { parseAnyRecord } from '../letters/adapters/stream-record.ts';
import { type AnyChange } from '../letters/domain/changes.ts';
import { countedOf } from '../letters/domain/statistics.ts';
import { requiredVariable } from '../wiring/environment.ts';
import { createLogger } from '../runtime/logger.ts';
import { readBatch, type StreamReader } from '../runtime/stream-batch.ts';
import { catalogueInForce } from '../wiring/catalogue.ts';

const DEADLINE_MS = 50_000;

const store = createStore(requiredVariable('table'), catalogueInForce());
const failedRecords = connectFailedRecords(requiredVariable('failedRecordsBucket'));
const logger = createLogger('statistics');
const reader: StreamReader<AnyChange> = {
  parse: parseAnyRecord,
  setAside: (record) => setAside(failedRecords, 'statistics', record),
  logger,
};

/**
 * Counts the table's changes in the statistics. Lambda sends a batch that failed again, whole or in halves. Nothing counts
 * twice.
 *
 * @throws BusyError
 */
export async function handler({ Records }: DynamoDBStreamEvent): Promise<void> {
  const records = await readBatch(Records, reader);
  const counted = records.flatMap(({ change }) => countedOf(change) ?? []);
  await countOnce(store, counted, deadlineIn(DEADLINE_MS));
}
