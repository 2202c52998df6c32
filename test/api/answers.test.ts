import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import {
  ADDRESS,
  type ApiAnswer,
  type ApiUser,
  call,
  LETTER,
  someApiUser,
  YEAR_MS,
} from '../support/api-client.ts';
import { type Postage, startPostage } from '../support/server.ts';

let postage: Postage;

beforeAll(async () => {
  postage = await startPostage();
}, 60_000);

afterAll(async () => {
  await postage.stop();
  expect(postage.errors).toEqual([]);
});

function user(plan?: 'pro' | 'enterprise'): Promise<ApiUser> {
  return someApiUser(postage, plan);
}

function inYears(years: number): string {
  return new Date(postage.clock.now() + years * YEAR_MS).toISOString();
}

describe('letters', () => {
  it('are created, listed, read and deleted', async () => {
    const ada = await user();
    const created = await ada.call('POST', '/letters', { body: LETTER });
    expect(created.status).toBe(201);
    expect(created.body).toMatchObject({ title: LETTER.title });
    const path = created.headers.get('location') ?? '';
    expect(path).toBe(`/letters/${String(created.body['id'])}`);
    expect((await ada.call('GET', path)).body).toEqual({ ...created.body, body: LETTER.body });
    expect((await ada.call('GET', '/letters')).body).toEqual({ items: [created.body], nextCursor: null });
    expect((await ada.call('DELETE', path)).status).toBe(204);
    expect((await ada.call('DELETE', path)).status).toBe(404);
    expect((await ada.call('GET', path)).status).toBe(404);
    expect((await ada.call('GET', '/letters')).body).toEqual({ items: [], nextCursor: null });
  });

  it('beyond the quota are refused with the figures, and deleting frees nothing', async () => {
    const ada = await user();
    for (let count = 0; count < 5; count += 1) {
      expect((await ada.call('POST', '/letters', { body: LETTER })).status).toBe(201);
    }
    const [first] = (await ada.call('GET', '/letters')).body['items'] as { id: string }[];
    await ada.call('DELETE', `/letters/${first?.id ?? ''}`);
    const refused = await ada.call('POST', '/letters', { body: LETTER });
    expect(refused.status).toBe(402);
    const { periodEndsAt } = (await ada.call('GET', '/usage')).body;
    expect(refused.body).toMatchObject({
      code: 'quota_exceeded',
      meter: 'letters',
      limit: 5,
      used: 5,
      resetsAt: periodEndsAt,
      upgradeTo: 'pro',
    });
  });

  it('G2: are created once per key, answered as they stand now, and never with another body', async () => {
    const ada = await user();
    const headers = { 'idempotency-key': 'key-1' };
    const first = await ada.call('POST', '/letters', { headers, body: LETTER });
    const again = await ada.call('POST', '/letters', {
      headers,
      body: { body: LETTER.body, title: LETTER.title },
    });
    expect(first.headers.get('idempotent-replayed')).toBeNull();
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect([again.status, again.body]).toEqual([201, first.body]);
    const other = await ada.call('POST', '/letters', { headers, body: { ...LETTER, title: 'Other' } });
    expect(other.body).toMatchObject({ status: 409, code: 'idempotency_conflict' });
    await ada.call('DELETE', first.headers.get('location') ?? '');
    const late = await ada.call('POST', '/letters', { headers, body: LETTER });
    expect(late.status).toBe(201);
    expect(late.body).toMatchObject({ id: first.body['id'], title: '' });
    expect(late.body).toHaveProperty('deletedAt');
    expect((await ada.call('GET', '/usage')).body['usage']).toMatchObject({ lettersCreated: 1 });
  });

  it("G13: of others are not found, and another user's key is another key", async () => {
    const [ada, bob] = [await user(), await user()];
    const headers = { 'idempotency-key': 'key-1' };
    const letter = await ada.call('POST', '/letters', { headers, body: LETTER });
    const path = letter.headers.get('location') ?? '';
    expect((await bob.call('GET', path)).status).toBe(404);
    expect((await bob.call('DELETE', path)).status).toBe(404);
    const own = await bob.call('POST', '/letters', { headers, body: LETTER });
    expect(own.headers.get('idempotent-replayed')).toBeNull();
    expect(own.body['id']).not.toBe(letter.body['id']);
    expect((await ada.call('GET', path)).status).toBe(200);
  });

  it('are listed page by page, each once, newest first', async () => {
    const ada = await user('pro');
    for (let count = 0; count < 7; count += 1) {
      await ada.call('POST', '/letters', { body: { ...LETTER, title: `Letter ${count}` } });
    }
    const titles: string[] = [];
    let query = '?limit=3';
    for (let pages = 0; pages < 3; pages += 1) {
      const { items, nextCursor } = (await ada.call('GET', `/letters${query}`)).body as {
        items: { title: string }[];
        nextCursor: string | null;
      };
      titles.push(...items.map(({ title }) => title));
      query = `?limit=3&cursor=${nextCursor ?? ''}`;
    }
    expect(titles).toEqual([6, 5, 4, 3, 2, 1, 0].map((count) => `Letter ${count}`));
    expect(query).toBe('?limit=3&cursor=');
  });
});

