import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { type HttpResult } from '../../lambdas/http/event.ts';
import { ROUTES } from '../../lambdas/letters/http/routes.ts';
import { startEngine } from '../../local/engine.ts';
import { ADMIN, type Administrator, administratorOf, someSender, trailOf } from '../support/admin.ts';
import { call, LETTER, someApiUser } from '../support/api-client.ts';
import {
  exception,
  type FaultyDynamoDb,
  isTransaction,
  startFaultyDynamoDb,
} from '../support/faulty-dynamodb.ts';
import { contextWith, httpEvent } from '../support/http-event.ts';
import { type Postage, startPostage } from '../support/server.ts';

let engine: Awaited<ReturnType<typeof startEngine>>;
let proxy: FaultyDynamoDb;
let postage: Postage;
let admin: Administrator;

beforeAll(async () => {
  engine = await startEngine();
  proxy = await startFaultyDynamoDb(engine.endpoint);
  postage = await startPostage({ dynamodb: proxy.endpoint });
  admin = await administratorOf(postage);
});

afterEach(() => {
  proxy.reset();
  expect(postage.errors).toEqual([]);
});

afterAll(async () => {
  await postage.stop();
  await proxy.stop();
  await engine.stop();
});

/** Calls the function with so much time left. */
async function askWithin(
  remainingMs: number,
  method: string,
  path: string,
  userId: string,
): Promise<HttpResult> {
  const { handler } = await import('../../lambdas/letters/api/admin.ts');
  const claims = { sub: ADMIN, scope: 'admin' };
  const event = httpEvent({ method, path: `/admin${path}`, parameters: { userId }, claims });
  return handler(event, contextWith(remainingMs));
}

describe('the role admin', () => {
  const routes = ROUTES.filter(({ path }) => path.startsWith('/admin/'));

  it.each(routes)('G13: is required by $method $path', async ({ method, path }) => {
    const user = await someApiUser(postage);
    const ownPath = path.replace('{userId}', user.id);
    expect(await call(postage, method, ownPath)).toMatchObject({ status: 401 });
    for (const scope of ['', 'admins', 'usage:write', 'not-admin', 'ADMIN']) {
      const token = await postage.token(user.id, scope);
      const answer = await call(postage, method, ownPath, { token });
      expect(answer.body).toMatchObject({ status: 403, code: 'forbidden' });
    }
    expect(await trailOf(postage, user.id)).toEqual([]);
  });
});

describe('a user', () => {
  it('is shown as they see themselves, and the audit trail records the look', async () => {
    const user = await someSender(postage);
    const body = await admin.get(`/users/${user.id}`);
    expect(body).toEqual({
      userId: user.id,
      usage: (await user.call('GET', '/usage')).body,
      entitlements: (await user.call('GET', '/entitlements')).body,
      credits: (await user.call('GET', '/credits')).body,
      purchases: [],
      gifts: [],
    });
    expect(await trailOf(postage, user.id)).toEqual([
      {
        id: expect.stringMatching(/^UserDataRead:/),
        at: expect.any(Number),
        type: 'UserDataRead',
        actor: 'admin-1',
        userId: user.id,
        data: { route: 'GET /admin/users/{userId}' },
      },
    ]);
  });

  it('who is unknown is not found on any route, and nothing is recorded', async () => {
    const unseen = `unseen-${randomUUID()}`;
    for (const path of ['', '/ledger-proof', '/export']) {
      expect((await admin.ask('GET', `/users/${unseen}${path}`)).body).toMatchObject({ code: 'not_found' });
    }
    expect((await admin.ask('DELETE', `/users/${unseen}`)).body).toMatchObject({ code: 'not_found' });
    expect((await admin.adjust(unseen, { amount: 1, reason: 'Hello?' })).body).toMatchObject({
      code: 'not_found',
    });
    expect(await trailOf(postage, unseen)).toEqual([]);
  });

  it('whose id needs to be encoded is found', async () => {
    const id = `auth0|${randomUUID()}`;
    await postage.setPlan(id, 'pro');
    expect(await admin.get(`/users/${encodeURIComponent(id)}`)).toMatchObject({ userId: id });
  });

  it('is not shown while the audit trail is busy', async () => {
    const user = await someSender(postage);
    proxy.inject((request) => (isTransaction(request) ? exception('ThrottlingException') : null));
    const { statusCode, headers, body } = await askWithin(2_000, 'GET', '/users/{userId}', user.id);
    expect({ statusCode, body }).toEqual({ statusCode: 503, body: expect.stringContaining('"busy"') });
    expect(headers).toHaveProperty('retry-after');
    proxy.reset();
    expect(await trailOf(postage, user.id)).toEqual([]);
  });

  // The failure comes at once, so there would be time left to answer without the record.
  it.each(['', '/ledger-proof', '/export'])(
    'G12: is not shown by %p when the audit trail cannot take it',
    async (part) => {
      const user = await someSender(postage);
      proxy.inject((request) => (isTransaction(request) ? exception('ValidationException') : null));
      const { statusCode, body } = await askWithin(20_000, 'GET', `/users/{userId}${part}`, user.id);
      expect({ statusCode, body }).toEqual({ statusCode: 500, body: expect.stringContaining('"internal"') });
    },
  );
});

