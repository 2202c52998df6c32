import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import type { DynamoDBRecord } from 'aws-lambda';

/** The bucket in which what could not be processed is kept whole; Lambda puts what keeps failing there too. */
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
 * Keeps a record that can't be understood, so that it stands in nobody's way. Setting it aside again replaces it.
 *
 * The object is a stream event of one record, as the function gets it: it can be sent to the function again as it is.
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
