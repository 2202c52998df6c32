import { describe, expect, it } from '@jest/globals';
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
import { usePostage } from '../support/server.ts';

const postage = usePostage();

function user(plan?: 'pro' | 'enterprise'): Promise<ApiUser> {
  return someApiUser(postage(), plan);
}

describe('letters', () => {
  it('G13: of another user are not found, and the same key of another user is another key', async () => {
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
});

describe('deliveries', () => {
  it('beyond ten mails a day are refused until tomorrow', async () => {
    const ada = await user('enterprise');
    const token = await postage().token('machine', 'postage/usage:write');
    const use = (mails: number, key: string): Promise<ApiAnswer> =>
      call(postage(), 'POST', `/users/${ada.id}/usage`, {
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
    expect(Math.abs(resetsAt - postage().clock.now() - secondsLeft * 1_000)).toBeLessThan(60_000);
  });
});

describe('an account', () => {
  it('shows its plan, its usage, what is left, what is nearly used up and what will run out', async () => {
    const ada = await user('pro');
    const letter = await ada.call('POST', '/letters', { body: LETTER });
    const deliverAt = new Date(postage().clock.now() + YEAR_MS).toISOString();
    const mail = { letterId: letter.body['id'], channel: 'mail', deliverAt, recipient: ADDRESS };
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
    const token = await postage().token('machine', 'usage:write');
    for (let count = 1; count <= 4; count += 1) {
      const headers = { 'idempotency-key': `key-${count}` };
      const use = { consume: { letters: 1, mails: count } };
      const path = `/users/${ada.id}/usage`;
      const counted = await call(postage(), 'POST', path, { token, headers, body: use });
      expect(counted.body).toMatchObject({ consumed: { letters: 1, mails: count } });
      const again = await call(postage(), 'POST', path, { token, headers, body: use });
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
    await postage().store.client.send(
      new PutItemCommand({
        TableName: postage().store.table,
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
  it('is a page that runs no foreign script, and no other file is served', async () => {
    expect((await fetch(`${postage().url}/health?probe=1`)).status).toBe(200);
    const document = await (await fetch(`${postage().url}/openapi.json`)).json();
    expect(document).toMatchObject({ servers: [{ url: postage().url }] });
    const page = await fetch(`${postage().url}/docs`);
    const policy = page.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'; script-src 'self';");
    for (const other of ['package.json', '..%2Fpackage.json', 'index.html', '__proto__']) {
      expect((await call(postage(), 'GET', `/docs/${other}`)).status).toBe(404);
    }
  });
});