describe('a ledger proof', () => {
  it('G4: holds, field by field, and is recorded', async () => {
    const user = await someSender(postage);
    const proof = await admin.get(`/users/${user.id}/ledger-proof`);
    expect(proof).toMatchObject({
      userId: user.id,
      holds: true,
      movements: 2,
      lines: expect.arrayContaining([{ field: 'available', account: 9, expected: 9 }]),
    });
    expect(await trailOf(postage, user.id)).toMatchObject([
      { type: 'UserDataRead', data: { route: 'GET /admin/users/{userId}/ledger-proof' } },
    ]);
  });
});

describe('an adjustment', () => {
  const body = { amount: 2, reason: 'Lost in the post.' };

  it('G2: gives credits once, however often it is sent', async () => {
    const user = await someSender(postage);
    const first = await admin.adjust(user.id, body, 'key-1');
    expect(first).toMatchObject({
      status: 201,
      body: { kind: 'adjustment_up', ...body, actor: 'admin-1', available: 11 },
    });
    const again = await admin.adjust(user.id, body, 'key-1');
    expect(again).toMatchObject({ status: 201, body: first.body });
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect((await admin.adjust(user.id, { ...body, amount: 3 }, 'key-1')).body).toMatchObject({
      status: 409,
      code: 'idempotency_conflict',
    });
    const { items } = (await user.call('GET', '/credits/ledger')).body as { items: object[] };
    expect(items[0]).toMatchObject({ kind: 'adjustment_up', amount: 2, balanceAfter: 11 });
    // The same key is another adjustment for another user.
    const other = await someSender(postage);
    expect((await admin.adjust(other.id, body, 'key-1')).headers.get('idempotent-replayed')).toBeNull();
  });

  it('G1: below the balance is refused with what is there', async () => {
    const user = await someSender(postage);
    expect((await admin.adjust(user.id, { amount: -10, reason: 'A mistake.' })).body).toMatchObject({
      status: 409,
      code: 'illegal_transition',
      available: 9,
    });
    expect((await admin.adjust(user.id, { amount: -9, reason: 'A mistake.' })).body).toMatchObject({
      kind: 'adjustment_down',
      amount: -9,
      available: 0,
    });
  });

  it.each<[string, unknown, string[]]>([
    ['of 0', { ...body, amount: 0 }, ['amount']],
    ['of a fraction', { ...body, amount: 1.5 }, ['amount']],
    ['of 10,001', { ...body, amount: 10_001 }, ['amount']],
    ['of -10,001', { ...body, amount: -10_001 }, ['amount']],
    ['in words', { ...body, amount: '2' }, ['amount']],
    ['without an amount', { reason: 'x' }, ['amount']],
    ['without a reason', { amount: 2 }, ['reason']],
    ['with an empty reason', { ...body, reason: '' }, ['reason']],
    ['with a reason of 501 characters', { ...body, reason: 'x'.repeat(501) }, ['reason']],
    ['with another field', { ...body, actor: 'somebody else' }, ['actor']],
  ])('%s is refused', async (_what, wrong, paths) => {
    const user = await someApiUser(postage, 'pro');
    const answer = await admin.adjust(user.id, wrong);
    expect(answer.body).toMatchObject({ status: 422, errors: paths.map((path) => ({ path })) });
    expect((await user.call('GET', '/credits')).body).toMatchObject({ available: 2 });
  });

  it('without a key, or for an impossible user id, is refused', async () => {
    const path = '/users/somebody/credit-adjustments';
    expect((await admin.ask('POST', path, { body })).body).toMatchObject({
      status: 422,
      errors: [{ path: 'Idempotency-Key' }],
    });
    expect((await admin.adjust('a%23b', body)).body).toMatchObject({
      status: 422,
      errors: [{ path: 'userId' }],
    });
  });
});

