import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import * as z from 'zod/mini';
import { deadlineIn } from '../../runtime/deadline.ts';
import { takeStep } from '../commands/take-step.ts';
import { createStore } from '../../adapters/dynamodb/store.ts';
import { answerDelivery, reportDelivery, type SenderAnswer } from '../domain/delivery-life.ts';
import { type Delivery, FAILURE } from '../domain/deliveries.ts';
import { type LifeDecision } from '../domain/life-decisions.ts';
import { isSesEvent, reportOf } from '../adapters/senders/ses-events.ts';
import { requiredVariable } from '../../wiring/environment.ts';
import { createLogger } from '../../runtime/logger.ts';
import { handleQueueBatch } from '../../runtime/queue-batch.ts';
import { catalogueInForce } from '../../wiring/catalogue.ts';

const DEADLINE_MS = 20_000;
const CONCURRENCY = 5;

const store = createStore(requiredVariable('table'), catalogueInForce());
const logger = createLogger('delivery-answers');

const about = {
  userId: z.string().check(z.minLength(1), z.maxLength(128)),
  deliveryId: z.string().check(z.minLength(1), z.maxLength(64)),
  attempt: z.int().check(z.gte(1)),
};

/** A sender's answer as the bus puts it into the queue. docs/senders.md says what senders answer. */
const answerEvent = z.discriminatedUnion('detail-type', [
  z.object({
    'detail-type': z.literal('DeliverySent'),
    detail: z.object({
      ...about,
      providerId: z.optional(z.string().check(z.minLength(1), z.maxLength(200))),
    }),
  }),
  z.object({
    'detail-type': z.literal('DeliveryFailed'),
    detail: z.object({ ...about, failure: z._default(z.string().check(z.regex(FAILURE)), 'rejected') }),
  }),
]);

/** Applies the senders' answers, and what SES says later. */
export async function handler({ Records }: SQSEvent): Promise<SQSBatchResponse> {
  return handleQueueBatch(Records, {
    concurrency: CONCURRENCY,
    handle: apply,
    onFailure: (failure) => {
      logger.error('An answer of a sender could not be applied.', failure);
    },
  });
}

async function apply(record: SQSRecord): Promise<void> {
  const event: unknown = JSON.parse(record.body);
  const now = Number(record.attributes.SentTimestamp);
  if (isSesEvent(event)) {
    const report = reportOf(event);
    if (report !== null) {
      const { userId, deliveryId, ...said } = report;
      await step(userId, deliveryId, now, (delivery) =>
        reportDelivery(delivery, { ...said, result: 'failed' }, now),
      );
    }
    return;
  }
  const answer = answerEvent.parse(event);
  const { userId, deliveryId } = answer.detail;
  await step(userId, deliveryId, now, (delivery) => answerDelivery(delivery, toAnswer(answer), now));
}

async function step(
  userId: string,
  deliveryId: string,
  now: number,
  decide: (delivery: Delivery) => LifeDecision,
): Promise<void> {
  const context = { userId, id: deliveryId, now, deadline: deadlineIn(DEADLINE_MS) };
  const taken = await takeStep(store, context, decide);
  switch (taken.outcome) {
    case 'changed':
    case 'unchanged':
      return;
    case 'refused':
      // The delivery was cancelled, has failed, or another attempt has followed. Nothing is left to do.
      logger.warn('An answer came too late.', { userId, deliveryId, refusal: taken.refusal });
      return;
    case 'missing':
    case 'erased':
      logger.warn('An answer is about a delivery that is not there.', { userId, deliveryId });
  }
}

function toAnswer(event: z.infer<typeof answerEvent>): SenderAnswer {
  const { attempt } = event.detail;
  return event['detail-type'] === 'DeliverySent'
    ? { attempt, result: 'sent', providerId: event.detail.providerId ?? null }
    : { attempt, result: 'failed', failure: event.detail.failure };
}
