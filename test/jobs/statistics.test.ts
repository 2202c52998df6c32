import { describe, expect, it } from '@jest/globals';
import { DeleteItemCommand } from '@aws-sdk/client-dynamodb';
import type { DynamoDBRecord } from 'aws-lambda';
import fc from 'fast-check';
import { randomUUID } from 'node:crypto';
import { takeStep } from '../../lambdas/letters/commands/take-step.ts';
import { deleteLetter } from '../../lambdas/letters/commands/delete-letter.ts';
import { getAggregateUsageStats } from '../../lambdas/letters/commands/aggregate-usage-stats.ts';
import { getDailyStatistics } from '../../lambdas/commands/usage-statistics.ts';
import { deductMailCredit } from '../../lambdas/letters/commands/schedule-delivery.ts';
import { trackConsumption } from '../../lambdas/commands/track-consumption.ts';
import { type Delivery } from '../../lambdas/letters/domain/deliveries.ts';
import {
  answerDelivery,
  cancelDelivery,
  dispatchDelivery,
  reportDelivery,
} from '../../lambdas/letters/domain/delivery-life.ts';
import { abandonPayment, followCharge, noteIntent } from '../../lambdas/letters/domain/delivery-payment.ts';
import { DAY_MS, HOUR_MS, type Instant } from '../../lambdas/domain/instants.ts';
import { type LifeDecision } from '../../lambdas/letters/domain/life-decisions.ts';
import { addTotals, type DayStatistics, type Totals } from '../../lambdas/domain/statistics.ts';
import { STREAM_CONSUMERS } from '../../lambdas/letters/wiring/stream-filters.ts';
import { passes } from '../../local/stream-filter.ts';
import { active, at } from '../support/accounts.ts';
import { countRecords } from '../support/counted-records.ts';
import { streamRecord, useStream } from '../support/stream.ts';
import { plentyOfTime } from '../support/table.ts';
import { ADDRESS, givenPlan, request, scheduleEmail, writeLetter, using } from '../support/users.ts';
import { givenCharge } from '../support/delivery-lives.ts';

const suite = useStream();
/** What cards do counts on the day on which the table is written, which is today. */
const ALL_DAYS = { first: '2026-01-01', last: '2035-12-31' };

/** Everything is met but what is bought or taken back, in the users' winter. */
const MET = [
  'cardMails',
  'cardMailsSent',
  'cardPaymentsFailed',
  'cardRefunds',
  'cardRefundsCents',
  'cardRevenueCents',
  'convertedPeriods',
  'creditMailsSent',
  'creditPeriods',
  'creditsExpired',
  'creditsGranted',
  'creditsUsed',
  'exhaustedPeriods',
  'periodCreditsLeft',
  'periodCreditsUsed',
  'reportedPeriodMails',
  'reportedPeriods',
  'used:emails',
  'used:letters',
  'used:mails',
];

/** Some users' winter: letters, deliveries, counted usage, changes of plan, rollovers, deleted letters. */
async function liveThroughTheWinter(users: readonly string[]): Promise<void> {
  const store = suite.store();
  for (const [index, userId] of users.entries()) {
    for (let day = index; day < 75; day += 5 + index) {
      await liveADay(userId, at('2026-01-05') + day * DAY_MS);
    }
    if (index % 2 === 0) {
      await givenPlan(store, userId, null, '2026-04-02');
    }
  }
}

async function liveADay(userId: string, now: Instant): Promise<void> {
  const store = suite.store();
  const day = new Date(now).getUTCDate();
  if (day % 3 === 0) {
    const plan = day % 2 === 0 ? 'enterprise' : 'pro';
    await givenPlan(store, userId, active({ plan, anchor: '2026-01-31' }), now);
  }
  const letter = await writeLetter(store, request(userId, now));
  const letterId = letter.outcome === 'created' ? letter.record.id : randomUUID();
  for (const end of day % 4 === 0 ? ENDS : ENDS.slice(0, 1)) {
    await sendMail(userId, letterId, now, end);
  }
  await scheduleEmail(store, request(userId, now + 1), letterId);
  await trackConsumption(
    store,
    request(userId, now),
    using({ letters: 2, ...(day % 2 === 0 ? {} : { mails: 1 }) }),
  );
  const other = await writeLetter(store, request(userId, now + DAY_MS));
  if (other.outcome === 'created' && day % 2 === 0) {
    await deleteLetter(store, userId, other.record.id, now + DAY_MS, plentyOfTime());
  }
}

