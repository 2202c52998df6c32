import type { Logger } from '@aws-lambda-powertools/logger';
import type { DynamoDBRecord } from 'aws-lambda';

/** A record of the stream that has been understood. */
export interface ReadRecord<Change> {
  sequenceNumber: string;
  change: Change;
  /** As the stream brought it. */
  record: DynamoDBRecord;
}

/** What a consumer of the stream reads it with. */
export interface StreamReader<Change> {
  parse: (record: DynamoDBRecord) => Change;
  setAside: (record: DynamoDBRecord) => Promise<void>;
  logger: Logger;
}

/** By which Lambda names a record that has to come again. */
function sequenceNumberOf(record: DynamoDBRecord): string {
  return record.dynamodb?.SequenceNumber ?? '';
}

/**
 * Reads a batch of the stream. A record that can't be understood (of an unknown kind, by an older version, without a
 * field) would never be: it is reported and set aside whole, and the others go on.
 *
 * @throws Error when it could not be set aside either; then the batch has to come again
 */
export async function readBatch<Change>(
  records: readonly DynamoDBRecord[],
  { parse, setAside, logger }: StreamReader<Change>,
): Promise<ReadRecord<Change>[]> {
  const understood: ReadRecord<Change>[] = [];
  for (const record of records) {
    try {
      understood.push({ sequenceNumber: sequenceNumberOf(record), change: parse(record), record });
    } catch (error) {
      // The keys name the item; what it holds may be personal, and stays out of the log.
      logger.error('A record of the stream was set aside.', {
        keys: record.dynamodb?.Keys,
        sequenceNumber: sequenceNumberOf(record),
        error,
      });
      await setAside(record);
    }
  }
  return understood;
}
