import { describe, expect, it } from '@jest/globals';
import { DeleteItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import type { DynamoDBRecord } from 'aws-lambda';
import fc from 'fast-check';
import { randomUUID } from 'node:crypto';
import { writeSubscription } from '../../lambdas/adapters/dynamodb/accounts.ts';
import { kindOf } from '../../lambdas/adapters/dynamodb/keys.ts';
import { deleteLetter } from '../../lambdas/adapters/dynamodb/records.ts';
import { getAggregateUsageStats, getDailyStatistics } from '../../lambdas/adapters/dynamodb/statistics.ts';
import { trackConsumption } from '../../lambdas/adapters/dynamodb/tracking.ts';
import { DAY_MS, type Instant, utcDay } from '../../lambdas/domain/instants.ts';
import { type DayStatistics, NO_TOTALS } from '../../lambdas/domain/statistics.ts';
import { STREAM_CONSUMERS } from '../../lambdas/stream.ts';
import { passes } from '../../local/stream-filter.ts';
import { active, at } from '../support/accounts.ts';
import { streamRecord, useStream } from '../support/stream.ts';
import { plentyOfTime } from '../support/table.ts';
import { request, scheduleEmail, scheduleMail, writeLetter } from '../support/users.ts';

const suite = useStream();
const ALL_DAYS = { first: '2026-01-01', last: '2026-12-31' };

/** Some users' winter: letters, deliveries, counted usage, changes of plan, rollovers, deleted letters. */
async function liveThroughTheWinter(users: readonly string[]): Promise<void> {
  const store = suite.store();
  for (const [index, userId] of users.entries()) {
    for (let day = index; day < 75; day += 5 + index) {
      await liveADay(userId, at('2026-01-05') + day * DAY_MS);
    }
    if (index % 2 === 0) {
      await writeSubscription(store, userId, null, at('2026-04-02'), plentyOfTime());
    }
  }
}

async function liveADay(userId: string, now: Instant): Promise<void> {
  const store = suite.store();
  const day = new Date(now).getUTCDate();
  if (day % 3 === 0) {
    const plan = day % 2 === 0 ? 'enterprise' : 'pro';
    await writeSubscription(store, userId, active({ plan, anchor: '2026-01-31' }), now, plentyOfTime());
  }
  const letter = await writeLetter(store, request(userId, now));
  const letterId = letter.outcome === 'created' ? letter.record.id : randomUUID();
  await scheduleMail(store, request(userId, now), letterId);
  await scheduleEmail(store, request(userId, now + 1), letterId);
  await trackConsumption(store, request(userId, now), { letters: 2, emails: 0, mails: day % 2 });
  const other = await writeLetter(store, request(userId, now + DAY_MS));
  if (other.outcome === 'created' && day % 2 === 0) {
    await deleteLetter(store, userId, other.record.id, now + DAY_MS, plentyOfTime());
  }
}

/** What the records in the table say, counted the plain way. */
async function countRecords(): Promise<DayStatistics[]> {
  const { Items = [] } = await suite
    .store()
    .client.send(new ScanCommand({ TableName: suite.store().table, ConsistentRead: true }));
  const days = new Map<string, DayStatistics>();
  const active = new Map<string, Set<string>>();
  const dayAt = (instant: unknown): DayStatistics => {
    const day = utcDay(Number(instant));
    const statistics = days.get(day) ?? { day, ...NO_TOTALS, activeUsers: 0 };
    days.set(day, statistics);
    return statistics;
  };
  for (const item of Items.map((each) => unmarshall(each))) {
    const [pk, sk] = [String(item['pk']), String(item['sk'])];
    if (!pk.startsWith('USER#')) {
      continue;
    }
    const uses = usesOf(sk, item);
    if (uses !== null) {
      const day = dayAt(item['createdAt']);
      day.letters += uses.letters;
      day.emails += uses.emails;
      day.mails += uses.mails;
      const users = (active.get(day.day) ?? new Set()).add(pk);
      active.set(day.day, users);
      day.activeUsers = users.size;
    }
    for (const { at: instant, kind, amount } of movementsOf(sk, item)) {
      dayAt(instant)[TOTAL_OF_KIND[kind] ?? 'letters'] += Math.abs(amount);
    }
  }
  return [...days.values()].sort((one, other) => (one.day < other.day ? -1 : 1));
}

const TOTAL_OF_KIND: Record<string, keyof typeof NO_TOTALS> = {
  allowance: 'creditsGranted',
  use: 'creditsUsed',
  expiry: 'creditsExpired',
};

function usesOf(
  sk: string,
  item: Record<string, unknown>,
): { letters: number; emails: number; mails: number } | null {
  switch (kindOf(sk)) {
    case 'LETTER':
      return { letters: 1, emails: 0, mails: 0 };
    case 'DELIVERY':
      return {
        letters: 0,
        emails: item['channel'] === 'email' ? 1 : 0,
        mails: item['channel'] === 'mail' ? 1 : 0,
      };
    case 'USAGE':
      return {
        letters: Number(item['letters']),
        emails: Number(item['emails']),
        mails: Number(item['mails']),
      };
    default:
      return null;
  }
}

function movementsOf(
  sk: string,
  item: Record<string, unknown>,
): { at: unknown; kind: string; amount: number }[] {
  if (sk.startsWith('LEDGER#')) {
    return [{ at: item['at'], kind: String(item['kind']), amount: Number(item['amount']) }];
  }
  const movements = (item['movements'] ?? []) as { kind: string; amount: number }[];
  return sk.startsWith('PERIOD#')
    ? movements.map((movement) => ({ at: item['periodEnd'], ...movement }))
    : [];
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
    const counted = await countRecords();
    expect(counted.length).toBeGreaterThan(30);

    for (const piece of piecesOf(wantedBy('statistics', records), [37])) {
      await suite.statistics(piece);
    }
    expect(await getDailyStatistics(suite.store(), ALL_DAYS, plentyOfTime())).toEqual(counted);
    await suite.outbox(wantedBy('outbox', records));
    const events = new Map(
      suite
        .bus()
        .events()
        .map((event) => [event.id, event]),
    );
    expect(events.size).toBe(suite.bus().events().length);

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
            expect(events.get(event.id)).toEqual(event);
          }
        },
      ),
      { numRuns: 3 },
    );
    const aggregate = await getAggregateUsageStats(suite.store(), ALL_DAYS, plentyOfTime());
    expect(aggregate.uniqueUsers).toBe(users.length);
    expect(aggregate.totalLetters).toBe(counted.reduce((sum, { letters }) => sum + letters, 0));
    expect(suite.objects().objects.size).toBe(0);
  }, 120_000);
});