describe('deliveries', () => {
  it('by e-mail are scheduled, listed and read, and keep their letter from being deleted', async () => {
    const ada = await user('pro');
    const letter = await ada.call('POST', '/letters', { body: LETTER });
    const recipient = { email: 'ada@example.com' };
    const body = { letterId: letter.body['id'], channel: 'email', deliverAt: inYears(10), recipient };
    const created = await ada.call('POST', '/deliveries', { body });
    expect(created.status).toBe(201);
    expect(created.body).toMatchObject({
      letterId: letter.body['id'],
      channel: 'email',
      status: 'scheduled',
      paidWith: 'none',
      deliverAt: body.deliverAt,
    });
    const path = created.headers.get('location') ?? '';
    expect((await ada.call('GET', path)).body).toEqual({ ...created.body, recipient });
    expect((await ada.call('GET', '/deliveries')).body).toEqual({ items: [created.body], nextCursor: null });
    const kept = await ada.call('DELETE', letter.headers.get('location') ?? '');
    expect(kept.body).toMatchObject({ status: 409, code: 'illegal_transition', openDeliveries: 1 });
    const bob = await user('pro');
    expect((await bob.call('GET', path)).status).toBe(404);
    expect((await bob.call('POST', '/deliveries', { body })).status).toBe(404);
  });

  it('by post take credits, and are refused with their price when none is left', async () => {
    const ada = await user('pro');
    const letter = await ada.call('POST', '/letters', { body: LETTER });
    const mail = { letterId: letter.body['id'], channel: 'mail', deliverAt: inYears(1), recipient: ADDRESS };
    for (let count = 0; count < 2; count += 1) {
      const created = await ada.call('POST', '/deliveries', { body: mail });
      expect(created.body).toMatchObject({ channel: 'mail', paidWith: 'credit' });
      expect((await ada.call('GET', `/deliveries/${String(created.body['id'])}`)).body).toMatchObject({
        recipient: ADDRESS,
      });
    }
    const refused = await ada.call('POST', '/deliveries', { body: mail });
    expect(refused.status).toBe(402);
    expect(refused.body).toMatchObject({
      code: 'insufficient_credits',
      limit: 2,
      used: 2,
      price: { amountCents: 300, currency: 'usd' },
      upgradeTo: 'enterprise',
    });
    expect((await ada.call('GET', '/credits')).body).toMatchObject({ available: 0, granted: 2, used: 2 });
  });

  it('need a plan', async () => {
    const ada = await user();
    const letter = await ada.call('POST', '/letters', { body: LETTER });
    const body = {
      letterId: letter.body['id'],
      channel: 'email',
      deliverAt: inYears(1),
      recipient: { email: 'a@b.co' },
    };
    const refused = await ada.call('POST', '/deliveries', { body });
    expect(refused.body).toMatchObject({ status: 402, code: 'plan_required', upgradeTo: 'pro' });
  });

  it('beyond ten mails a day are refused until tomorrow', async () => {
    const ada = await user('enterprise');
    const token = await postage.token('machine', 'postage/usage:write');
    const use = (mails: number, key: string): Promise<ApiAnswer> =>
      call(postage, 'POST', `/users/${ada.id}/usage`, {
        token,
        headers: { 'idempotency-key': key },
        body: { consume: { mails } },
      });
    const tooMany = await use(11, 'key-1');
    expect(tooMany.status).toBe(429);
    expect((await use(10, 'key-2')).status).toBe(200);
    const refused = await use(1, 'key-3');
    expect(refused.body).toMatchObject({ status: 429, code: 'rate_limited', limit: 10 });
    const secondsLeft = Number(refused.headers.get('retry-after'));
    const resetsAt = Date.parse(String(refused.body['resetsAt']));
    expect(Math.abs(resetsAt - postage.clock.now() - secondsLeft * 1_000)).toBeLessThan(60_000);
  });
});

