import type { SQSBatchResponse, SQSRecord } from 'aws-lambda';
import { mapConcurrently } from '../runtime/concurrency.ts';
import { deadlineIn } from '../runtime/deadline.ts';
import { keepFailedEvent } from '../adapters/dynamodb/failed-events.ts';
import { isProcessed, recordProcessed } from '../adapters/dynamodb/processed-events.ts';
import { readEvent, type StripeEvent } from '../adapters/stripe/events.ts';
import { type Deadline } from '../domain/deadline.ts';
import { type FailureReason } from '../domain/failure-reasons.ts';
import { createLogger } from '../runtime/logger.ts';
import { countPaymentIncidents, type PaymentIncident } from './payment-incidents.ts';
import { type EventHandlers, type EventRequest, type StripeServices, unchanged } from './stripe-handler.ts';

/** For each event. Those of one customer come one after the other, so that a batch may take as many times as long. */
const DEADLINE_MS = 15_000;
const CONCURRENCY = 5;

const logger = createLogger('stripe-events');

/** A message of the queue, and the event in it; null: it can't be read. */
interface Message {
  record: SQSRecord;
  event: StripeEvent | null;
}

/** Processes a batch of Stripe's events. A message that is reported comes again later, and at last is set aside (G12). */
export async function processStripeEvents(
  services: StripeServices,
  handlers: EventHandlers,
  records: readonly SQSRecord[],
  deadlineMs = DEADLINE_MS,
): Promise<SQSBatchResponse> {
  const messages = records.map((record) => ({ record, event: readOrNull(record) }));
  const byCustomer = Map.groupBy(messages, ({ event, record }) => event?.customerId ?? record.messageId);
  const incidents: PaymentIncident[] = [];
  const failed = await mapConcurrently([...byCustomer.values()], CONCURRENCY, async (ofCustomer) => {
    const unprocessed: string[] = [];
    for (const message of ofCustomer) {
      try {
        incidents.push(...(await process(services, handlers, message, deadlineIn(deadlineMs))));
      } catch (error) {
        unprocessed.push(message.record.messageId);
        logger.warn('An event could not be processed, and will come again.', {
          ...aboutOf(message),
          tries: message.record.attributes.ApproximateReceiveCount,
          error,
        });
      }
    }
    return unprocessed;
  });
  countPaymentIncidents(services.stage, incidents);
  return { batchItemFailures: failed.flat().map((itemIdentifier) => ({ itemIdentifier })) };
}

function readOrNull({ body }: SQSRecord): StripeEvent | null {
  try {
    return readEvent(body);
  } catch {
    return null;
  }
}

function aboutOf({ record, event }: Message): { messageId: string; event?: string; type?: string } {
  const { messageId } = record;
  return event === null ? { messageId } : { messageId, event: event.id, type: event.type };
}

/** @returns what somebody has to be told of */
async function process(
  services: StripeServices,
  handlers: EventHandlers,
  message: Message,
  deadline: Deadline,
): Promise<readonly PaymentIncident[]> {
  const { record, event } = message;
  const { store } = services;
  if (event === null) {
    return setAside(services, message, 'unreadable', deadline);
  }
  if (await isProcessed(store, event.id, deadline)) {
    return [];
  }
  const request: EventRequest = { event, sentAt: Number(record.attributes.SentTimestamp), deadline };
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

async function setAside(
  services: StripeServices,
  message: Message,
  reason: FailureReason,
  deadline: Deadline,
): Promise<readonly PaymentIncident[]> {
  const { record, event } = message;
  logger.error('An event was set aside.', { ...aboutOf(message), reason });
  await keepFailedEvent(
    services.store,
    {
      id: event?.id ?? record.messageId,
      type: event?.type ?? 'unknown',
      reason,
      failedAt: Number(record.attributes.SentTimestamp),
      body: record.body,
    },
    deadline,
  );
  return reason === 'unknown_price' || reason === 'customer_without_user'
    ? ['failed_event', reason]
    : ['failed_event'];
}
