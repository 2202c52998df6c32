import { describe, expect, it } from '@jest/globals';
import { usd } from '../../lambdas/domain/catalogue.ts';
import { givenSubscriber } from './support/deeds.ts';
import { type Answer, ask, expectAnswer, get } from './support/http.ts';
import { useWorld } from './support/use-world.ts';

const world = useWorld();

interface Consumption {
  key: string;
  consume: Record<string, number>;
  token?: string;
}

async function count(userId: string, { key, consume, token }: Consumption): Promise<Answer> {
  return ask(world(), `POST /users/${encodeURIComponent(userId)}/usage`, {
    token: token ?? (await world().serviceToken()),
    key,
    json: { consume },
  });
}

describe('usage that another service counts', () => {
  it('G3: is counted on all meters or on none', async () => {
    const { userId, token } = await givenSubscriber(world(), 'proCounted', { plan: 'pro' });
    const tooMuch = await count(userId, { key: 'one', consume: { letters: 3, emails: 1, mails: 3 } });
    expectAnswer(tooMuch, 402, { code: 'insufficient_credits', price: usd(300) });
    const none = { lettersCreated: 0, emailsSent: 0, mailsSent: 0, mailCreditsRemaining: 2 };
    expect(await get(world(), '/usage', token)).toMatchObject({ usage: none });

    const consume = { letters: 3, emails: 1, mails: 2 };
    const counted = await count(userId, { key: 'two', consume });
    expectAnswer(counted, 200, { consumed: consume });
    const all = { lettersCreated: 3, emailsSent: 1, mailsSent: 2, mailCreditsRemaining: 0 };
    expect(await get(world(), '/usage', token)).toMatchObject({ usage: all });

    // G2: the same request has the same answer, and counts nothing more.
    const repeated = await count(userId, { key: 'two', consume });
    expectAnswer(repeated, 200, counted.body);
    expect(repeated.headers.get('idempotent-replayed')).toBe('true');
    const changed = await count(userId, { key: 'two', consume: { letters: 1 } });
    expectAnswer(changed, 409, { code: 'idempotency_conflict' });
    expect(await get(world(), '/usage', token)).toMatchObject({ usage: all });
  });

  it('is refused before anything is written when a limit or the request itself does not allow it', async () => {
    const { userId, token } = await world().meet('freeCounted');
    const letters = await count(userId, { key: 'one', consume: { letters: 6 } });
    expectAnswer(letters, 402, { code: 'quota_exceeded', limit: 5, used: 0 });
    const mails = await count(userId, { key: 'two', consume: { mails: 11 } });
    expectAnswer(mails, 402, { code: 'plan_required' });
    const pro = await givenSubscriber(world(), 'proHurried', { plan: 'pro' });
    const manyMails = await count(pro.userId, { key: 'one', consume: { mails: 11 } });
    expectAnswer(manyMails, 429, { code: 'rate_limited', limit: 10 });
    expect(Number(manyMails.headers.get('retry-after'))).toBeGreaterThan(0);
    const nothing = await count(userId, { key: 'three', consume: {} });
    expectAnswer(nothing, 422, { code: 'invalid' });

    const serviceToken = await world().serviceToken();
    const json = { consume: { letters: 1 } };
    const withoutKey = await ask(world(), `POST /users/${userId}/usage`, { token: serviceToken, json });
    expectAnswer(withoutKey, 422, { code: 'invalid', errors: [{ path: 'Idempotency-Key' }] });
    expect(await get(world(), '/usage', token)).toMatchObject({ usage: { lettersCreated: 0 } });
  });

  it('G11: is given back once, and what the account shows agrees', async () => {
    const { userId, token } = await givenSubscriber(world(), 'proCounted', { plan: 'pro' });
    const counted = await count(userId, { key: 'failed', consume: { letters: 2, mails: 1 } });
    const usage = `/users/${encodeURIComponent(userId)}/usage/${String(counted.body['id'])}`;
    const giveBack = async (): Promise<Answer> =>
      ask(world(), `DELETE ${usage}`, { token: await world().serviceToken() });
    expectAnswer(await giveBack(), 200, { consumed: { letters: 2, mails: 1 }, credits: 1 });
    const repeated = await giveBack();
    expectAnswer(repeated, 200, { consumed: { letters: 2, mails: 1 }, credits: 1 });
    expect(repeated.headers.get('idempotent-replayed')).toBe('true');

    const account = {
      meters: { letters: { used: 0 }, mails: { used: 0, credits: 1 } },
      credits: { available: 2 },
    };
    expect(await get(world(), '/account', token)).toMatchObject(account);
    const ofService = await ask(world(), `GET /users/${encodeURIComponent(userId)}/account`, {
      token: await world().serviceToken(),
    });
    expectAnswer(ofService, 200, account);
    expect(await get(world(), '/account/history', token)).toHaveProperty('periods');
    expect(await get(world(), '/account/forecast', token)).toHaveProperty('meters');
    expectAnswer(await ask(world(), 'GET /catalogue', {}), 200, {
      plans: [{ id: 'none' }, { id: 'pro' }, {}],
    });
  });

  it('G13: shows in the account, to its user and to who may read accounts, and to nobody else', async () => {
    const { userId, token } = await world().meet('freeReporter');
    expectAnswer(await count(userId, { key: 'one', consume: { letters: 2 } }), 200);
    const own = await get(world(), '/account', token);
    expect(own).toMatchObject({ userId, meters: { letters: { used: 2, limit: 5, left: 3, percent: 40 } } });
    const path = `GET /users/${userId}/account`;
    const readerToken = await world().readerToken();
    for (const reading of [readerToken, await world().serviceToken()]) {
      expectAnswer(await ask(world(), path, { token: reading }), 200, own);
    }
    expectAnswer(await ask(world(), path, { token }), 403, { code: 'forbidden' });
    const counting = await count(userId, { key: 'two', consume: { letters: 1 }, token: readerToken });
    expectAnswer(counting, 403, { code: 'forbidden' });
  });

  it('G13: is not for users, not even for their own', async () => {
    const { userId, token } = await world().meet('freeCounted');
    const own = await count(userId, { key: 'own', consume: { letters: 1 }, token });
    expectAnswer(own, 403, { code: 'forbidden' });
  });
});
