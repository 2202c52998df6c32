import { PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { setTimeout as wait } from 'node:timers/promises';
import { type SenderAnswer } from '../domain/delivery-life.ts';
import { type EventBus } from '../../adapters/eventbridge/publish.ts';
import { ANSWER_SOURCE } from '../wiring/bus-rules.ts';

/** A sender's answer to one attempt. */
export type DeliveryAnswer = { userId: string; deliveryId: string } & SenderAnswer;

/** The bus did not take an answer. */
class AnswerLostError extends Error {
  override name = 'AnswerLostError';
}

const TRIES = 4;
const FIRST_PAUSE_MS = 100;
const TRY_TIMEOUT_MS = 3_000;

/** Answers on the bus, as any sender does: docs/senders.md. @throws AnswerLostError */
export async function publishAnswer(bus: EventBus, answer: DeliveryAnswer): Promise<void> {
  const { userId, deliveryId, attempt } = answer;
  const result =
    answer.result === 'sent' ? { providerId: answer.providerId ?? undefined } : { failure: answer.failure };
  const entry = {
    EventBusName: bus.name,
    Source: ANSWER_SOURCE,
    DetailType: answer.result === 'sent' ? 'DeliverySent' : 'DeliveryFailed',
    Detail: JSON.stringify({ userId, deliveryId, attempt, ...result }),
  };
  for (let tries = 1; ; tries += 1) {
    try {
      const { FailedEntryCount = 0 } = await bus.client.send(new PutEventsCommand({ Entries: [entry] }), {
        abortSignal: AbortSignal.timeout(TRY_TIMEOUT_MS),
      });
      if (FailedEntryCount === 0) {
        return;
      }
      throw new AnswerLostError('The bus refused the answer.');
    } catch (error) {
      if (tries === TRIES) {
        throw new AnswerLostError(`The answer to ${deliveryId} was not taken.`, { cause: error });
      }
      await wait(Math.random() * FIRST_PAUSE_MS * 2 ** tries);
    }
  }
}
