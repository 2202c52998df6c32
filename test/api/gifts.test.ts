import { beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as wait } from 'node:timers/promises';
import { DAY_MS } from '../../lambdas/domain/instants.ts';
import { call, someApiUser, type ApiAnswer, type ApiUser } from '../support/api-client.ts';
import { usePostage } from '../support/server.ts';
import { itemsOf } from '../support/users.ts';

const postage = usePostage();
let admin: string;

beforeAll(async () => {
  admin = await postage().token('owner', 'admin');
});

/** A subscriber with so many purchased credits. */
async function givenGiver(purchased = 5): Promise<ApiUser> {
  const user = await someApiUser(postage(), 'pro');
  const answer = await call(postage(), 'POST', `/admin/users/${user.id}/credit-adjustments`, {
    token: admin,
    headers: { 'idempotency-key': user.id },
    body: { amount: purchased, reason: 'For the test' },
  });
  expect(answer).toMatchObject({ status: 201 });
  return user;
}

async function give(user: ApiUser, count: unknown = 2, headers = {}): Promise<ApiAnswer> {
  return user.call('POST', '/credits/gifts', { body: { count }, headers });
}

async function codeFrom(user: ApiUser, count = 2): Promise<string> {
  const answer = await give(user, count);
  const code = expect.stringMatching(/^([0-9A-HJKMNP-TV-Z]{7}-){3}[0-9A-HJKMNP-TV-Z]{7}$/);
  expect(answer).toMatchObject({ status: 201, body: { code } });
  return String(answer.body['code']);
}

async function claim(user: ApiUser, code: string, headers = {}): Promise<ApiAnswer> {
  return user.call('POST', `/credits/gifts/${code}/redemption`, { headers });
}

async function purchased(user: ApiUser): Promise<unknown> {
  return (await user.call('GET', '/credits')).body['purchased'];
}

describe('a gift', () => {
  it('may be typed in small letters, without hyphens, and with an O for a 0', async () => {
    const code = await codeFrom(await givenGiver());
    const typed = code.toLowerCase().replaceAll('-', '').replaceAll('0', 'o').replaceAll('1', 'l');
    expect(await claim(await someApiUser(postage()), typed)).toMatchObject({ status: 200 });
  });

  it('G2: the same key gives the same code, even when it has been claimed; another count is refused', async () => {
    const giver = await givenGiver();
    const headers = { 'idempotency-key': 'birthday' };
    const first = await give(giver, 2, headers);
    expect(first.body).toMatchObject({ status: 'open' });
    await claim(await someApiUser(postage()), String(first.body['code']));
    const again = await give(giver, 2, headers);
    expect(again).toMatchObject({ status: 201, body: { ...first.body, status: 'claimed' } });
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect(await give(giver, 3, headers)).toMatchObject({
      status: 409,
      body: { code: 'idempotency_conflict' },
    });
    expect(await purchased(giver)).toBe(3);
  });

  it('G2: a claim that is repeated with its key is answered again', async () => {
    const giver = await givenGiver();
    const [code, other] = [await codeFrom(giver), await codeFrom(giver)];
    const receiver = await someApiUser(postage());
    const headers = { 'idempotency-key': 'mine' };
    expect(await claim(receiver, code, headers)).toMatchObject({ status: 200, body: { count: 2 } });
    const again = await claim(receiver, code.toLowerCase(), headers);
    expect(again).toMatchObject({ status: 200, body: { count: 2 } });
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect(await claim(receiver, other, headers)).toMatchObject({
      status: 409,
      body: { code: 'idempotency_conflict' },
    });
    expect(await purchased(receiver)).toBe(2);
  });

  it('has a new code each time, and no code is in the table', async () => {
    const giver = await givenGiver();
    const codes = [await codeFrom(giver, 1), await codeFrom(giver, 1), await codeFrom(giver, 1)];
    expect(new Set(codes).size).toBe(3);
    const items = JSON.stringify([...(await itemsOf(postage().store, giver.id))]);
    for (const code of codes) {
      expect(items).not.toContain(code);
      expect(items).not.toContain(code.replaceAll('-', ''));
    }
  });

  it('of more than the purchased credits is refused with how many there are', async () => {
    const giver = await givenGiver(5);
    expect(await give(giver, 6)).toMatchObject({
      status: 402,
      body: { code: 'insufficient_credits', available: 5 },
    });
    expect(await give(await someApiUser(postage()), 1)).toMatchObject({
      status: 402,
      body: { available: 0 },
    });
  });

  it('to oneself is refused', async () => {
    const giver = await givenGiver();
    const code = await codeFrom(giver);
    expect(await claim(giver, code)).toMatchObject({
      status: 422,
      body: { code: 'invalid', errors: [{ path: 'code' }] },
    });
    expect(await purchased(giver)).toBe(3);
  });

  it.each<[string, unknown]>([
    ['none', 0],
    ['less than none', -1],
    ['a part of one', 1.5],
    ['text', '2'],
    ['more than anybody has', 10_001],
    ['nothing', null],
  ])('of %s is refused', async (_, count) => {
    const giver = await givenGiver();
    expect(await give(giver, count)).toMatchObject({ status: 422, body: { errors: [{ path: 'count' }] } });
    expect(await purchased(giver)).toBe(5);
  });
});