describe('what is shown of an account', () => {
  it('is a free account for a user who has not been seen yet', async () => {
    const ada = await user();
    expect((await ada.call('GET', '/entitlements')).body).toMatchObject({ plan: 'none', status: 'none' });
    expect((await ada.call('GET', '/usage/remaining')).body).toMatchObject({
      letters: 5,
      emails: 0,
      mailCredits: 0,
    });
    expect((await ada.call('GET', '/usage/history')).body).toEqual({ periods: [] });
    expect((await ada.call('GET', '/credits/ledger')).body).toEqual({ items: [], nextCursor: null });
  });

  it('tells of plan, usage, what is left, what is near and what will run out', async () => {
    const ada = await user('pro');
    const letter = await ada.call('POST', '/letters', { body: LETTER });
    const mail = { letterId: letter.body['id'], channel: 'mail', deliverAt: inYears(1), recipient: ADDRESS };
    await ada.call('POST', '/deliveries', { body: mail });
    const entitlements = (await ada.call('GET', '/entitlements')).body;
    expect(entitlements).toMatchObject({
      userId: ada.id,
      plan: 'pro',
      status: 'active',
      usage: { lettersThisMonth: 1, mailCreditsRemaining: 1 },
    });
    expect((await ada.call('GET', '/usage')).body).toMatchObject({
      usage: { lettersCreated: 1, emailsSent: 0, mailsSent: 1, mailCreditsRemaining: 1 },
      utilization: { lettersPercent: null, mailCreditsPercent: 50 },
    });
    expect((await ada.call('GET', '/usage/nearing-quota?threshold=0.5')).body).toEqual({
      nearing: true,
      meters: [{ meter: 'mails', percent: 50 }],
    });
    expect((await ada.call('GET', '/usage/nearing-quota')).body).toEqual({ nearing: false, meters: [] });
    const { meters } = (await ada.call('GET', '/usage/forecast')).body as { meters: { meter: string }[] };
    expect(meters.map(({ meter }) => meter)).toEqual(['letters', 'emails', 'mails']);
  });

  it('G4: has a ledger whose balances add up, page by page', async () => {
    const ada = await user('enterprise');
    const token = await postage.token('machine', 'usage:write');
    for (let count = 1; count <= 4; count += 1) {
      const headers = { 'idempotency-key': `key-${count}` };
      const use = { consume: { letters: 1, mails: count } };
      const path = `/users/${ada.id}/usage`;
      const counted = await call(postage, 'POST', path, { token, headers, body: use });
      expect(counted.body).toMatchObject({ consumed: { letters: 1, emails: 0, mails: count } });
      const again = await call(postage, 'POST', path, { token, headers, body: use });
      expect([again.status, again.headers.get('idempotent-replayed'), again.body]).toEqual([
        200,
        'true',
        counted.body,
      ]);
    }
    const entries: { amount: number; balanceAfter: number }[] = [];
    let query = '?limit=2';
    while (query !== '') {
      const { items, nextCursor } = (await ada.call('GET', `/credits/ledger${query}`)).body as {
        items: typeof entries;
        nextCursor: string | null;
      };
      entries.push(...items);
      query = nextCursor === null ? '' : `?limit=2&cursor=${nextCursor}`;
    }
    expect(entries.map(({ amount, balanceAfter }) => [amount, balanceAfter])).toEqual([
      [-4, 0],
      [-3, 4],
      [-2, 7],
      [-1, 9],
      [10, 10],
    ]);
  });

  it('is forbidden once the account has been erased, and so is every command', async () => {
    const ada = await user();
    await postage.store.client.send(
      new PutItemCommand({
        TableName: postage.store.table,
        Item: {
          pk: { S: `USER#${ada.id}` },
          sk: { S: 'ACCOUNT' },
          kind: { S: 'erased' },
          userId: { S: ada.id },
          version: { N: '1' },
          openUntil: { N: '0' },
          periodStart: { N: '0' },
          erasedAt: { N: '1' },
        },
      }),
    );
    const paths = [
      '/entitlements',
      '/usage',
      '/usage/remaining',
      '/usage/history',
      '/usage/nearing-quota',
      '/usage/forecast',
      '/credits',
      '/credits/ledger',
    ];
    for (const path of paths) {
      expect((await ada.call('GET', path)).body).toMatchObject({ status: 403, code: 'forbidden' });
    }
    expect((await ada.call('POST', '/letters', { body: LETTER })).body).toMatchObject({ status: 403 });
  });
});

describe('the documentation', () => {
  it('is served from here, page and parts, and lets nothing else in', async () => {
    expect((await call(postage, 'GET', '/health')).body).toEqual({ status: 'ok', stage: 'dev' });
    expect((await fetch(`${postage.url}/health?probe=1`)).status).toBe(200);
    const document = (await (await fetch(`${postage.url}/openapi.json`)).json()) as object;
    expect(document).toMatchObject({ openapi: '3.1.1', servers: [{ url: postage.url }] });
    const page = await fetch(`${postage.url}/docs`);
    const policy = page.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'; script-src 'self';");
    const parts = [...(await page.text()).matchAll(/(?:src|href)="([^"]+)"/g)].map(([, part]) => part ?? '');
    expect(parts).toHaveLength(4);
    for (const part of parts) {
      const file = await fetch(new URL(part, `${postage.url}/docs`));
      expect(file.status).toBe(200);
      expect((await file.arrayBuffer()).byteLength).toBeGreaterThan(50);
    }
    for (const other of ['package.json', '..%2Fpackage.json', 'index.html', '__proto__']) {
      expect((await call(postage, 'GET', `/docs/${other}`)).status).toBe(404);
    }
  });
});
