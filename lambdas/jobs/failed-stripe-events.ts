import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { deadlineIn } from '../runtime/deadline.ts';
import { keepFailedEvent } from '../adapters/dynamodb/failed-events.ts';
import { createStore } from '../adapters/dynamodb/store.ts';
import { readEvent } from '../adapters/stripe/events.ts';
import { requiredVariable } from '../wiring/environment.ts';
import { createLogger } from '../runtime/logger.ts';
import { handleQueueBatch } from '../runtime/queue-batch.ts';
import { countPaymentIncidents } from '../commands/payment-incidents.ts';
import { catalogueInForce } from '../wiring/catalogue.ts';

/** The time for one message. A batch of five must fit into the function's time. */
const DEADLINE_MS = 4_000;

const store = createStore(requiredVariable('table'), catalogueInForce());
const stage = requiredVariable('stage');
const logger = createLogger('failed-stripe-events');

/**
 * Moves events that failed for good to the table, where people can list them and send them again. (Nobody can look into a
 * queue.) What fails here stays in its queue, which has an alarm of its own.
 */
export async function handler({ Records }: SQSEvent): Promise<SQSBatchResponse> {
  const incidents: 'failed_event'[] = [];
  const response = await handleQueueBatch(Records, {
    concurrency: 1,
    handle: async (record) => {
      const { id, type } = nameOf(record);
      const failedAt = Number(record.attributes.ApproximateFirstReceiveTimestamp);
      const kept = { id, type, reason: 'tries_used_up', failedAt, body: record.body } as const;
      await keepFailedEvent(store, kept, deadlineIn(DEADLINE_MS));
      incidents.push('failed_event');
      logger.error('An event has failed for good.', { event: id, type });
    },
    onFailure: (failure) => {
      logger.error('A failed event could not be kept.', failure);
    },
  });
  countPaymentIncidents(stage, incidents);
  return response;
}

function nameOf({ body, messageId }: SQSRecord): { id: string; type: string } {
  try {
    return readEvent(body);
  } catch {
    return { id: messageId, type: 'unknown' };
  }
}