describe('a code', () => {
  it.each(['short', 'x'.repeat(29), '7Q3M0ZK-A91XV2C-0K4TT8W-HJ6P5R%21', '-7Q3M0ZKA91XV2C0K4TT8WHJ6P5RDA'])(
    'that is malformed is refused: %s',
    async (code) => {
      expect(await claim(await someApiUser(postage()), code)).toMatchObject({
        status: 422,
        body: { errors: [{ path: 'code' }] },
      });
    },
  );

  it('that nobody was given is not found, and after ten of them no more are tried that day', async () => {
    const user = await someApiUser(postage());
    const code = await codeFrom(await givenGiver());
    const wrong = '7Q3M0ZK-A91XV2C-0K4TT8W-HJ6P5RD';
    for (let guess = 0; guess < 10; guess += 1) {
      expect(await claim(user, wrong)).toMatchObject({ status: 404, body: { code: 'not_found' } });
    }
    const answer = await claim(user, code);
    expect(answer).toMatchObject({ status: 429, body: { code: 'rate_limited', limit: 10 } });
    const resetsAt = Date.parse(String(answer.body['resetsAt']));
    expect(resetsAt % DAY_MS).toBe(0);
    const waitsMs = Number(answer.headers.get('retry-after')) * 1_000;
    expect(Math.abs(postage().clock.now() + waitsMs - resetsAt)).toBeLessThan(60_000);
    expect(await purchased(user)).toBe(0);
  });

  it('G13: is neither made nor claimed without a token', async () => {
    const path = '/credits/gifts/7Q3M0ZK-A91XV2C-0K4TT8W-HJ6P5RD/redemption';
    expect(await call(postage(), 'POST', path)).toMatchObject({ status: 401 });
    expect(await call(postage(), 'POST', '/credits/gifts', { body: { count: 1 } })).toMatchObject({
      status: 401,
    });
  });
});

describe('the list of gifts', () => {
  async function listed(user: ApiUser, query = ''): Promise<Record<string, unknown>[]> {
    const { status, body } = await user.call('GET', `/credits/gifts${query}`);
    expect(status).toBe(200);
    return body['items'] as Record<string, unknown>[];
  }

  it('shows givers what became of each, newest first, and never a code', async () => {
    const giver = await givenGiver();
    const headers = { 'idempotency-key': 'first' };
    const first = (await give(giver, 2, headers)).body;
    await wait(2);
    const { id } = (await give(giver, 1)).body;
    await claim(await someApiUser(postage()), String(first['code']));
    const items = await listed(giver);
    expect(items).toEqual([
      { id, status: 'open', count: 1, createdAt: expect.any(String), expiresAt: expect.any(String) },
      {
        id: first['id'],
        status: 'claimed',
        count: 2,
        createdAt: expect.any(String),
        expiresAt: first['expiresAt'],
        endedAt: expect.any(String),
      },
    ]);
    expect(JSON.stringify(items)).not.toContain(String(first['code']));
  });

  it('comes in pages', async () => {
    const giver = await givenGiver();
    const ids = [];
    for (const count of [1, 2, 1]) {
      ids.unshift((await give(giver, count)).body['id']);
      await wait(2);
    }
    const first = await giver.call('GET', '/credits/gifts?limit=2');
    const { nextCursor } = first.body;
    const second = await giver.call('GET', `/credits/gifts?limit=2&cursor=${String(nextCursor)}`);
    expect(second.body['nextCursor']).toBeNull();
    const items = [first, second].flatMap(({ body }) => body['items'] as { id: string }[]);
    expect(items.map((item) => item.id)).toEqual(ids);
    const stranger = await someApiUser(postage());
    expect(await stranger.call('GET', `/credits/gifts?cursor=${String(nextCursor)}`)).toMatchObject({
      status: 422,
      body: { errors: [{ path: 'cursor' }] },
    });
  });

  it('G13: is the own one: neither a receiver nor a stranger sees the gift', async () => {
    const receiver = await someApiUser(postage());
    await claim(receiver, await codeFrom(await givenGiver()));
    expect(await listed(receiver)).toEqual([]);
    expect(await call(postage(), 'GET', '/credits/gifts')).toMatchObject({ status: 401 });
  });
});

describe('for the owner of the app', () => {
  it('a user is shown with their gifts', async () => {
    const giver = await givenGiver();
    const code = await codeFrom(giver, 2);
    await codeFrom(giver, 1);
    await claim(await someApiUser(postage()), code);
    const { body } = await call(postage(), 'GET', `/admin/users/${giver.id}`, { token: admin });
    expect(body).toMatchObject({
      purchases: [],
      gifts: expect.arrayContaining([
        expect.objectContaining({ status: 'open', count: 1 }),
        expect.objectContaining({ status: 'claimed', count: 2 }),
      ]),
    });
    expect(JSON.stringify(body)).not.toContain(code);
  });
});

describe('time', () => {
  it('brings back a gift that nobody has claimed, and its key says so even before', async () => {
    const giver = await givenGiver();
    const headers = { 'idempotency-key': 'unclaimed' };
    const code = String((await give(giver, 2, headers)).body['code']);
    postage().clock.moveTo(postage().clock.now() + 91 * DAY_MS);
    // Tokens don't last so long.
    const token = await postage().token(giver.id);
    const again = await giver.call('POST', '/credits/gifts', { token, headers, body: { count: 2 } });
    expect(again).toMatchObject({ status: 201, body: { status: 'returned', code } });
    const returned = [{ status: 'returned', because: 'expired' }];
    const before = await giver.call('GET', '/credits/gifts', { token });
    expect(before).toMatchObject({ body: { items: returned } });
    await postage().reconcile();
    expect(await giver.call('GET', '/credits/gifts', { token })).toMatchObject({ body: { items: returned } });
    expect(await giver.call('GET', '/credits', { token })).toMatchObject({ body: { purchased: 5 } });
    expect(await claim(await someApiUser(postage()), code)).toMatchObject({
      status: 409,
      body: { code: 'illegal_transition' },
    });
  });
});
