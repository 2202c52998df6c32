import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import * as z from 'zod/mini';
import { toWire } from '../../lambdas/adapters/dynamodb/items.ts';
import { DAY_MS, utcDay } from '../../lambdas/domain/instants.ts';
import { type Totals } from '../../lambdas/domain/statistics.ts';
import {
  ADMIN,
  type Administrator,
  administratorOf,
  appendTo,
  someSender,
  trailOf,
} from '../support/admin.ts';
import { eventually } from '../e2e/support/eventually.ts';
import { call } from '../support/api-client.ts';
import { usePostage } from '../support/server.ts';

const postage = usePostage();
let admin: Administrator;

beforeAll(async () => {
  admin = await administratorOf(postage());
});

afterEach(() => {
  expect(postage().errors).toEqual([]);
});

async function count(day: string, totals: Totals, activeUsers = 0): Promise<void> {
  const Item = toWire({ pk: 'STATS#DAYS', sk: day, ...totals, activeUsers });
  await postage().store.client.send(new PutItemCommand({ TableName: postage().store.table, Item }));
}

async function expectRefused(path: string, paths: readonly string[]): Promise<void> {
  const { body } = await admin.ask('GET', path);
  expect(body).toMatchObject({ status: 422, errors: paths.map((each) => ({ path: each })) });
}

describe('usage statistics', () => {
  it('add up the days of a range', async () => {
    for (const day of ['2020-02-28', '2020-02-29', '2020-03-01']) {
      await count(day, { 'used:letters': 2, 'used:emails': 1, 'used:mails': 1, creditsUsed: 1 }, 1);
    }
    expect(await admin.get('/usage-stats?start=2020-02-01&end=2020-02-29')).toMatchObject({
      totalLetters: 4,
      totalEmails: 2,
      totalMails: 2,
      totalMailCreditsUsed: 2,
    });
    expect(await admin.get('/usage-stats?start=2020-02-29&end=2020-02-29')).toEqual({
      totalLetters: 2,
      totalEmails: 1,
      totalMails: 1,
      totalMailCreditsUsed: 1,
      uniqueUsers: 1,
    });
    expect(await admin.get('/usage-stats?start=2010-01-01&end=2019-12-31')).toEqual({
      totalLetters: 0,
      totalEmails: 0,
      totalMails: 0,
      totalMailCreditsUsed: 0,
      uniqueUsers: 0,
    });
  });

  it.each([
    ['', ['start', 'end']],
    ['?start=2026-01-01', ['end']],
    ['?start=2026-01-02&end=2026-01-01', ['end']],
    ['?start=2016-01-01&end=2026-01-02', ['end']],
    ['?start=2026-02-29&end=2026-03-01', ['start']],
    ['?start=2026-1-1&end=today', ['start', 'end']],
    ['?start=2026-01-01T00:00:00Z&end=2026-01-02', ['start']],
    ['?start=2026-01-01&end=2026-01-02&user=ada', ['user']],
  ])('for %p are refused', async (query, paths) => {
    await expectRefused(`/usage-stats${query}`, paths);
  });
});

describe('the report of mails', () => {
  it('adds up the days of a month, and no other', async () => {
    const totals = { creditMailsSent: 3, cardMailsSent: 1, cardMails: 1, cardRevenueCents: 300 };
    const periods = { creditPeriods: 2, exhaustedPeriods: 2, reportedPeriods: 1, reportedPeriodMails: 3 };
    const disputes = { cardDisputes: 2, cardDisputesLost: 1 };
    await count('2024-02-01', totals);
    await count('2024-02-29', {
      ...totals,
      ...periods,
      periodCreditsUsed: 5,
      cardRefundsCents: 300,
      ...disputes,
    });
    await count('2024-01-31', { ...totals, cardPaymentsFailed: 7 });
    await count('2024-03-01', { ...totals, cardPaymentsFailed: 7 });
    expect(await admin.get('/reports/mail-credits?month=2024-02')).toEqual({
      month: '2024-02',
      mails: { delivered: 8, free: 6, paid: 2 },
      revenueCents: 300,
      refundedCents: 300,
      disputes: { opened: 2, won: 0, lost: 1 },
      mailsPerProUser: 3,
      rates: {
        creditUtilization: { value: 1, threshold: null, isCrossed: false },
        exhaustion: { value: 1, threshold: 0.5, isCrossed: true },
        payAsYouGoConversion: { value: 0, threshold: 0.05, isCrossed: true },
        failedPayments: { value: 0, threshold: 0.02, isCrossed: false },
        refunds: { value: 0.5, threshold: 0.05, isCrossed: true },
      },
    });
  });

  it('of a month without anything is zeros and nulls', async () => {
    const { mails, mailsPerProUser, rates } = await admin.get('/reports/mail-credits?month=0099-02');
    expect({ mails, mailsPerProUser, rates }).toMatchObject({
      mails: { delivered: 0, free: 0, paid: 0 },
      mailsPerProUser: null,
      rates: { creditUtilization: { value: null }, refunds: { value: null, isCrossed: false } },
    });
  });

  it('is there for the month that has begun, and refused for the next', async () => {
    const today = postage().clock.now();
    const thisMonth = utcDay(today).slice(0, 7);
    expect(await admin.get(`/reports/mail-credits?month=${thisMonth}`)).toMatchObject({ month: thisMonth });
    const [year, month] = thisMonth.split('-').map(Number);
    const nextMonth = utcDay(Date.UTC(year ?? 0, month ?? 0)).slice(0, 7);
    const { body } = await admin.ask('GET', `/reports/mail-credits?month=${nextMonth}`);
    expect(body).toMatchObject({
      status: 422,
      code: 'invalid',
      errors: [{ path: 'month', message: 'Expected a month that has begun.' }],
    });
  });

  it.each([
    ['', ['month']],
    ['?month=', ['month']],
    ['?month=2026', ['month']],
    ['?month=2026-13', ['month']],
    ['?month=2026-00', ['month']],
    ['?month=2026-1', ['month']],
    ['?month=26-1', ['month']],
    ['?month=2026-01&month=2026-02', ['month']],
    ['?month=%202026-01', ['month']],
    ['?month=2026-01-01', ['month']],
    ['?month=november', ['month']],
    ['?month=2026-01&user=ada', ['user']],
  ])('for %p is refused', async (query, paths) => {
    await expectRefused(`/reports/mail-credits${query}`, paths);
  });
});

