import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { decodeJwt } from 'jose';
import { listClosedPeriods, readStoredAccount } from '../../lambdas/adapters/dynamodb/accounts.ts';
import { toIso } from '../../lambdas/domain/instants.ts';
import { fakeFunctions } from '../support/fake-functions.ts';
import { type JsonAnswer, sendRaw } from '../support/raw-request.ts';
import { type Postage, startPostage } from '../support/server.ts';
import { plentyOfTime } from '../support/table.ts';

let postage: Postage;

beforeAll(async () => {
  postage = await startPostage({ functions: fakeFunctions(() => null) });
});

afterAll(async () => {
  expect(postage.errors).toEqual([]);
  await postage.stop();
});

function get(path: string): Promise<JsonAnswer> {
  return sendRaw(postage.url, { path });
}

function putAccount(userId: string, body: unknown): Promise<JsonAnswer> {
  return sendRaw(postage.url, { method: 'PUT', path: `/dev/accounts/${userId}`, body: JSON.stringify(body) });
}

function postClock(body: unknown): Promise<JsonAnswer> {
  return sendRaw(postage.url, { method: 'POST', path: '/dev/clock', body: JSON.stringify(body) });
}

function pathsIn({ body }: JsonAnswer): unknown {
  return (body as { errors: { path: string }[] }).errors.map(({ path }) => path);
}

const PRO = { plan: 'pro', interval: 'month', anchor: '2026-01-31T00:00:00.000Z' };

describe('GET /dev/token', () => {
  it('gives a token of a day for a user and scopes', async () => {
    const { status, body } = await get('/dev/token?sub=user-1&scope=admin%20postage%2Fusage:write');
    expect({ status, body }).toEqual({
      status: 200,
      body: { access_token: expect.any(String), token_type: 'Bearer', expires_in: 86_400 },
    });
    const { access_token: token } = body as { access_token: string };
    const claims = decodeJwt(token);
    expect(claims).toMatchObject({ sub: 'user-1', aud: 'postage', scope: 'admin postage/usage:write' });
    expect((claims.exp ?? 0) - (claims.iat ?? 0)).toBe(86_400);
  });

  it.each([
    ['no subject', '', ['sub']],
    ['an empty subject', '?sub=', ['sub']],
    ['a subject with a blank', '?sub=a%20b', ['sub']],
    ['a subject of 129 characters', `?sub=${'a'.repeat(129)}`, ['sub']],
    ['two subjects', '?sub=a&sub=b', ['sub']],
    ['a scope with a quote', '?sub=a&scope=%22', ['scope']],
    ['scopes with two blanks', '?sub=a&scope=b%20%20c', ['scope']],
    ['something else', '?sub=a&scopes=b', ['scopes']],
  ])('refuses %s', async (_, query, paths) => {
    const answer = await get(`/dev/token${query}`);
    expect(answer).toMatchObject({ status: 422, body: { code: 'invalid' } });
    expect(pathsIn(answer)).toEqual(paths);
  });
});

