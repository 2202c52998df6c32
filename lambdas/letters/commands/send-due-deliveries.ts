import type { Logger } from '@aws-lambda-powertools/logger';
import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { randomUUID } from 'node:crypto';
import * as z from 'zod/mini';
import { deadlineIn } from '../../runtime/deadline.ts';
import { handleQueueBatch } from '../../runtime/queue-batch.ts';
import { type Store } from '../../adapters/dynamodb/store.ts';
import { publishAnswer } from '../adapters/answers.ts';
import { type EventBus } from '../../adapters/eventbridge/publish.ts';
import { type RecipientOf, type Send } from '../adapters/senders/provider.ts';
import { type Channel } from '../domain/deliveries.ts';
import { sendDelivery } from './send-delivery.ts';

/** Less than the function's minute, and less than the time for which the queue hides a message. */
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

/** Sends a batch of due deliveries, and publishes the answers. */
export async function sendDueDeliveries<C extends Channel>(
  { store, bus, channel, send, logger }: Sender<C>,
  { Records }: SQSEvent,
): Promise<SQSBatchResponse> {
  return handleQueueBatch(Records, {
    concurrency: CONCURRENCY,
    handle: async ({ body, attributes }) => {
      const { userId, data } = dueEvent.parse(JSON.parse(body)).detail;
      const now = Number(attributes.SentTimestamp);
      const context = { claimId: randomUUID(), now, deadline: deadlineIn(DEADLINE_MS), logger };
      const answer = await sendDelivery(store, channel, send, { userId, ...data }, context);
      if (answer !== null) {
        await publishAnswer(bus, answer);
      }
    },
    onFailure: (failure) => {
      logger.error('A delivery could not be sent.', failure);
    },
  });
}