describe('the audit trail', () => {
  it('is listed by day, by type and by user, and reading a user’s is recorded', async () => {
    const userId = `listed-${randomUUID()}`;
    const adjustment = { userId, reason: 'Why not?', data: { amount: 1 } };
    await appendTo(postage(), 'CreditsAdjusted', '2021-05-01', adjustment);
    await appendTo(postage(), 'SubscriptionChanged', '2021-05-01', { userId });
    await appendTo(postage(), 'SubscriptionChanged', '2021-05-02', { userId });
    await appendTo(postage(), 'RolloverFinished', '2021-05-01');
    const listed = async (query: string): Promise<unknown[]> =>
      (await admin.getPage(`/audit-events?${query}`)).items.map(({ type }) => type);
    expect(await listed('date=2021-05-01')).toHaveLength(3);
    expect(await listed('date=2021-05-01&type=RolloverFinished')).toEqual(['RolloverFinished']);
    expect(await listed('date=2021-05-03')).toEqual([]);
    expect(await trailOf(postage(), userId)).toHaveLength(3);
    expect(await listed(`date=2021-05-01&user=${userId}`)).toHaveLength(2);
    expect(await listed(`user=${userId}&type=CreditsAdjusted`)).toEqual(['CreditsAdjusted']);
    const { items } = await admin.getPage(`/audit-events?user=${userId}`);
    expect(items[0]).toMatchObject({
      type: 'UserDataRead',
      actor: 'admin-1',
      data: { route: 'GET /admin/audit-events' },
    });
    expect(items.at(-1)).toMatchObject({ at: '2021-05-01T09:00:00.000Z', actor: 'postage:test', userId });
  });

  it('of a day shows what was done to users, so that reading it is recorded', async () => {
    await admin.getPage('/audit-events?date=2021-05-04&type=CreditsAdjusted');
    const today = utcDay(postage().clock.now());
    const { items } = await admin.getPage(`/audit-events?date=${today}&type=UserDataRead&limit=1`);
    expect(items).toMatchObject([
      {
        actor: ADMIN,
        data: { route: 'GET /admin/audit-events', date: '2021-05-04', type: 'CreditsAdjusted' },
      },
    ]);
    expect(items[0]).not.toHaveProperty('userId');
  });

  it.each([
    ['', ['date']],
    ['?type=RolloverFinished', ['date']],
    ['?date=2026-02-30', ['date']],
    ['?date=2026-02-01&type=Nonsense', ['type']],
    ['?user=a%23b', ['user']],
    ['?date=2026-02-01&limit=0', ['limit']],
    ['?date=2026-02-01&actor=me', ['actor']],
  ])('for %p is refused', async (query, paths) => {
    await expectRefused(`/audit-events${query}`, paths);
  });
});

