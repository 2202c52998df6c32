import type { Logger } from '@aws-lambda-powertools/logger';
import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { randomUUID } from 'node:crypto';
import * as z from 'zod/mini';
import { mapConcurrently } from '../../runtime/concurrency.ts';
import { deadlineIn } from '../../runtime/deadline.ts';
import { type Store } from '../../adapters/dynamodb/store.ts';
import { publishAnswer } from '../adapters/answers.ts';
import { type EventBus } from '../../adapters/eventbridge/publish.ts';
import { type RecipientOf, type Send } from '../adapters/senders/provider.ts';
import { type Channel } from '../domain/deliveries.ts';
import { sendDelivery } from './send-delivery.ts';

/** Less than the function's minute, and than the time for which a message stays hidden. */
const DEADLINE_MS = 45_000;
const CONCURRENCY = 5;

/** `DeliveryDue` as the bus puts it into a queue. */
const dueEvent = z.object({
  detail: z.object({
    userId: z.string(),
    data: z.object({ deliveryId: z.string(), attempt: z.int() }),
  }),
});

export interface Sender<C extends Channel> {
  store: Store;
  bus: EventBus;
  channel: C;
  send: Send<RecipientOf[C]>;
  logger: Logger;
}

/** Sends a batch of due deliveries. A message that is reported comes again later, and at last is set aside (G12). */
export async function sendDueDeliveries<C extends Channel>(
  sender: Sender<C>,
  { Records }: SQSEvent,
): Promise<SQSBatchResponse> {
  const failed: string[] = [];
  await mapConcurrently(Records, CONCURRENCY, async (record) => {
    try {
      await sendDue(sender, record);
    } catch (error) {
      failed.push(record.messageId);
      const tries = record.attributes.ApproximateReceiveCount;
      sender.logger.error('A delivery could not be sent.', { messageId: record.messageId, tries, error });
    }
  });
  return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
}

async function sendDue<C extends Channel>(
  { store, bus, channel, send, logger }: Sender<C>,
  record: SQSRecord,
): Promise<void> {
  const { detail } = dueEvent.parse(JSON.parse(record.body));
  const answer = await sendDelivery(
    store,
    channel,
    send,
    { userId: detail.userId, deliveryId: detail.data.deliveryId, attempt: detail.data.attempt },
    {
      claimId: randomUUID(),
      now: Number(record.attributes.SentTimestamp),
      deadline: deadlineIn(DEADLINE_MS),
      logger,
    },
  );
  if (answer !== null) {
    await publishAnswer(bus, answer);
  }
}
