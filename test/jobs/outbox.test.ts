import { describe, expect, it } from '@jest/globals';
import { Logger } from '@aws-lambda-powertools/logger';
import { S3Client } from '@aws-sdk/client-s3';
import type { DynamoDBRecord } from 'aws-lambda';
import { randomUUID } from 'node:crypto';
import { deadlineIn } from '../../lambdas/runtime/deadline.ts';
import { listAuditRecords } from '../../lambdas/adapters/dynamodb/audit.ts';
import { connectEventBus, publishEvents } from '../../lambdas/adapters/eventbridge/publish.ts';
import { type PostageEvent } from '../../lambdas/letters/domain/events.ts';
import { active, at } from '../support/accounts.ts';
import { exception } from '../support/faulty-dynamodb.ts';
import { setAside } from '../../lambdas/adapters/failed-records.ts';
import { parseStreamRecord } from '../../lambdas/adapters/dynamodb/stream-record.ts';
import { PARSERS } from '../../lambdas/letters/adapters/stream-record.ts';
import { readBatch } from '../../lambdas/runtime/stream-batch.ts';
import { type Entry, streamRecord, useStream } from '../support/stream.ts';
import { LOCAL_AWS, plentyOfTime } from '../support/table.ts';
import { givenPlan, putStored } from '../support/users.ts';

const suite = useStream();

/** The records of so many new letters of one user. */
function letters(count: number): DynamoDBRecord[] {
  const userId = randomUUID();
  return Array.from({ length: count }, (_, index) => {
    const after = { id: `l${index}`, title: 'To myself', createdAt: at('2026-02-10') };
    return streamRecord({ pk: `USER#${userId}`, sk: `LETTER#l${index}` }, { after });
  });
}

function sequenceOf(record: DynamoDBRecord | undefined): string {
  return record?.dynamodb?.SequenceNumber ?? '';
}

function idsOf(entries: readonly Entry[]): string[] {
  return entries.map(({ Detail }) => (JSON.parse(Detail) as { id: string }).id);
}