describe('the rollovers', () => {
  const run = (executionId: string): object => ({
    totalProcessed: 3,
    successCount: 3,
    errorCount: 0,
    errorRate: 0,
    processingTimeMs: 12,
    brokenShards: 0,
    unfinished: [],
    startedAt: '2026-01-01T00:00:01.000Z',
    executionId,
  });

  it('are those of a day, or of the last 30 days, page by page, newest first', async () => {
    const today = postage().clock.now();
    const days = [0, 0, 1, 29, 30].map((ago) => utcDay(today - ago * DAY_MS));
    for (const [index, day] of days.entries()) {
      await appendTo(postage(), 'RolloverFinished', day, {
        at: Date.parse(day) + index,
        data: run(`run-${index}`),
      });
      await appendTo(postage(), 'SubscriptionChanged', day);
    }
    const whole = await admin.getPage('/rollovers');
    expect(whole.items.map(({ executionId }) => executionId)).toEqual(['run-1', 'run-0', 'run-2', 'run-3']);
    expect(whole.items[0]).toEqual({
      at: `${days[0] ?? ''}T00:00:00.001Z`,
      executionId: 'run-1',
      totalProcessed: 3,
      successCount: 3,
      errorCount: 0,
      errorRate: 0,
      processingTimeMs: 12,
      brokenShards: 0,
    });
    const paged: object[] = [];
    let query = '?limit=1';
    while (query !== '') {
      const { items, nextCursor } = await admin.getPage(`/rollovers${query}`);
      expect(items.length).toBeLessThanOrEqual(1);
      paged.push(...items);
      query = nextCursor === null ? '' : `?limit=1&cursor=${nextCursor}`;
    }
    expect(paged).toEqual(whole.items);
    expect((await admin.getPage(`/rollovers?date=${days[4] ?? ''}`)).items).toHaveLength(1);
  });

  it('of a cron call are found by the id that it answered, and who started them is in the audit trail', async () => {
    const token = postage().cronSecret;
    expect((await call(postage(), 'POST', '/cron/rollover-usage', { token })).status).toBe(200);
    const today = utcDay(postage().clock.now());
    const { items } = await admin.getPage(`/audit-events?date=${today}&type=JobStarted`);
    expect(items).toMatchObject([{ actor: 'postage:cron', data: { job: 'rollover-usage' } }]);
    const { executionId } = z.parse(z.object({ executionId: z.string() }), items[0]?.['data']);
    const runs = await admin.getPage(`/rollovers?date=${today}`);
    expect(runs.items).toContainEqual(expect.objectContaining({ executionId }));
  });
});

describe('a cursor', () => {
  it('of one list is refused by every other', async () => {
    const user = await someSender(postage());
    const other = await someSender(postage());
    const day = '2021-06-01';
    await appendTo(postage(), 'CreditsAdjusted', day, { userId: user.id });
    await appendTo(postage(), 'CreditsAdjusted', day, { userId: user.id });
    const paths = [
      `/users/${user.id}/export?`,
      `/users/${other.id}/export?`,
      `/audit-events?date=${day}&`,
      `/audit-events?user=${user.id}&`,
      `/audit-events?date=${day}&user=${user.id}&`,
      `/audit-events?date=${day}&type=CreditsAdjusted&`,
      '/rollovers?',
      `/rollovers?date=${day}&`,
    ];
    for (const path of paths) {
      const { nextCursor } = await admin.getPage(`${path}limit=1`);
      for (const elsewhere of paths.filter((each) => each !== path && nextCursor !== null)) {
        const { body } = await admin.ask('GET', `${elsewhere}limit=1&cursor=${nextCursor ?? ''}`);
        expect(body).toMatchObject({ status: 422, errors: [{ path: 'cursor' }] });
      }
    }
    const { nextCursor } = await admin.getPage(`/audit-events?date=${day}&limit=1`);
    const next = await admin.get(`/audit-events?date=${day}&limit=1&cursor=${nextCursor ?? ''}`);
    expect(next).toMatchObject({ items: [{ type: 'CreditsAdjusted' }] });
  });
});

describe('what follows from the stream', () => {
  it('G2: records an adjustment once, with who made it and why, and outlives an erasure', async () => {
    await postage().followStream();
    const user = await someSender(postage());
    const body = { amount: 2, reason: 'Lost in the post.' };
    await admin.adjust(user.id, body, 'once');
    await admin.adjust(user.id, body, 'once');
    expect((await admin.ask('DELETE', `/users/${user.id}`)).body).toMatchObject({ erased: true });
    // The stream keeps the order: once a later user's change is recorded, all of the erasure's are.
    const later = await someSender(postage());
    await eventually('a record of the later user', async () => {
      const [record] = await trailOf(postage(), later.id);
      return record ?? null;
    });
    const trail = await trailOf(postage(), user.id);
    expect(trail.filter(({ type }) => type === 'CreditsAdjusted')).toMatchObject([
      { actor: ADMIN, reason: body.reason, data: { amount: 2 } },
    ]);
    const day = utcDay(postage().clock.now());
    const stats = await eventually('a count of both letters', async () => {
      const counted = await admin.get(`/usage-stats?start=${day}&end=${day}`);
      return Number(counted['totalLetters']) < 2 ? null : counted;
    });
    expect(stats['uniqueUsers']).toBeGreaterThanOrEqual(2);
  });
});
