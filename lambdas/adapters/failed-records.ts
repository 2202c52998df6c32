import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import type { DynamoDBRecord } from 'aws-lambda';

/** The bucket that keeps unprocessed records whole. Lambda too puts there what keeps failing. */
export interface FailedRecords {
  client: S3Client;
  bucket: string;
}

export function connectFailedRecords(bucket: string): FailedRecords {
  const client = new S3Client({
    requestHandler: { requestTimeout: 5_000, throwOnRequestTimeout: true, connectionTimeout: 1_000 },
  });
  return { client, bucket };
}

/**
 * Keeps a record that a function can't understand, so that it blocks no other. Setting it aside again replaces it.
 *
 * The object is a stream event of one record, so that somebody can send it to the function again as it is.
 *
 * @param consumer the function that can't understand it
 */
export async function setAside(
  { client, bucket }: FailedRecords,
  consumer: string,
  record: DynamoDBRecord,
): Promise<void> {
  const id = record.eventID ?? record.dynamodb?.SequenceNumber ?? 'unnamed';
  await client.send(
    new PutObjectCommand({
      Bucket: bucket,
      Key: `set-aside/${consumer}/${id}.json`,
      Body: JSON.stringify({ Records: [record] }),
      ContentType: 'application/json',
    }),
  );
}