/** What becomes of a mail that a credit or a card pays for. */
const ENDS = ['sent', 'came back', 'declined or failed', 'cancelled and refunded', 'not yet due'] as const;
type End = (typeof ENDS)[number];

async function sendMail(userId: string, letterId: string, now: Instant, end: End): Promise<void> {
  const store = suite.store();
  const context = request(userId, now);
  const order = { letterId, deliverAt: now + HOUR_MS, recipient: ADDRESS };
  const written = await deductMailCredit(store, context, order, () => Promise.resolve());
  if (!('record' in written)) {
    return;
  }
  const take = async (decide: (delivery: Delivery) => LifeDecision): Promise<void> => {
    const step = await takeStep(store, { ...context, now: now + HOUR_MS }, decide);
    expect(step.outcome).toBe('changed');
  };
  const later = now + HOUR_MS;
  if (written.record.status === 'pending_payment') {
    const intentId = `pi_${context.id}`;
    await take((delivery) => noteIntent(delivery, intentId));
    if (end === 'declined or failed') {
      return take((delivery) => abandonPayment(delivery, 'payment_declined', intentId, later));
    }
    await take((delivery) => followCharge(delivery, givenCharge({ intentId }), later));
  }
  switch (end) {
    case 'sent':
    case 'came back':
      await take((delivery) => dispatchDelivery(delivery, later));
      await take((delivery) => reportDelivery(delivery, { providerId: 'p', result: 'sent' }, later));
      return end === 'sent'
        ? undefined
        : take((delivery) =>
            reportDelivery(delivery, { providerId: 'p', result: 'failed', failure: 'f' }, later),
          );
    case 'declined or failed':
      await take((delivery) => dispatchDelivery(delivery, later));
      return take((delivery) =>
        answerDelivery(delivery, { attempt: 1, result: 'failed', failure: 'f' }, later),
      );
    case 'cancelled and refunded':
      await take((delivery) => cancelDelivery(delivery, later));
      if (written.record.payment === null) {
        return;
      }
      return take((delivery) =>
        followCharge(delivery, givenCharge({ intentId: `pi_${context.id}`, refundedCents: 300 }), later),
      );
    case 'not yet due':
      return;
  }
}

function piecesOf<Item>(items: readonly Item[], sizes: readonly number[]): Item[][] {
  const pieces: Item[][] = [];
  for (let start = 0, index = 0; start < items.length; index += 1) {
    const size = sizes[index % sizes.length] ?? 1;
    pieces.push(items.slice(start, start + size));
    start += size;
  }
  return pieces;
}

function wantedBy(
  consumer: keyof typeof STREAM_CONSUMERS,
  records: readonly DynamoDBRecord[],
): DynamoDBRecord[] {
  return records.filter((record) => passes(record, STREAM_CONSUMERS[consumer].filters));
}

describe('replaying the stream', () => {
  it('G12: twice from its start, in pieces of any size, counts each record once and publishes no event anew', async () => {
    const users = Array.from({ length: 6 }, () => randomUUID());
    await liveThroughTheWinter(users);
    const records = await suite.records();
    expect(records.length).toBeGreaterThan(400);
    const counted = await countRecords(suite.store(), records);
    expect(counted.length).toBeGreaterThan(30);
    const met = counted.map(({ totals }) => totals).reduce<Totals>(addTotals, {});
    expect(Object.keys(met).sort()).toEqual(MET);

    for (const piece of piecesOf(wantedBy('statistics', records), [37])) {
      await suite.statistics(piece);
    }
    expect(await getDailyStatistics(suite.store(), ALL_DAYS, plentyOfTime())).toEqual(counted);
    await suite.outbox(wantedBy('outbox', records));
    const events = Map.groupBy(suite.bus().events(), ({ id }) => id);
    // A credit that comes back and is used again reaches the threshold again: the same event.
    const repeated = [...events.values()].filter(({ length }) => length > 1).flat();
    expect([...new Set(repeated.map(({ name }) => name))]).toEqual(['UsageThresholdReached']);

    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 150 }), { minLength: 1, maxLength: 8 }),
        async (sizes) => {
          for (let times = 0; times < 2; times += 1) {
            for (const piece of piecesOf(records, sizes)) {
              await Promise.all([
                suite.statistics(wantedBy('statistics', piece)),
                suite.outbox(wantedBy('outbox', piece)),
              ]);
            }
          }
          expect(await getDailyStatistics(suite.store(), ALL_DAYS, plentyOfTime())).toEqual(counted);
          for (const event of suite.bus().events()) {
            expect(events.get(event.id)).toContainEqual(event);
          }
        },
      ),
      { numRuns: 3 },
    );
    const aggregate = await getAggregateUsageStats(suite.store(), ALL_DAYS, plentyOfTime());
    expect(aggregate.uniqueUsers).toBe(users.length);
    expect(aggregate.totalLetters).toBe(
      counted.reduce((sum, { totals }) => sum + (totals['used:letters'] ?? 0), 0),
    );
    expect(suite.objects().objects.size).toBe(0);
  });
});

