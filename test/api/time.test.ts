import { describe, expect, it } from '@jest/globals';
import { ADDRESS, call, LETTER, someApiUser, YEAR_MS } from '../support/api-client.ts';
import { usePostage } from '../support/server.ts';

const postage = usePostage();

// Each test moves the clock, and takes a new token after that.
describe('as time goes by', () => {
  it('G13: a token expires', async () => {
    const ada = await someApiUser(postage());
    expect((await ada.call('GET', '/usage')).status).toBe(200);
    postage().clock.moveTo(postage().clock.now() + 25 * 3_600_000);
    expect(await ada.call('GET', '/usage')).toMatchObject({
      status: 401,
      body: { message: 'Unauthorized' },
    });
    expect((await ada.call('POST', '/letters', { body: LETTER })).status).toBe(401);
  });

  it('G2: a delivery is answered from its record even when its instant has passed', async () => {
    const ada = await someApiUser(postage(), 'pro');
    const letter = await ada.call('POST', '/letters', { body: LETTER });
    const headers = { 'idempotency-key': 'key-1' };
    const body = {
      letterId: letter.body['id'],
      channel: 'mail',
      deliverAt: new Date(postage().clock.now() + YEAR_MS / 100).toISOString(),
      recipient: ADDRESS,
      payAsYouGo: false,
    };
    const first = await ada.call('POST', '/deliveries', { headers, body });
    expect(first.status).toBe(201);
    postage().clock.moveTo(Date.parse(body.deliverAt) + 1);
    const token = await postage().token(ada.id);
    const late = await ada.call('POST', '/deliveries', { token, headers, body });
    expect([late.status, late.headers.get('idempotent-replayed'), late.body]).toEqual([
      201,
      'true',
      first.body,
    ]);
    for (const part of [{ recipient: { ...ADDRESS, city: 'Paris' } }, { payAsYouGo: true }]) {
      const other = { ...body, ...part };
      expect((await ada.call('POST', '/deliveries', { token, headers, body: other })).status).toBe(409);
    }
    const unknown = { 'idempotency-key': 'key-2' };
    expect((await ada.call('POST', '/deliveries', { token, headers: unknown, body })).status).toBe(422);
    expect((await ada.call('GET', '/credits', { token })).body).toMatchObject({ used: 1 });
  });

  it('G7: reads see a period that has ended, which no job has closed, and the job closes it once', async () => {
    const ada = await someApiUser(postage(), 'pro');
    await ada.call('POST', '/letters', { body: LETTER });
    const { periodEndsAt, period } = (await ada.call('GET', '/usage')).body;
    postage().clock.moveTo(Date.parse(String(periodEndsAt)));
    const token = await postage().token(ada.id);
    const seen = async (): Promise<unknown[]> => [
      (await ada.call('GET', '/usage', { token })).body,
      (await ada.call('GET', '/usage/history', { token })).body,
      (await ada.call('GET', '/credits', { token })).body,
      (await ada.call('GET', '/credits/ledger', { token })).body,
    ];
    const before = await seen();
    expect(before).toMatchObject([
      { period: periodEndsAt, usage: { lettersCreated: 0, mailCreditsRemaining: 2 } },
      { periods: [{ period, lettersCreated: 1 }, { lettersCreated: 0 }] },
      { available: 2, granted: 4, expired: 2 },
      { items: [{ kind: 'allowance' }, { kind: 'expiry' }, { kind: 'allowance' }] },
    ]);
    const run = await call(postage(), 'POST', '/cron/rollover-usage', { token: postage().cronSecret });
    expect(run.status).toBe(200);
    expect(run.body).toMatchObject({ errorCount: 0, errorRate: 0 });
    expect(run.body['successCount']).toBeGreaterThan(0);
    expect(await seen()).toEqual(before);
    const second = await call(postage(), 'GET', '/cron/rollover-usage', { token: postage().cronSecret });
    expect(second.body).toMatchObject({ totalProcessed: 0 });
    expect(await seen()).toEqual(before);
  });

  it('a run can be given its time, and is found by its id', async () => {
    const at = new Date(postage().clock.now() + YEAR_MS).toISOString();
    const path = `/cron/rollover-usage?at=${encodeURIComponent(at)}`;
    const run = await call(postage(), 'POST', path, { token: postage().cronSecret });
    expect(run.body['results']).toBeInstanceOf(Array);
    const { executionArn } = postage().rollover.start(JSON.stringify({ now: at }));
    await postage().rollover.untilEnded(executionArn);
    const id = executionArn.split(':').at(-1) ?? '';
    const found = await call(postage(), 'GET', `/cron/executions/${id}`, { token: postage().cronSecret });
    expect(found.body).toMatchObject({
      executionId: id,
      status: 'succeeded',
      result: { totalProcessed: 0, errorCount: 0 },
    });
    expect((await call(postage(), 'GET', `/cron/executions/${id}`)).status).toBe(401);
    const unknown = await call(postage(), 'GET', '/cron/executions/unknown', { token: postage().cronSecret });
    expect(unknown.status).toBe(404);
  });
});
