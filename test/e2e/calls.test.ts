import { expect, it } from '@jest/globals';
import { accountOf, giveBack, record } from './support/counting.ts';
import { givenSubscriber } from './support/deeds.ts';
import { dev } from './support/dev.ts';
import { ask, expectAnswer, get } from './support/http.ts';
import { describeExample, itOnThisMachine } from './support/use-world.ts';

describeExample('calls', (world) => {
  it('has no credits, and no letters', async () => {
    expectAnswer(await ask(world(), 'GET /catalogue'), 200, {
      meters: [{ id: 'calls', credits: 0, perDay: 1_000 }],
      levels: [],
      credit: null,
    });
    const { token } = await world().meet('freeCaller');
    expect(await get(world(), '/account', token)).toMatchObject({
      meters: { calls: { used: 0, limit: 1_500, left: 1_500, percent: 0, today: { used: 0, limit: 1_000 } } },
      credits: { available: 0, perPeriod: 0 },
    });
    expect((await ask(world(), 'GET /letters', { token })).status).toBe(404);
  });

  it('limits the calls of a day, which time resets', async () => {
    const { userId } = await world().meet('freeCaller');
    expectAnswer(await record(world(), userId, { consume: { calls: 1_000 } }), 200, { credits: 0 });
    const refused = await record(world(), userId, { consume: { calls: 1 } });
    expectAnswer(refused, 429, { code: 'rate_limited', meter: 'calls', limit: 1_000 });
    const seconds = (Date.parse(String(refused.body['resetsAt'])) - (await world().now())) / 1_000;
    expect(Math.abs(Number(refused.headers.get('retry-after')) - seconds)).toBeLessThan(5);
  });

  it('gives back calls that failed, of the month and of the day', async () => {
    const { userId } = await givenSubscriber(world(), 'businessCaller', { plan: 'business' });
    const batch = await record(world(), userId, { consume: { calls: 600 } });
    expectAnswer(await giveBack(world(), userId, batch), 200, { consumed: { calls: 600 }, credits: 0 });
    const { meters, features } = await accountOf(world(), userId);
    expect(meters).toMatchObject({ calls: { used: 0, limit: 'unlimited', today: { used: 0 } } });
    expect(features).toEqual(['webhooks']);
  });

  itOnThisMachine('limits the calls of a month, which a larger plan raises', async () => {
    const { userId } = await world().meet('freeRegular');
    const date = new Date(await world().now());
    const toDay = (day: number) => {
      const now = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, day)).toISOString();
      return dev(world().url, 'POST', '/dev/clock', { now });
    };
    await toDay(10);
    expectAnswer(await record(world(), userId, { consume: { calls: 1_000 } }), 200);
    await toDay(11);
    expectAnswer(await record(world(), userId, { consume: { calls: 500 } }), 200);
    const figures = { meter: 'calls', limit: 1_500, used: 1_500, upgradeTo: 'developer' };
    const refused = await record(world(), userId, { consume: { calls: 1 } });
    expectAnswer(refused, 402, { code: 'quota_exceeded', ...figures });
    const { period } = await accountOf(world(), userId);
    expect(period).toMatchObject({ endsAt: refused.body['resetsAt'] });

    await world().beginSubscription(userId, { plan: 'developer', anchor: await world().now() });
    expectAnswer(await record(world(), userId, { consume: { calls: 500 } }), 200);
  });
});