describe('counting', () => {
  const letterOf = (userId: string, id: string, day: string): DynamoDBRecord =>
    streamRecord(
      { pk: `USER#${userId}`, sk: `LETTER#${id}` },
      { after: { id, title: '', createdAt: at(day) } },
    );
  const statisticsOf = async (day: string): Promise<DayStatistics | undefined> =>
    (await getDailyStatistics(suite.store(), { first: day, last: day }, plentyOfTime()))[0];

  it('counts records once that several workers count at the same time', async () => {
    const records = Array.from({ length: 130 }, (_, index) =>
      letterOf(`u${index % 70}`, `l${index}`, '2031-05-05'),
    );
    await Promise.all([
      suite.statistics(records),
      suite.statistics(records.slice(40)),
      suite.statistics([...records].reverse()),
    ]);
    expect(await statisticsOf('2031-05-05')).toMatchObject({
      totals: { 'used:letters': 130 },
      activeUsers: 70,
    });
  });

  it('counts the users of a day exactly, and those of a range by the sketches of its days and months', async () => {
    const days = ['2032-01-31', '2032-02-01', '2032-02-29', '2032-03-01'];
    await suite.statistics(
      days.flatMap((day, index) =>
        Array.from({ length: 100 }, (_, user) => letterOf(`u${index * 50 + user}`, `${day}-${user}`, day)),
      ),
    );
    const usersOf = async (first: string, last: string): Promise<number> =>
      (await getAggregateUsageStats(suite.store(), { first, last }, plentyOfTime())).uniqueUsers;
    expect(await usersOf('2032-01-31', '2032-01-31')).toBe(100);
    expect(await usersOf('2032-02-01', '2032-02-29')).toBe(150);
    expect(await usersOf('2032-01-31', '2032-03-01')).toBe(250);
    expect(await usersOf('2032-02-02', '2032-02-28')).toBe(0);
  });

  it('deleting a record lowers nothing', async () => {
    const record = letterOf('deleted', 'gone', '2033-01-01');
    await suite.statistics([record]);
    await suite.store().client.send(
      new DeleteItemCommand({
        TableName: suite.store().table,
        Key: { pk: { S: 'USER#deleted' }, sk: { S: 'LETTER#gone' } },
      }),
    );
    await suite.statistics([streamRecord({ pk: 'USER#deleted', sk: 'LETTER#gone' }, {})]);
    expect(await statisticsOf('2033-01-01')).toMatchObject({ totals: { 'used:letters': 1 } });
  });

  it('G12: sets aside whole what it does not understand, and counts the others', async () => {
    const bad = streamRecord({ pk: 'USER#u1', sk: 'USAGE#1' }, { after: { id: '1', letters: 'many' } });
    await suite.statistics([
      letterOf('u1', 'before', '2034-01-01'),
      bad,
      letterOf('u1', 'after', '2034-01-01'),
    ]);
    expect(await statisticsOf('2034-01-01')).toMatchObject({ totals: { 'used:letters': 2 }, activeUsers: 1 });
    expect([...suite.objects().objects.keys()]).toEqual([
      `failed-records/set-aside/statistics/${bad.eventID ?? ''}.json`,
    ]);
  });
});
