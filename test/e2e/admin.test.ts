import { describe, expect, it } from '@jest/globals';
import * as z from 'zod/mini';
import { utcDay } from '../../lambdas/domain/instants.ts';
import { givenLetter, givenSubscriber, schedule } from './support/deeds.ts';
import { eventually } from './support/eventually.ts';
import { type Answer, ask, expectAnswer, get } from './support/http.ts';
import { useWorld } from './support/use-world.ts';

const world = useWorld();

const listed = z.object({ items: z.array(z.record(z.string(), z.unknown())) });

async function list(path: string): Promise<Record<string, unknown>[]> {
  return z.parse(listed, await get(world(), path, await world().adminToken())).items;
}

async function adjust(userId: string, key: string, amount: number): Promise<Answer> {
  const json = { amount, reason: 'Lost in the post.' };
  const token = await world().adminToken();
  return ask(world(), `POST /admin/users/${encodeURIComponent(userId)}/credit-adjustments`, {
    token,
    key,
    json,
  });
}

const rate = z.object({
  value: z.nullable(z.number()),
  threshold: z.nullable(z.number()),
  isCrossed: z.boolean(),
});
const reported = z.object({
  mails: z.object({ delivered: z.int(), free: z.int(), paid: z.int() }),
  mailsPerProUser: z.nullable(z.number()),
  rates: z.object({ creditUtilization: rate, exhaustion: rate }),
});

const rolloverCall = z.object({ job: z.literal('rollover-usage'), executionId: z.string() });

