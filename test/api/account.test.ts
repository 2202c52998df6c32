import { beforeAll, describe, expect, it } from '@jest/globals';
import { DAY_MS, toIso } from '../../lambdas/domain/instants.ts';
import { viewCatalogue } from '../../lambdas/domain/catalogue-view.ts';
import { type ApiAnswer, type ApiUser, call, LETTER, someApiUser } from '../support/api-client.ts';
import { LETTERS } from '../support/catalogues.ts';
import { usePostage } from '../support/server.ts';

const postage = usePostage();
let service: string;

beforeAll(async () => {
  service = await postage().token('shop', 'postage/usage:write');
});

async function count(user: ApiUser, consume: Record<string, number>, key: string): Promise<ApiAnswer> {
  return call(postage(), 'POST', `/users/${user.id}/usage`, {
    token: service,
    headers: { 'idempotency-key': key },
    body: { consume },
  });
}

const NO_CREDITS = {
  available: 0,
  included: 0,
  withheld: 0,
  carried: 0,
  purchased: 0,
  perPeriod: 0,
  extra: null,
};

describe('GET /account', () => {
  it('of somebody who is new is the free one: what is not in the plan has no limit, and nothing left', async () => {
    const ada = await someApiUser(postage());
    const { status, body } = await ada.call('GET', '/account');
    expect({ status, body }).toEqual({
      status: 200,
      body: {
        userId: ada.id,
        plan: 'none',
        status: 'none',
        period: { startsAt: expect.stringMatching(/-01T00:00:00.000Z$/), endsAt: expect.any(String) },
        meters: {
          letters: { used: 0, limit: 5, left: 5, percent: 0 },
          emails: { used: 0, limit: null, left: 0, percent: null },
          mails: { used: 0, limit: null, left: 0, percent: null, credits: 1, today: { used: 0, limit: 10 } },
        },
        levels: {},
        features: [],
        credits: NO_CREDITS,
      },
    });
  });

  it('has per cents from 0 to 100, which means reached', async () => {
    const ada = await someApiUser(postage());
    const meters: unknown[] = [];
    for (let letters = 0; letters < 5; letters += 1) {
      await ada.call('POST', '/letters', { body: LETTER });
      meters.push((await ada.call('GET', '/account')).body['meters']);
    }
    expect(meters).toMatchObject(
      [20, 40, 60, 80, 100].map((percent, index) => ({
        letters: { used: index + 1, left: 4 - index, percent },
      })),
    );
  });

  it.each([
    ['pro', [], { perPeriod: 2, extra: { amountCents: 300, currency: 'usd' } }],
    ['enterprise', ['priority_support'], { perPeriod: 10, extra: { amountCents: 250, currency: 'usd' } }],
  ] as const)('of %s shows what the day and the credits have left', async (plan, features, about) => {
    const anchor = toIso(postage().clock.now());
    const ada = await someApiUser(postage(), plan);
    await count(ada, { emails: 3, mails: 2 }, 'key-1');
    const { body } = await ada.call('GET', '/account');
    const left = about.perPeriod - 2;
    expect(body).toMatchObject({
      plan,
      status: 'active',
      features,
      meters: {
        emails: { used: 3, limit: 'unlimited', left: 'unlimited', percent: null },
        mails: { used: 2, limit: 'unlimited', credits: 1, today: { used: 2, limit: 10 } },
      },
      credits: { ...NO_CREDITS, available: left, included: left, ...about },
    });
    const { startsAt } = body['period'] as { startsAt: string };
    expect(Math.abs(Date.parse(startsAt) - Date.parse(anchor))).toBeLessThan(60_000);
  });
});

describe('GET /account/forecast', () => {
  it('tells the pace of each meter and of the credits, and when a limit is reached', async () => {
    const ada = await someApiUser(postage(), 'pro');
    await count(ada, { letters: 4, mails: 1 }, 'key-1');
    const { body } = await ada.call('GET', '/account/forecast');
    expect(body).toEqual({
      meters: [
        { meter: 'letters', perDay: 4, runsOutAt: null },
        { meter: 'emails', perDay: 0, runsOutAt: null },
        { meter: 'mails', perDay: 1, runsOutAt: null },
        { meter: 'credits', perDay: 1, runsOutAt: expect.stringMatching(/Z$/) },
      ],
    });
  });
});

