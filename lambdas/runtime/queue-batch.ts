import type { SQSBatchResponse, SQSRecord } from 'aws-lambda';
import { mapConcurrently } from './concurrency.ts';

type QueueMessage = Pick<SQSRecord, 'messageId' | 'attributes'>;

interface Handling<Message extends QueueMessage> {
  concurrency: number;
  /** The messages of a group are handled one after the other. Without it, each message is a group. */
  groupOf?: (message: Message) => string;
  handle: (message: Message) => Promise<void>;
  /** Logs that `handle` threw. */
  onFailure: (failure: { messageId: string; tries: string; error: unknown }, message: Message) => void;
}

/** Handles a batch of a queue. SQS sends a message that failed again, and at last sets it aside (G12). */
export async function handleQueueBatch<Message extends QueueMessage>(
  messages: readonly Message[],
  { concurrency, groupOf = ({ messageId }) => messageId, handle, onFailure }: Handling<Message>,
): Promise<SQSBatchResponse> {
  const groups = Map.groupBy(messages, groupOf);
  const batchItemFailures: SQSBatchResponse['batchItemFailures'] = [];
  await mapConcurrently([...groups.values()], concurrency, async (group) => {
    for (const message of group) {
      const { messageId, attributes } = message;
      try {
        await handle(message);
      } catch (error) {
        batchItemFailures.push({ itemIdentifier: messageId });
        onFailure({ messageId, tries: attributes.ApproximateReceiveCount, error }, message);
      }
    }
  });
  return { batchItemFailures };
}
