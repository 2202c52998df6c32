import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  paginateListObjectsV2,
  type S3Client,
} from '@aws-sdk/client-s3';
import * as z from 'zod/mini';

export interface Bucket {
  s3: S3Client;
  lambda: LambdaClient;
  bucket: string;
  /** The functions on the table's stream, by their names in the keys. */
  consumers: Readonly<Record<string, string>>;
}

/** As Lambda keeps a batch that it has given up. */
const givenUp = z.object({
  requestContext: z.object({ functionArn: z.string() }),
  payload: z.string(),
});

const answer = z.nullish(z.object({ batchItemFailures: z._default(z.array(z.unknown()), []) }));

export async function listRecords({ s3, bucket: Bucket }: Bucket): Promise<string[]> {
  const keys: string[] = [];
  for await (const { Contents = [] } of paginateListObjectsV2({ client: s3 }, { Bucket })) {
    keys.push(...Contents.flatMap(({ Key }) => Key ?? []));
  }
  return keys;
}

/**
 * Hands an object to its function again, and deletes it when the function has processed it. Nothing counts twice, and events keep
 * their ids.
 *
 * @returns why it is still there; null when it is not
 */
export async function replayRecord(services: Bucket, Key: string): Promise<string | null> {
  const { s3, lambda, bucket, consumers } = services;
  const at = { Bucket: bucket, Key };
  const { Body, LastModified } = await s3.send(new GetObjectCommand(at));
  const text = String(await Body?.transformToString());
  const call = callOf(Key, text, consumers);
  if (call === null) {
    return 'no function on the stream has set it aside';
  }
  const { FunctionError, Payload } = await lambda.send(
    new InvokeCommand({ FunctionName: call.function, Payload: Buffer.from(call.payload) }),
  );
  if (FunctionError !== undefined) {
    return `the function broke off: ${FunctionError}`;
  }
  const said = Buffer.from(Payload ?? new Uint8Array()).toString();
  const failed = answer.parse(said === '' ? null : JSON.parse(said))?.batchItemFailures.length ?? 0;
  if (failed > 0) {
    return `${String(failed)} of its records failed again`;
  }
  // Under the same name, with the same text: only its time tells.
  const now = await s3.send(new HeadObjectCommand(at));
  if (now.LastModified?.getTime() !== LastModified?.getTime()) {
    return 'the function has set it aside again';
  }
  await s3.send(new DeleteObjectCommand(at));
  return null;
}

function callOf(
  key: string,
  text: string,
  consumers: Bucket['consumers'],
): { function: string; payload: string } | null {
  const [, name = ''] = /^set-aside\/([^/]+)\//.exec(key) ?? [];
  const consumer = consumers[name];
  if (consumer !== undefined) {
    return { function: consumer, payload: text };
  }
  if (!key.startsWith('aws/lambda/')) {
    return null;
  }
  const { requestContext, payload } = givenUp.parse(JSON.parse(text));
  return { function: requestContext.functionArn, payload };
}
