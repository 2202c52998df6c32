import '../support/silent-functions.ts';
import { describe, expect, it } from '@jest/globals';
import type { SQSRecord } from 'aws-lambda';
import { StripeUnavailableError } from '../../lambdas/adapters/stripe/errors.ts';
import { patienceWith } from '../../lambdas/commands/event-patience.ts';
import { processStripeEvents } from '../../lambdas/commands/process-stripe-events.ts';
import { type EventHandlers, unchanged } from '../../lambdas/commands/stripe-handler.ts';
import { listFailedEvents } from '../../lambdas/adapters/dynamodb/failed-events.ts';
import { DAY_MS, HOUR_MS } from '../../lambdas/domain/instants.ts';
import { eventAbout, messageOf, usePayments } from '../support/payments.ts';
import { plentyOfTime } from '../support/table.ts';

const MINUTE_MS = 60_000;
const START = Date.parse('2026-01-31T09:00:00Z');
const suite = usePayments('2026-01-31T09:00:00Z');

const AWAY = new StripeUnavailableError('Stripe does not answer.');
const QUEUE_RECEIVES = 1_000;
const QUEUE_KEEPS_MS = 14 * DAY_MS;

interface Waiting {
  record: SQSRecord;
  readyAt: number;
  receives: number;
}

/** What the queue does with events until all of them are done, with its own rules and a clock of its own. */
async function work(
  waiting: Waiting[],
  handlers: EventHandlers,
  clock: { now: number },
): Promise<{ mostReceives: number; doneAt: number }> {
  let mostReceives = 0;
  let isLost = false;
  while (waiting.length > 0) {
    clock.now = Math.max(clock.now, Math.min(...waiting.map(({ readyAt }) => readyAt)));
    const batch = waiting.filter(({ readyAt }) => readyAt <= clock.now).slice(0, 5);
    const held = new Map<string, number>();
    const records = batch.map((message) => {
      message.receives += 1;
      const attributes = { ...message.record.attributes, ApproximateReceiveCount: String(message.receives) };
      return { ...message.record, attributes };
    });
    const services = {
      ...suite.services(),
      holdBack: (receiptHandle: string, seconds: number) => {
        held.set(receiptHandle, seconds);
        return Promise.resolve();
      },
    };
    const { batchItemFailures } = await processStripeEvents(services, handlers, records);
    const failed = new Set(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
    for (const message of batch) {
      const { messageId, receiptHandle, attributes } = message.record;
      mostReceives = Math.max(mostReceives, message.receives);
      if (failed.has(messageId)) {
        message.readyAt = clock.now + (held.get(receiptHandle) ?? 0) * 1_000;
        isLost ||= message.receives >= QUEUE_RECEIVES;
        isLost ||= message.readyAt > Number(attributes.SentTimestamp) + QUEUE_KEEPS_MS;
      } else {
        waiting.splice(waiting.indexOf(message), 1);
      }
    }
    expect(isLost).toBe(false);
  }
  return { mostReceives, doneAt: clock.now };
}

function events(count: number, everyMs: number): Waiting[] {
  return Array.from({ length: count }, (_, index) => {
    const at = START + index * everyMs;
    const event = eventAbout('invoice.paid', { object: 'invoice', customer: `cus_${String(index)}` }, at);
    return { record: messageOf(JSON.stringify(event), at), readyAt: at, receives: 0 };
  });
}

describe('while Stripe is away', () => {
  // One event in four minutes stands for 240: each waits for itself.
  it('G12: for four hours, events wait and are then followed, and nobody has to do anything', async () => {
    const backAt = START + 4 * HOUR_MS;
    const clock = { now: START };
    const followed: string[] = [];
    const handlers: EventHandlers = {
      'invoice.paid': (_, { event, sentAt }) => {
        if (clock.now < backAt) {
          throw AWAY;
        }
        followed.push(event.id);
        return Promise.resolve(unchanged('followed', sentAt));
      },
    };
    const { mostReceives, doneAt } = await work(events(60, 4 * MINUTE_MS), handlers, clock);
    expect(new Set(followed).size).toBe(60);
    expect(mostReceives).toBeLessThan(12);
    expect(doneAt).toBeLessThanOrEqual(backAt + HOUR_MS);
    expect((await listFailedEvents(suite.store(), { limit: 1, after: null }, plentyOfTime())).items).toEqual(
      [],
    );
  });

  it('G12: for good, an event is kept before the queue forgets it', async () => {
    const waiting = events(1, MINUTE_MS);
    const handlers: EventHandlers = { 'invoice.paid': () => Promise.reject(AWAY) };
    await work(waiting, handlers, { now: START });
    const { items } = await listFailedEvents(suite.store(), { limit: 1, after: null }, plentyOfTime());
    expect(items).toMatchObject([{ type: 'invoice.paid', reason: 'tries_used_up' }]);
  });
});

describe('an event that fails by itself', () => {
  it('G12: is kept after twelve tries', async () => {
    const waiting = events(1, MINUTE_MS);
    const handlers: EventHandlers = { 'invoice.paid': () => Promise.reject(new Error('A mistake of ours.')) };
    const { mostReceives } = await work(waiting, handlers, { now: START });
    expect(mostReceives).toBe(12);
  });
});

describe('the rest of an event', () => {
  it('doubles up to an hour while Stripe is away', () => {
    const rests = [1, 2, 3, 4, 5, 6, 7, 299].map((tries) => patienceWith(AWAY, tries));
    const seconds = [120, 240, 480, 960, 1_920, 3_600, 3_600, 3_600];
    expect(rests).toEqual(seconds.map((restSeconds) => ({ next: 'try again', restSeconds })));
    expect(patienceWith(AWAY, 300)).toEqual({ next: 'set aside' });
  });
});