describe('GET /catalogue', () => {
  it('is shown to anyone, without a token', async () => {
    const { status, body } = await call(postage(), 'GET', '/catalogue');
    expect({ status, body }).toEqual({ status: 200, body: viewCatalogue(LETTERS) });
    expect(body).toMatchObject({
      meters: [{ id: 'letters' }, { id: 'emails' }, { id: 'mails', credits: 1, perDay: 10 }],
      plans: [{ id: 'none', limits: { letters: 5 } }, { id: 'pro', credits: 2 }, { id: 'enterprise' }],
      credit: { title: { one: 'mail credit' }, isGiftable: true },
    });
  });
});

describe('GET /users/{userId}/account', () => {
  it.each(['usage:read', 'postage/usage:read', 'usage:write', 'openid postage/usage:write'])(
    'G13: is the account that its user sees, for the scope %s',
    async (scope) => {
      const ada = await someApiUser(postage(), 'pro');
      await count(ada, { letters: 1 }, 'key-1');
      const token = await postage().token('shop', scope);
      const { status, body } = await call(postage(), 'GET', `/users/${ada.id}/account`, { token });
      expect({ status, body }).toEqual({ status: 200, body: (await ada.call('GET', '/account')).body });
    },
  );

  it.each(['', 'usage:reader', 'not-usage:read', 'admin', 'openid'])(
    'G13: is forbidden for the scope %p, to users of their own account too',
    async (scope) => {
      const ada = await someApiUser(postage());
      const token = await postage().token(ada.id, scope);
      const { body } = await call(postage(), 'GET', `/users/${ada.id}/account`, { token });
      expect(body).toMatchObject({ status: 403, code: 'forbidden' });
    },
  );

  it('G13: does not let who may read count', async () => {
    const ada = await someApiUser(postage());
    const token = await postage().token('shop', 'usage:read');
    const headers = { 'idempotency-key': 'key' };
    const body = { consume: { letters: 1 } };
    const path = `/users/${ada.id}/usage`;
    expect((await call(postage(), 'POST', path, { token, headers, body })).status).toBe(403);
    expect((await call(postage(), 'DELETE', `${path}/some-id`, { token })).status).toBe(403);
  });

  it('of somebody who is new is free, and an impossible id is not found', async () => {
    const found = await call(postage(), 'GET', '/users/nobody-yet/account', { token: service });
    expect(found.body).toMatchObject({ userId: 'nobody-yet', plan: 'none' });
    const impossible = await call(postage(), 'GET', '/users/a%23b/account', { token: service });
    expect(impossible.body).toMatchObject({ status: 404, code: 'not_found' });
  });
});

describe('GET /account/history', () => {
  it.each(['periods=0', 'periods=25', 'periods=six', 'user=bob'])('refuses ?%s', async (query) => {
    const ada = await someApiUser(postage());
    expect((await ada.call('GET', `/account/history?${query}`)).body).toMatchObject({ code: 'invalid' });
  });

  it('of somebody who is new is empty', async () => {
    const ada = await someApiUser(postage());
    expect((await ada.call('GET', '/account/history')).body).toEqual({ periods: [] });
  });

  it('G7: has the periods that have ended, newest first, though no job has closed them', async () => {
    const ada = await someApiUser(postage(), 'pro');
    await count(ada, { letters: 2, mails: 1 }, 'key-1');
    const { startsAt: began } = (await ada.call('GET', '/account')).body['period'] as { startsAt: string };
    postage().clock.moveTo(Date.parse(began) + 70 * DAY_MS);
    const token = await postage().token(ada.id);
    const { body } = await ada.call('GET', '/account/history?periods=2', { token });
    const { periods } = body as { periods: { startsAt: string; endsAt: string }[] };
    expect(periods).toMatchObject([
      { used: {}, creditsUsed: 0 },
      { startsAt: began, used: { letters: 2, mails: 1 }, creditsUsed: 1 },
    ]);
    expect(periods[0]?.startsAt).toBe(periods[1]?.endsAt);
    const { period } = (await ada.call('GET', '/account', { token })).body;
    expect(period).toMatchObject({ startsAt: periods[0]?.endsAt });
  });
});
