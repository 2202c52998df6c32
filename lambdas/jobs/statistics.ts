import type { DynamoDBStreamEvent } from 'aws-lambda';
import { deadlineIn } from '../runtime/deadline.ts';
import { countOnce } from '../commands/count-once.ts';
import { createStore } from '../adapters/dynamodb/store.ts';
import { connectFailedRecords } from '../adapters/failed-records.ts';
import { countedOf } from '../domain/statistics.ts';
import { requiredVariable } from '../wiring/environment.ts';
import { createLogger } from '../runtime/logger.ts';
import { readBatch } from '../runtime/stream-batch.ts';

const DEADLINE_MS = 50_000;

const store = createStore(requiredVariable('table'));
const failedRecords = connectFailedRecords(requiredVariable('failedRecordsBucket'));
const logger = createLogger('statistics');

/**
 * Counts the table's changes in the statistics. A batch that fails comes again, whole or in halves: nothing counts
 * twice.
 *
 * @throws BusyError
 */
export async function handler({ Records }: DynamoDBStreamEvent): Promise<void> {
  const records = await readBatch(Records, { consumer: 'statistics', failedRecords, logger });
  const counted = records.flatMap(({ change }) => countedOf(change) ?? []);
  await countOnce(store, counted, deadlineIn(DEADLINE_MS));
}
