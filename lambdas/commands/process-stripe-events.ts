import type { SQSBatchResponse, SQSRecord } from 'aws-lambda';
import { deadlineIn } from '../runtime/deadline.ts';
import { keepFailedEvent } from '../adapters/dynamodb/failed-events.ts';
import { isProcessed, recordProcessed } from '../adapters/dynamodb/processed-events.ts';
import { readEvent, type StripeEvent } from '../adapters/stripe/events.ts';
import { type Deadline } from '../domain/deadline.ts';
import { type FailureReason } from '../domain/failure-reasons.ts';
import { createLogger } from '../runtime/logger.ts';
import { handleQueueBatch } from '../runtime/queue-batch.ts';
import { patienceWith } from './event-patience.ts';
import { countPaymentIncidents, type PaymentIncident } from './payment-incidents.ts';
import { type EventHandlers, type EventRequest, type StripeServices, unchanged } from './stripe-handler.ts';

/** For each event. Those of one customer come one after the other, so that a batch may take as many times as long. */
const DEADLINE_MS = 15_000;
const CONCURRENCY = 5;

const logger = createLogger('stripe-events');

/** A message of the queue, and the event in it; null: it can't be read. */
type Message = SQSRecord & { event: StripeEvent | null };

/** Processes a batch of Stripe's events. */
export async function processStripeEvents(
  services: StripeServices,
  handlers: EventHandlers,
  records: readonly SQSRecord[],
  deadlineMs = DEADLINE_MS,
): Promise<SQSBatchResponse> {
  const incidents: PaymentIncident[] = [];
  const messages = records.map((record) => ({ ...record, event: readOrNull(record) }));
  const response = await handleQueueBatch<Message>(messages, {
    concurrency: CONCURRENCY,
    groupOf: ({ event, messageId }) => event?.customerId ?? messageId,
    handle: async (message) => {
      try {
        incidents.push(...(await process(services, handlers, message, deadlineIn(deadlineMs))));
      } catch (error) {
        incidents.push(...(await bear(services, message, error, deadlineIn(deadlineMs))));
      }
    },
    onFailure: (failure, message) => {
      const about = { ...aboutOf(message), ...failure };
      logger.warn('An event could not be processed, and will come again.', about);
    },
  });
  countPaymentIncidents(services.stage, incidents);
  return response;
}

function readOrNull({ body }: SQSRecord): StripeEvent | null {
  try {
    return readEvent(body);
  } catch {
    return null;
  }
}

function aboutOf({ messageId, event }: Message): { messageId: string; event?: string; type?: string } {
  return event === null ? { messageId } : { messageId, event: event.id, type: event.type };
}

/** @returns what somebody has to be told of */
async function process(
  services: StripeServices,
  handlers: EventHandlers,
  message: Message,
  deadline: Deadline,
): Promise<readonly PaymentIncident[]> {
  const { event, attributes } = message;
  const { store } = services;
  if (event === null) {
    return setAside(services, message, 'unreadable', deadline);
  }
  if (await isProcessed(store, event.id, deadline)) {
    return [];
  }
  const request: EventRequest = { event, sentAt: Number(attributes.SentTimestamp), deadline };
  const handle = Object.hasOwn(handlers, event.type) ? handlers[event.type] : undefined;
  const outcome =
    handle === undefined ? unchanged('not_followed', request.sentAt) : await handle(services, request);
  switch (outcome.outcome) {
    case 'done':
      for (const concern of outcome.concerns) {
        logger.error('A customer needs somebody to look at.', { ...aboutOf(message), concern });
      }
      return outcome.concerns;
    case 'unchanged': {
      const { because, at } = outcome;
      await recordProcessed(store, { id: event.id, type: event.type, outcome: because, at }, deadline);
      return [];
    }
    case 'failed':
      return setAside(services, message, outcome.reason, deadline);
  }
}

/** Lets a message come again later, or keeps its event. @throws the error, while the message is to come again */
async function bear(
  services: StripeServices,
  message: Message,
  error: unknown,
  deadline: Deadline,
): Promise<readonly PaymentIncident[]> {
  const patience = patienceWith(error, Number(message.attributes.ApproximateReceiveCount));
  switch (patience.next) {
    case 'set aside':
      logger.error('The last try of an event failed.', { ...aboutOf(message), error });
      return setAside(services, message, 'tries_used_up', deadline);
    case 'try again':
      // If the queue does not answer, the message rests as long as the queue itself says.
      await services.holdBack(message.receiptHandle, patience.restSeconds).catch((cause: unknown) => {
        logger.warn('An event could not be held back.', { ...aboutOf(message), cause });
      });
      throw error;
  }
}

async function setAside(
  services: StripeServices,
  message: Message,
  reason: FailureReason,
  deadline: Deadline,
): Promise<readonly PaymentIncident[]> {
  const { event, messageId, attributes, body } = message;
  logger.error('An event was set aside.', { ...aboutOf(message), reason });
  await keepFailedEvent(
    services.store,
    {
      id: event?.id ?? messageId,
      type: event?.type ?? 'unknown',
      reason,
      failedAt: Number(attributes.SentTimestamp),
      body,
    },
    deadline,
  );
  return reason === 'unknown_price' || reason === 'customer_without_user'
    ? ['failed_event', reason]
    : ['failed_event'];
}