describe('an administrator', () => {
  it('G2, G4: corrects credits once, as the user and the books show', async () => {
    const { userId, token } = await givenSubscriber(world(), 'proAdjusted', { plan: 'pro' });
    const given = await adjust(userId, 'one', 3);
    expectAnswer(given, 201, { kind: 'adjustment_up', amount: 3, available: 5 });
    const repeated = await adjust(userId, 'one', 3);
    expectAnswer(repeated, 201, given.body);
    expect(repeated.headers.get('idempotent-replayed')).toBe('true');
    expectAnswer(await adjust(userId, 'two', -6), 409, { code: 'illegal_transition', available: 5 });
    expectAnswer(await adjust(userId, 'two', 0), 422, { code: 'invalid' });
    expect(await get(world(), '/credits', token)).toMatchObject({ available: 5, granted: 5 });

    const adminToken = await world().adminToken();
    const path = `/admin/users/${encodeURIComponent(userId)}`;
    expect(await get(world(), path, adminToken)).toMatchObject({
      userId,
      entitlements: await get(world(), '/entitlements', token),
      credits: { available: 5, purchased: 3 },
    });
    expect(await get(world(), `${path}/ledger-proof`, adminToken)).toMatchObject({ holds: true });
    const trail = await list(`/admin/audit-events?user=${encodeURIComponent(userId)}&type=UserDataRead`);
    expect(trail.map(({ data }) => data)).toEqual([
      { route: 'GET /admin/users/{userId}/ledger-proof' },
      { route: 'GET /admin/users/{userId}' },
    ]);
  });

  it('sees the catalogue in force', async () => {
    expect(await get(world(), '/admin/catalogue', await world().adminToken())).toMatchObject({
      since: expect.stringMatching(/Z$/),
      catalogue: { meters: { letters: {}, emails: {}, mails: {} } },
    });
  });

  it('exports and erases a user, who is gone at once', async () => {
    const user = await givenSubscriber(world(), 'proErased', { plan: 'pro' });
    const letterId = await givenLetter(world(), user);
    expectAnswer(await schedule(world(), user, letterId, 'mail'), 201);
    const path = `/admin/users/${encodeURIComponent(user.userId)}`;
    const exported = await list(`${path}/export?limit=100`);
    expect(exported.map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(['ACCOUNT', 'DELIVERY', 'LEDGER', 'LETTER']),
    );

    const token = await world().adminToken();
    expectAnswer(await ask(world(), `DELETE ${path}`, { token }), 200, { erased: true });
    const { erasedAt, ...others } = await get(world(), path, token);
    expect([typeof erasedAt, others]).toEqual(['string', { userId: user.userId }]);
    for (const request of ['GET /usage', 'GET /entitlements', 'GET /credits']) {
      expectAnswer(await ask(world(), request, { token: user.token }), 403, { code: 'forbidden' });
    }
    expectAnswer(await ask(world(), `GET /letters/${letterId}`, { token: user.token }), 404);
    const left = await list(`${path}/export?limit=100`);
    expect(left.map(({ kind }) => kind)).toEqual(['ACCOUNT']);
  });

  it('sees runs of the rollover, who called for them, and totals of valid ranges of days', async () => {
    const run = await ask(world(), 'POST /cron/rollover-usage', { token: world().cronSecret });
    expectAnswer(run, 200);
    const day = utcDay(await world().now());
    const calls = await list(`/admin/audit-events?date=${day}&type=JobStarted&limit=100`);
    expect(calls[0]).toMatchObject({ actor: 'postage:cron' });
    const called = calls.flatMap(({ data }) => z.safeParse(rolloverCall, data).data?.executionId ?? []);
    expect(called).not.toEqual([]);
    // Other files call for runs meanwhile, which have not ended yet.
    const ended = (await list(`/admin/rollovers?date=${day}&limit=100`)).filter(({ executionId }) =>
      called.some((id) => id === executionId),
    );
    expect(ended[0]).toMatchObject({ errorCount: run.body['errorCount'] });

    const token = await world().adminToken();
    const stats = await get(world(), `/admin/usage-stats?start=${day}&end=${day}`, token);
    expect(Object.keys(stats).sort()).toEqual([
      'totalEmails',
      'totalLetters',
      'totalMailCreditsUsed',
      'totalMails',
      'uniqueUsers',
    ]);
    const reversed = await ask(world(), 'GET /admin/usage-stats?start=2026-01-02&end=2026-01-01', { token });
    expectAnswer(reversed, 422, { code: 'invalid', errors: [{ path: 'end' }] });
  });

  it('sees in the report of a month how credits were used in the periods that ended', async () => {
    const user = await givenSubscriber(world(), 'proReported', { plan: 'pro' });
    const letterId = await givenLetter(world(), user);
    for (let credits = 0; credits < 2; credits += 1) {
      expectAnswer(await schedule(world(), user, letterId, 'mail'), 201);
    }
    // Another anchor closes the period.
    await world().beginSubscription(user.userId, { plan: 'pro', anchor: await world().now() });
    const account = await world().storedAccount(user.userId);
    const month = utcDay(account?.kind === 'account' ? account.periodStart : 0).slice(0, '2026-11'.length);

    const token = await world().adminToken();
    const path = `/admin/reports/mail-credits?month=${month}`;
    // Other files' users are in it too.
    const report = await eventually('a period that was used up', async () => {
      const answer = await get(world(), path, token);
      const { rates } = z.parse(reported, answer);
      return rates.exhaustion.value !== null && rates.exhaustion.value > 0 ? answer : null;
    });
    const { mails, mailsPerProUser, rates } = z.parse(reported, report);
    expect(report['month']).toBe(month);
    expect(mails.free + mails.paid).toBe(mails.delivered);
    expect(mailsPerProUser).toBeGreaterThan(0);
    expect(rates.creditUtilization.value).toBeGreaterThan(0);
    expect(rates.exhaustion).toMatchObject({
      threshold: 0.5,
      isCrossed: Number(rates.exhaustion.value) > 0.5,
    });

    for (const query of ['', '?month=2026-13', '?month=2099-01']) {
      const refused = await ask(world(), `GET /admin/reports/mail-credits${query}`, { token });
      expectAnswer(refused, 422, { code: 'invalid', errors: [{ path: 'month' }] });
    }
  });

  it('sees who is near a limit', async () => {
    const user = await world().meet('freeNearing');
    for (let letter = 0; letter < 5; letter += 1) {
      await givenLetter(world(), user);
    }
    const near = await eventually('the user who has used every letter', async () => {
      const items = await list('/admin/users?nearing=0.8');
      return items.find((item) => item['userId'] === user.userId) ?? null;
    });
    expect(JSON.stringify(near)).toContain('letters');
  });

  it('sees what the daily checks have found, if one has run', async () => {
    const token = await world().adminToken();
    expectAnswer(await ask(world(), 'GET /admin/checks', { token }), 200);
  });

  it('G13: is somebody with the role', async () => {
    const { userId, token } = await world().meet('freeStranger');
    const day = utcDay(await world().now());
    for (const path of [
      `/admin/users/${userId}`,
      `/admin/audit-events?date=${day}`,
      `/admin/reports/mail-credits?month=${day.slice(0, '2026-11'.length)}`,
      '/admin/rollovers',
      '/admin/catalogue',
      '/admin/checks',
    ]) {
      expectAnswer(await ask(world(), `GET ${path}`, { token }), 403, { code: 'forbidden' });
      expect((await ask(world(), `GET ${path}`)).status).toBe(401);
    }
  });
});