describe('PUT /dev/accounts/{userId}', () => {
  it('begins a subscription in the period of its series that holds the local now', async () => {
    const { status, body } = await putAccount('begins', PRO);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      userId: 'begins',
      plan: 'pro',
      status: 'active',
      credits: { available: 2 },
    });
    const account = await readStoredAccount(postage.store, 'begins', plentyOfTime());
    const now = postage.clock.now();
    expect(account).toMatchObject({ anchor: Date.parse(PRO.anchor), subscription: { id: 'sub_dev_begins' } });
    expect(account).toHaveProperty('periodStart', expect.any(Number));
    if (account?.kind === 'account') {
      expect(account.periodStart).toBeLessThanOrEqual(now);
      expect(account.periodEnd).toBeGreaterThan(now);
    }
  });

  it('changes the plan of the same subscription within its period', async () => {
    await putAccount('changes', PRO);
    const { body } = await putAccount('changes', { ...PRO, plan: 'enterprise', interval: 'year' });
    expect(body).toMatchObject({ plan: 'enterprise', credits: { available: 10 } });
    const closed = await listClosedPeriods(postage.store, 'changes', 10, plentyOfTime());
    expect(closed).toMatchObject([{ plan: 'none' }]);
  });

  it('moves the subscription to another anchor', async () => {
    await putAccount('moves', PRO);
    const { status } = await putAccount('moves', { ...PRO, anchor: toIso(postage.clock.now()) });
    expect(status).toBe(200);
    const [closed] = await listClosedPeriods(postage.store, 'moves', 10, plentyOfTime());
    expect(closed).toMatchObject({ plan: 'pro', anchor: Date.parse(PRO.anchor) });
  });

  it('ends the subscription with the plan none', async () => {
    await putAccount('ends', PRO);
    const { status, body } = await putAccount('ends', { plan: 'none' });
    expect(status).toBe(200);
    expect(body).toMatchObject({ plan: 'none', status: 'canceled', credits: { available: 0 } });
  });

  it('takes a user id with escapes', async () => {
    expect(await putAccount('auth0%7C1', PRO)).toMatchObject({ status: 200, body: { userId: 'auth0|1' } });
  });

  const future = '2199-01-01T00:00:00Z';
  it.each([
    ['no body', undefined, ['']],
    ['a list', [], ['']],
    ['no plan', { interval: 'month', anchor: PRO.anchor }, ['plan']],
    ['an unknown plan', { ...PRO, plan: 'gold' }, ['plan']],
    ['no interval', { plan: 'pro', anchor: PRO.anchor }, ['interval']],
    ['an unknown interval', { ...PRO, interval: 'week' }, ['interval']],
    ['no anchor', { plan: 'pro', interval: 'month' }, ['anchor']],
    ['an anchor without a zone', { ...PRO, anchor: '2026-01-31T00:00:00' }, ['anchor']],
    ['an anchor that is no day', { ...PRO, anchor: '2026-02-30T00:00:00Z' }, ['anchor']],
    ['an anchor before 2000', { ...PRO, anchor: '1999-12-31T23:59:59Z' }, ['anchor']],
    ['an anchor after now', { ...PRO, anchor: future }, ['anchor']],
    ['something else', { ...PRO, trial: true }, ['trial']],
    ['an ending with an anchor', { plan: 'none', anchor: PRO.anchor }, ['anchor']],
  ])('refuses %s, and writes nothing', async (_, body, paths) => {
    const answer = await putAccount('refused', body);
    expect(answer).toMatchObject({ status: 422, body: { code: 'invalid' } });
    expect(pathsIn(answer)).toEqual(paths);
    expect(await readStoredAccount(postage.store, 'refused', plentyOfTime())).toBeNull();
  });

  it.each([
    ['no JSON', '{'],
    ['no UTF-8', Buffer.from([0x22, 0xff, 0x22])],
  ])('cannot read %s', async (_, body) => {
    const answer = await sendRaw(postage.url, { method: 'PUT', path: '/dev/accounts/refused', body });
    expect(answer).toMatchObject({ status: 400, body: { code: 'malformed' } });
  });

  it('takes no body of more than 256 kB', async () => {
    const body = ' '.repeat(256 * 1024 + 1);
    const answer = await sendRaw(postage.url, { method: 'PUT', path: '/dev/accounts/refused', body });
    expect(answer).toMatchObject({ status: 413, body: { code: 'too_large', limitBytes: 256 * 1024 } });
  });
});

describe('/dev/clock', () => {
  it('moves ahead, and tells the time', async () => {
    const { body } = await get('/dev/clock');
    const before = Date.parse((body as { now: string }).now);
    const moved = await postClock({ now: toIso(before + 3_600_000) });
    expect(moved.status).toBe(200);
    const after = Date.parse(((await get('/dev/clock')).body as { now: string }).now);
    expect(after - before).toBeGreaterThanOrEqual(3_600_000);
    expect(after - before).toBeLessThan(3_600_000 + 10_000);
  });

  it.each([
    ['backwards', { now: '2026-01-01T00:00:00Z' }, ['now']],
    ['without saying where', {}, ['now']],
    ['to a number', { now: 1 }, ['now']],
    ['too far', { now: '2200-01-01T00:00:00Z' }, ['now']],
    ['by something else', { aheadMs: 1 }, ['now', 'aheadMs']],
  ])('does not move %s', async (_, body, paths) => {
    const before = postage.clock.now();
    const answer = await postClock(body);
    expect(answer).toMatchObject({ status: 422, body: { code: 'invalid' } });
    expect(pathsIn(answer)).toEqual(paths);
    expect(postage.clock.now() - before).toBeLessThan(10_000);
  });
});

describe('PUT /dev/senders', () => {
  it.each([{ email: 'sulk' }, { pigeon: 'ok' }, []])('refuses %j', async (manners) => {
    const body = JSON.stringify(manners);
    expect((await sendRaw(postage.url, { method: 'PUT', path: '/dev/senders', body })).status).toBe(422);
  });
});

describe('the routes below /dev/stripe', () => {
  it.each([
    ['PUT', '', { webhooks: { drop: 2 } }, { status: 422, body: { errors: [{ path: 'webhooks.drop' }] } }],
    ['POST', '/checkout/cs_test_none/pay', {}, { status: 404, body: { code: 'not_found' } }],
    ['POST', '/nothing', {}, { status: 404, body: { code: 'not_found' } }],
    ['POST', '/flush', {}, { status: 200, body: { delivered: 0, failed: 0 } }],
  ])('answer %s %s', async (method, path, body, expected) => {
    const answer = await sendRaw(postage.url, {
      method,
      path: `/dev/stripe${path}`,
      body: JSON.stringify(body),
    });
    expect(answer).toMatchObject(expected);
  });
});
