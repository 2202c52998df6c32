import type { Logger } from '@aws-lambda-powertools/logger';
import type { DynamoDBRecord } from 'aws-lambda';
import { parseStreamRecord } from '../adapters/dynamodb/stream-record.ts';
import { type FailedRecords, setAside } from '../adapters/failed-records.ts';
import { type RecordChange } from '../domain/changes.ts';

/** A record of the stream that has been understood. */
export interface ReadRecord {
  sequenceNumber: string;
  change: RecordChange;
}

/** By which Lambda names a record that has to come again. */
export function sequenceNumberOf(record: DynamoDBRecord): string {
  return record.dynamodb?.SequenceNumber ?? '';
}

/**
 * Reads a batch of the stream. A record that can't be understood (of an unknown kind, by an older version, without a
 * field) would never be: it is reported and set aside whole, and the others go on.
 *
 * @throws Error when it could not be set aside either; then the batch has to come again
 */
export async function readBatch(
  records: readonly DynamoDBRecord[],
  { consumer, failedRecords, logger }: { consumer: string; failedRecords: FailedRecords; logger: Logger },
): Promise<ReadRecord[]> {
  const understood: ReadRecord[] = [];
  for (const record of records) {
    try {
      understood.push({ sequenceNumber: sequenceNumberOf(record), change: parseStreamRecord(record) });
    } catch (error) {
      // The keys name the item; what it holds may be personal, and stays out of the log.
      logger.error('A record of the stream was set aside.', {
        keys: record.dynamodb?.Keys,
        sequenceNumber: sequenceNumberOf(record),
        error,
      });
      await setAside(failedRecords, consumer, record);
    }
  }
  return understood;
}
