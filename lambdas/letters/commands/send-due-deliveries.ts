import type { Logger } from '@aws-lambda-powertools/logger';
import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { randomUUID } from 'node:crypto';
import * as z from 'zod/mini';
import { deadlineIn } from '../../runtime/deadline.ts';
import { handleQueueBatch } from '../../runtime/queue-batch.ts';
import { type Store } from '../../adapters/dynamodb/store.ts';
import { publishAnswer } from '../adapters/answers.ts';
import { type EventBus } from '../../adapters/eventbridge/publish.ts';
import { connectQueue, holdBack, type Queue } from '../../adapters/queue.ts';
import { ProviderBusyError, type RecipientOf, type Send } from '../adapters/senders/provider.ts';
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
  /** Where the deliveries come from; null: what fails rests as the queue has it. */
  queue: Queue | null;
  logger: Logger;
}

export function queueAt(url: string | null): Queue | null {
  return url === null ? null : connectQueue(url);
}

/** A provider that is busy is asked again soon, and the less often the longer it stays so: its quota may be of a day. */
const BUSY_REST_SECONDS = 15;
const LONGEST_REST_SECONDS = 900;

/** Sends a batch of due deliveries, and publishes the answers. */
export async function sendDueDeliveries<C extends Channel>(
  { store, bus, channel, send, queue, logger }: Sender<C>,
  { Records }: SQSEvent,
): Promise<SQSBatchResponse> {
  return handleQueueBatch(Records, {
    concurrency: CONCURRENCY,
    handle: async ({ body, attributes, receiptHandle }) => {
      const { userId, data } = dueEvent.parse(JSON.parse(body)).detail;
      const now = Number(attributes.SentTimestamp);
      const context = { claimId: randomUUID(), now, deadline: deadlineIn(DEADLINE_MS), logger };
      const due = { userId, ...data };
      const answer = await sendDelivery(store, channel, send, due, context).catch(async (error: unknown) => {
        if (error instanceof ProviderBusyError && queue !== null) {
          const longest = BUSY_REST_SECONDS * Number(attributes.ApproximateReceiveCount);
          const rest = Math.min(LONGEST_REST_SECONDS, longest) * (0.5 + Math.random() / 2);
          await holdBack(queue, receiptHandle, Math.ceil(rest));
        }
        throw error;
      });
      if (answer !== null) {
        await publishAnswer(bus, answer);
      }
    },
    onFailure: (failure) => {
      logger.error('A delivery could not be sent.', failure);
    },
  });
}