describe('publishing', () => {
  it('sends ten at a time, under ids that repeats keep', async () => {
    const records = letters(25);
    expect(await suite.outbox(records)).toEqual({ batchItemFailures: [] });
    expect(
      suite
        .bus()
        .requests.map(({ length }) => length)
        .sort(),
    ).toEqual([10, 10, 5]);
    const first = idsOf(suite.bus().requests.flat());
    suite.bus().reset();
    await suite.outbox(records.slice(3));
    const again = idsOf(suite.bus().requests.flat());
    expect(new Set(first).size).toBe(25);
    expect(first).toEqual(expect.arrayContaining(again));
  });

  it('tells name, version, id, time, user and data', async () => {
    const userId = randomUUID();
    const after = { id: 'l1', title: 'To myself', createdAt: at('2026-02-10') };
    await suite.outbox([streamRecord({ pk: `USER#${userId}`, sk: 'LETTER#l1' }, { after })]);
    expect(suite.bus().events().at(-1)).toEqual({
      name: 'LetterCreated',
      version: 1,
      id: `LetterCreated:${userId}:l1`,
      at: '2026-02-10T00:00:00.000Z',
      userId,
      data: { letterId: 'l1', createdAt: '2026-02-10T00:00:00.000Z' },
    });
  });

  it('G12: sends an entry that failed among others again, alone', async () => {
    let failures = 2;
    suite.bus().failEntries(({ Detail }) => {
      if (!Detail.includes(':l3"') || failures === 0) {
        return null;
      }
      failures -= 1;
      return 'ThrottlingException';
    });
    expect(await suite.outbox(letters(5))).toEqual({ batchItemFailures: [] });
    expect(suite.bus().requests.map(({ length }) => length)).toEqual([5, 1, 1]);
  });

  it('G12: reports the records whose events keep failing, and publishes the others', async () => {
    const records = letters(15);
    suite.bus().failEntries(({ Detail }) => (/:l(4|12)"/.test(Detail) ? 'InternalFailure' : null));
    expect(await suite.outbox(records)).toEqual({
      batchItemFailures: [4, 12].map((index) => ({ itemIdentifier: sequenceOf(records[index]) })),
    });
    // In the batch, and three times alone.
    const tries = idsOf(suite.bus().requests.flat()).filter((id) => id.endsWith(':l4'));
    expect(tries).toHaveLength(4);
  });

  it.each(['MalformedDetail', 'InvalidArgument'])(
    'G12: sets aside whole, after one try, the record of an event that EventBridge refuses for ever: %s',
    async (code) => {
      const records = letters(15);
      suite.bus().failEntries(({ Detail }) => (Detail.includes(':l4"') ? code : null));
      expect(await suite.outbox(records)).toEqual({ batchItemFailures: [] });
      expect(idsOf(suite.bus().requests.flat()).filter((id) => id.endsWith(':l4'))).toHaveLength(1);
      const [[key, kept] = []] = suite.objects().objects;
      expect(key).toBe(`failed-records/set-aside/outbox/${records[4]?.eventID ?? ''}.json`);
      expect(JSON.parse(kept ?? '')).toEqual({ Records: [records[4]] });
    },
  );

  it('G12: reports the record of an event that the bus does not take for now', async () => {
    const records = letters(2);
    suite.bus().failEntries(({ Detail }) => (Detail.includes(':l1"') ? 'AccessDeniedException' : null));
    expect(await suite.outbox(records)).toEqual({
      batchItemFailures: [{ itemIdentifier: sequenceOf(records[1]) }],
    });
    expect(suite.objects().objects.size).toBe(0);
  });

  it('G12: reports every record when the bus is down', async () => {
    suite.bus().failRequests(500);
    const records = letters(3);
    const { batchItemFailures } = await suite.outbox(records);
    expect(batchItemFailures).toEqual(records.map((record) => ({ itemIdentifier: sequenceOf(record) })));
  });

  it('sends no request of more than 256 kB', async () => {
    const bus = connectEventBus('postage-test');
    const events: PostageEvent[] = Array.from({ length: 12 }, (_, index) => ({
      name: 'PeriodClosed',
      version: 1,
      id: `PeriodClosed:${index}`,
      at: '2026-02-10T00:00:00.000Z',
      userId: 'user',
      data: {
        period: '2026-01-01T00:00:00.000Z',
        endedAt: '2026-02-01T00:00:00.000Z',
        plan: 'pro',
        used: {},
        creditsUsed: 0,
        movements: Array.from({ length: 2_000 }, () => ({ kind: 'expiry' as const, amount: -1 })),
      },
    }));
    expect(await publishEvents(bus, events, plentyOfTime())).toEqual([]);
    expect(suite.bus().requests.flat()).toHaveLength(12);
    const details = suite
      .bus()
      .requests.map((entries) => entries.reduce((sum, { Detail }) => sum + Buffer.byteLength(Detail), 0));
    expect(details.length).toBeGreaterThan(2);
    expect(Math.max(...details)).toBeLessThanOrEqual(256 * 1024);
  });

  it('gives up when its time is up', async () => {
    suite.bus().failRequests(500);
    const bus = connectEventBus('postage-test');
    const event: PostageEvent = {
      name: 'LetterCreated',
      version: 1,
      id: 'LetterCreated:user:l1',
      at: '2026-02-10T00:00:00.000Z',
      userId: 'user',
      data: { letterId: 'l1', createdAt: '2026-02-10T00:00:00.000Z' },
    };
    expect(await publishEvents(bus, [event], deadlineIn(0))).toEqual([
      { event, reason: 'There was no time left.', isRefused: false },
    ]);
    expect(suite.bus().requests).toEqual([]);
  });
});

describe('records that nobody understands', () => {
  const user = { pk: 'USER#someone' };
  const bad = [
    ['of an unknown kind', streamRecord({ ...user, sk: 'POSTCARD#1' }, { after: { id: '1' } })],
    ['by an older version', streamRecord({ ...user, sk: 'ACCOUNT' }, { after: { letters: 3 } })],
    ['without an expected field', streamRecord({ ...user, sk: 'LETTER#1' }, { after: { id: '1' } })],
    ["that are no user's", streamRecord({ pk: 'STATS#DAYS', sk: '2026-02-10' }, { after: {} })],
    ['without keys', { eventID: 'no-keys', dynamodb: { SequenceNumber: '7' } } satisfies DynamoDBRecord],
  ] as const;

  it.each(bad)('%s: G12: are set aside whole and stand in nobody’s way', async (_, record) => {
    const [before, after] = letters(2);
    if (before === undefined || after === undefined) {
      throw new Error('There are two letters.');
    }
    expect(await suite.outbox([before, record, after])).toEqual({ batchItemFailures: [] });
    expect(suite.bus().requests.flat()).toHaveLength(2);
    const [[key, kept] = []] = suite.objects().objects;
    expect(key).toBe(`failed-records/set-aside/outbox/${record.eventID ?? ''}.json`);
    expect(JSON.parse(kept ?? '')).toEqual({ Records: [record] });
  });

  it('G12: that cannot be set aside make their batch come again', async () => {
    const client = new S3Client({ endpoint: 'http://127.0.0.1:9', maxAttempts: 1, ...LOCAL_AWS });
    const failedRecords = { client, bucket: 'failed-records' };
    const logger = new Logger({ logLevel: 'SILENT' });
    const batch = [...letters(1), bad[0][1]];
    const keep = (record: DynamoDBRecord): Promise<void> => setAside(failedRecords, 'outbox', record);
    const parse = (record: DynamoDBRecord) => parseStreamRecord(record, PARSERS);
    const reader = { parse, setAside: keep, logger };
    await expect(readBatch(batch, reader)).rejects.toThrow();
    client.destroy();
  });

  it('the books of an account that do not add up', async () => {
    const userId = randomUUID();
    await givenPlan(suite.store(), userId, active({ anchor: '2026-02-01' }), '2026-02-10');
    const [, record] = (await suite.records()).filter(
      ({ dynamodb }) => dynamodb?.Keys?.['pk']?.S === `USER#${userId}`,
    );
    const wrong = JSON.parse(
      JSON.stringify(record).replaceAll('"granted":{"N":"2"}', '"granted":{"N":"3"}'),
    ) as DynamoDBRecord;
    await suite.outbox([wrong]);
    expect(suite.objects().objects.size).toBe(1);
  });
});

describe('an account whose plan is being changed', () => {
  it('G12: is understood, although Lambda brings the id of its change as text', async () => {
    const { store } = suite;
    const userId = randomUUID();
    const facts = active({ anchor: '2026-02-01' });
    const account = await givenPlan(store(), userId, facts, '2026-02-10');
    const asked = { ...account, version: account.version + 1, openChange: 'ab'.repeat(16) };
    await putStored(store(), asked);
    const cancelled = { ...asked, version: asked.version + 1, plan: 'none', openChange: null };
    await putStored(store(), cancelled);

    const records = (await suite.records()).filter(({ dynamodb }) =>
      dynamodb?.Keys?.['pk']?.S?.includes(userId),
    );
    const told = JSON.stringify(records.map(({ dynamodb }) => dynamodb?.NewImage?.['openChange']));
    expect(told).toContain(`{"B":"${Buffer.from('ab'.repeat(16), 'hex').toString('base64')}"}`);
    expect(await suite.outbox(records)).toEqual({ batchItemFailures: [] });
    expect(suite.objects().objects.size).toBe(0);
  });
});

describe('the audit trail', () => {
  it('tells of a change of plan once, for its day and its user', async () => {
    const store = suite.store();
    const userId = randomUUID();
    await givenPlan(store, userId, active({ anchor: '2026-02-01' }), '2026-02-10');
    await givenPlan(store, userId, null, '2026-02-11');
    const records = await suite.records();
    for (let times = 0; times < 2; times += 1) {
      expect(await suite.outbox(records)).toEqual({ batchItemFailures: [] });
    }
    const page = { limit: 10, after: null };
    const { items } = await listAuditRecords(store, { userId }, page, plentyOfTime());
    expect(items.map(({ data }) => data)).toEqual([
      expect.objectContaining({ previousPlan: 'pro', plan: 'none' }),
      expect.objectContaining({ previousPlan: 'none', plan: 'pro' }),
    ]);
    const day = new Date(items[0]?.at ?? 0).toISOString().slice(0, 10);
    const ofDay = await listAuditRecords(
      store,
      { day, type: 'SubscriptionChanged' },
      { limit: 100, after: null },
      plentyOfTime(),
    );
    expect(ofDay.items.filter((record) => record.userId === userId)).toEqual(items);
  });

  it('G12: reports the changes of which it cannot take the records, and takes them when they come again', async () => {
    const store = suite.store();
    const userId = randomUUID();
    const written = at('2026-02-10');
    await givenPlan(store, userId, active({ anchor: '2026-02-01' }), written);
    const changes = (await suite.records()).filter(
      ({ dynamodb }) => dynamodb?.Keys?.['pk']?.S === `USER#${userId}`,
    );
    const account = changes.findLast(({ dynamodb }) => dynamodb?.Keys?.['sk']?.S === 'ACCOUNT');
    suite
      .proxy()
      .inject(({ body }) =>
        JSON.stringify(body).includes('AUDIT#') ? exception('AccessDeniedException') : null,
      );
    expect(await suite.outbox([...letters(2), ...changes, ...letters(2)])).toEqual({
      batchItemFailures: [{ itemIdentifier: sequenceOf(account) }],
    });
    suite.proxy().reset();
    expect(await suite.outbox(changes)).toEqual({ batchItemFailures: [] });
    const page = { limit: 10, after: null };
    const { items } = await listAuditRecords(store, { userId }, page, plentyOfTime());
    expect(items).toMatchObject([{ type: 'SubscriptionChanged' }]);
  });
});
