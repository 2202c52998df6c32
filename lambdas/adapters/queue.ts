import { ChangeMessageVisibilityCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';

/** A queue of SQS, and the client that sends to it. */
export interface Queue {
  client: SQSClient;
  url: string;
}

/** The queue did not take a message, or did not hold one back, as far as is known. */
class QueueUnavailableError extends Error {
  override name = 'QueueUnavailableError';
}

export function connectQueue(url: string): Queue {
  const client = new SQSClient({
    // A second try may queue twice, which every reader of SQS must expect anyway.
    maxAttempts: 2,
    requestHandler: { requestTimeout: 3_000, throwOnRequestTimeout: true, connectionTimeout: 1_000 },
  });
  return { client, url };
}

/**
 * Puts a JSON text into the queue as it is. (SQS refuses two characters that JSON allows; they go in by their escapes.)
 *
 * @throws QueueUnavailableError
 */
export async function enqueueJson({ client, url }: Queue, json: string): Promise<void> {
  const MessageBody = json.replaceAll('\uFFFE', String.raw`\uFFFE`).replaceAll('\uFFFF', String.raw`\uFFFF`);
  try {
    await client.send(new SendMessageCommand({ QueueUrl: url, MessageBody }));
  } catch (error) {
    throw new QueueUnavailableError('The queue did not take a message.', { cause: error });
  }
}

/**
 * A message that a function has received, and reports as failed, comes again after so many seconds.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ChangeMessageVisibility.html
 *
 * @param seconds at most 12 hours
 * @throws QueueUnavailableError
 */
export async function holdBack(
  { client, url }: Queue,
  receiptHandle: string,
  seconds: number,
): Promise<void> {
  const held = { QueueUrl: url, ReceiptHandle: receiptHandle, VisibilityTimeout: seconds };
  try {
    await client.send(new ChangeMessageVisibilityCommand(held));
  } catch (error) {
    throw new QueueUnavailableError('The queue did not hold a message back.', { cause: error });
  }
}