describe('counting', () => {
  const letterOf = (userId: string, id: string, day: string): DynamoDBRecord =>
    streamRecord(
      { pk: `USER#${userId}`, sk: `LETTER#${id}` },
      { after: { id, title: '', createdAt: at(day) } },
    );
  const statisticsOf = async (day: string): Promise<DayStatistics | undefined> =>
    (await getDailyStatistics(suite.store(), { first: day, last: day }, plentyOfTime()))[0];

  it('survives that the same records are counted at the same time', async () => {
    const records = Array.from({ length: 130 }, (_, index) =>
      letterOf(`u${index % 70}`, `l${index}`, '2031-05-05'),
    );
    await Promise.all([
      suite.statistics(records),
      suite.statistics(records.slice(40)),
      suite.statistics([...records].reverse()),
    ]);
    expect(await statisticsOf('2031-05-05')).toMatchObject({ letters: 130, activeUsers: 70 });
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
    expect(await statisticsOf('2033-01-01')).toMatchObject({ letters: 1 });
  });

  it('G12: sets aside whole what it does not understand, and counts the others', async () => {
    const bad = streamRecord({ pk: 'USER#u1', sk: 'USAGE#1' }, { after: { id: '1', letters: 'many' } });
    await suite.statistics([
      letterOf('u1', 'before', '2034-01-01'),
      bad,
      letterOf('u1', 'after', '2034-01-01'),
    ]);
    expect(await statisticsOf('2034-01-01')).toMatchObject({ letters: 2, activeUsers: 1 });
    expect([...suite.objects().objects.keys()]).toEqual([
      `failed-records/set-aside/statistics/${bad.eventID ?? ''}.json`,
    ]);
  });
});
