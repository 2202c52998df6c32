import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';

/** A queue of SQS, and the client that sends to it. */
export interface Queue {
  client: SQSClient;
  url: string;
}

/** The queue did not take a message, as far as is known. */
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