describe('an export', () => {
  it.each([1, 3])('holds everything, in pages of %d, each of which is recorded, and ends', async (limit) => {
    const user = await someSender(postage);
    const kinds: unknown[] = [];
    let query = `?limit=${limit}`;
    let pages = 0;
    while (query !== '') {
      const { items, nextCursor } = await admin.getPage(`/users/${user.id}/export${query}`);
      kinds.push(...items.map(({ kind }) => kind));
      query = nextCursor === null ? '' : `?limit=${limit}&cursor=${nextCursor}`;
      pages += 1;
      expect(pages).toBeLessThan(30);
    }
    const records = ['ACCOUNT', 'DELIVERY', 'LEDGER', 'LETTER', 'PERIOD'];
    expect(kinds.slice(0, records.length)).toEqual(records);
    expect(new Set(kinds.slice(records.length))).toEqual(new Set(['AUDIT']));
    expect((await trailOf(postage, user.id)).map(({ type }) => type)).toEqual(
      Array.from({ length: pages }, () => 'UserDataRead'),
    );
  });
});

describe('an erasure', () => {
  it('G4: removes everything, and every route says so', async () => {
    const user = await someSender(postage);
    expect(await admin.ask('DELETE', `/users/${user.id}`)).toMatchObject({
      status: 200,
      // Stripe goes on charging until somebody cancels there.
      body: { erased: true, stripe: { customerId: null, subscriptionId: expect.any(String) } },
    });
    expect(await admin.ask('DELETE', `/users/${user.id}`)).toEqual(
      expect.objectContaining({ status: 200, body: { erased: true } }),
    );
    expect(await admin.get(`/users/${user.id}`)).toEqual({ userId: user.id, erasedAt: expect.any(String) });
    expect((await admin.ask('GET', `/users/${user.id}/ledger-proof`)).body).toMatchObject({
      code: 'not_found',
    });
    const adjustment = await admin.adjust(user.id, { amount: 1, reason: 'Too late.' });
    expect(adjustment.body).toMatchObject({ status: 409, code: 'illegal_transition' });
    expect((await user.call('GET', '/usage')).body).toMatchObject({ status: 403, code: 'forbidden' });
    expect((await user.call('POST', '/letters', { body: LETTER })).status).toBe(403);
    expect((await trailOf(postage, user.id)).map(({ type, actor }) => [type, actor])).toEqual([
      ['UserErased', 'admin-1'],
      ['UserErased', 'admin-1'],
      ['UserDataRead', 'admin-1'],
    ]);
    const { items } = await admin.getPage(`/users/${user.id}/export`);
    expect(items.map(({ kind }) => kind)).toEqual(['ACCOUNT']);
  });

  it('G12: does not begin when the audit trail cannot take it', async () => {
    const user = await someSender(postage);
    proxy.inject(({ body }) =>
      JSON.stringify(body).includes('AUDIT#') ? exception('ValidationException') : null,
    );
    expect(await askWithin(20_000, 'DELETE', '/users/{userId}', user.id)).toMatchObject({ statusCode: 500 });
    proxy.reset();
    expect((await user.call('GET', '/credits')).body).toMatchObject({ available: 9 });
    expect((await user.call('POST', '/letters', { body: LETTER })).status).toBe(201);
    expect(await trailOf(postage, user.id)).toEqual([]);
  });

  it('answers 202 when its time runs out, and goes on when it is sent again', async () => {
    const user = await someSender(postage);
    const { statusCode, body } = await askWithin(4_000, 'DELETE', '/users/{userId}', user.id);
    expect({ statusCode, body }).toEqual({
      statusCode: 202,
      body: expect.stringContaining('"erased":false'),
    });
    expect((await user.call('POST', '/letters', { body: LETTER })).status).toBe(403);
    expect(await admin.ask('DELETE', `/users/${user.id}`)).toMatchObject({
      status: 200,
      body: { erased: true },
    });
  });
});
