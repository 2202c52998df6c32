import { expect, it } from '@jest/globals';
import * as z from 'zod/mini';
import { usd } from '../../lambdas/domain/catalogue.ts';
import { utcDay } from '../../lambdas/domain/instants.ts';
import { accountOf, giveBack, record } from './support/counting.ts';
import { givenSubscriber } from './support/deeds.ts';
import { dev } from './support/dev.ts';
import { eventually } from './support/eventually.ts';
import { EXAMPLES } from './support/examples.ts';
import { ask, expectAnswer, get } from './support/http.ts';
import { subscribe } from './support/paying.ts';
import { describeExample, itOnThisMachine } from './support/use-world.ts';

const statistics = z.object({
  used: z.record(z.string(), z.int()),
  creditsUsed: z.int(),
  uniqueUsers: z.int(),
});

describeExample('pictures', (world) => {
  it('shows its catalogue to anyone', async () => {
    const catalogue = await ask(world(), 'GET /catalogue');
    expectAnswer(catalogue, 200, {
      meters: [
        { id: 'images', credits: 1 },
        { id: 'large_images', credits: 4 },
      ],
      levels: [{ id: 'seats' }],
      features: [{ id: 'priority_queue' }],
      plans: [
        { id: 'free', credits: 10, limits: { seats: 1 }, features: [] },
        { id: 'duo', credits: 100, prices: { month: usd(900) } },
        { id: 'studio', credits: 500, limits: { seats: 5 }, features: ['priority_queue'] },
      ],
    });
  });

  it('shows its owner the catalogue in force, and since when', async () => {
    const shown = await get(world(), '/admin/catalogue', await world().adminToken());
    expect(shown).toMatchObject({ catalogue: EXAMPLES.pictures });
    expect(Date.parse(String(shown['since']))).toBeLessThanOrEqual(await world().now());
    expect(shown['fingerprint']).toMatch(/^[0-9a-f]{64}$/);
  });

  it('shows its owner a user, as the user is shown, and what all have used', async () => {
    const { userId, token } = await world().meet('freeWatched');
    expectAnswer(await record(world(), userId, { consume: { large_images: 1 } }), 200);
    const adminToken = await world().adminToken();
    expect(await get(world(), `/admin/users/${userId}`, adminToken)).toEqual({
      userId,
      account: await get(world(), '/account', token),
      credits: await get(world(), '/credits', token),
      purchases: [],
      gifts: [],
    });
    const day = utcDay(await world().now());
    await eventually('the statistics of the day', async () => {
      const stats = await get(world(), `/admin/usage-stats?start=${day}&end=${day}`, adminToken);
      const { used, creditsUsed, uniqueUsers } = z.parse(statistics, stats);
      return Number(used['large_images']) >= 1 && creditsUsed >= 4 && uniqueUsers >= 1 ? stats : null;
    });
    for (const path of [
      `/admin/users/${userId}`,
      `/admin/usage-stats?start=${day}&end=${day}`,
      '/admin/catalogue',
    ]) {
      expectAnswer(await ask(world(), `GET ${path}`, { token }), 403, { code: 'forbidden' });
    }
  });

  it('has no routes for letters', async () => {
    const { token } = await world().meet('freePainter');
    for (const route of ['GET /letters', 'POST /deliveries', 'GET /entitlements', 'GET /usage']) {
      expect((await ask(world(), route, { token })).status).toBe(404);
    }
  });

  it('gives ten credits a month to everybody: for two images and two large ones', async () => {
    const { userId, token } = await world().meet('freePainter');
    const credits = { available: 10, included: 10, withheld: 0, carried: 0, perPeriod: 10, extra: null };
    expect(await get(world(), '/account', token)).toMatchObject({ plan: 'free', features: [], credits });

    const pictures = await record(world(), userId, { consume: { images: 2, large_images: 2 } });
    expectAnswer(pictures, 200, { consumed: { images: 2, large_images: 2 }, credits: 10 });
    const { resetsAt, ...refusal } = (await record(world(), userId, { consume: { images: 1 } })).body;
    expect(refusal).toMatchObject({
      status: 402,
      code: 'insufficient_credits',
      limit: 10,
      used: 10,
      price: null,
      upgradeTo: 'duo',
    });
    expect(await get(world(), '/account', token)).toMatchObject({
      period: { endsAt: resetsAt },
      meters: {
        images: { used: 2, limit: 'unlimited', left: 'unlimited', percent: null, credits: 1 },
        large_images: { used: 2, credits: 4 },
      },
      credits: { available: 0 },
    });
  });

  it('G2: gives a picture that failed back once, however often it is told', async () => {
    const { userId } = await world().meet('freeFailed');
    const picture = await record(world(), userId, { consume: { large_images: 1 } }, 'picture-1');
    const back = await giveBack(world(), userId, picture);
    expectAnswer(back, 200, { consumed: { large_images: 1 }, credits: 4 });
    expectAnswer(await giveBack(world(), userId, picture), 200, back.body);
    expect(await accountOf(world(), userId)).toMatchObject({
      meters: { large_images: { used: 0 } },
      credits: { available: 10 },
    });
    // The request that it was is answered from its record, and counts nothing.
    const again = await record(world(), userId, { consume: { large_images: 1 } }, 'picture-1');
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect(await accountOf(world(), userId)).toMatchObject({ credits: { available: 10 } });
  });

  it('holds seats until they are released', async () => {
    const { userId } = await world().meet('freeHolder');
    expectAnswer(await record(world(), userId, { consume: { seats: 1 } }), 200, { consumed: { seats: 1 } });
    const second = await record(world(), userId, { consume: { seats: 1 } });
    const figures = { meter: 'seats', limit: 1, used: 1, resetsAt: null, upgradeTo: 'duo' };
    expectAnswer(second, 402, { code: 'quota_exceeded', ...figures });
    const tooMany = await record(world(), userId, { release: { seats: 2 } });
    expectAnswer(tooMany, 409, { code: 'illegal_transition' });
    expectAnswer(await record(world(), userId, { release: { seats: 1 } }), 200, { released: { seats: 1 } });
    expect(await accountOf(world(), userId)).toMatchObject({
      levels: { seats: { held: 0, limit: 1, left: 1 } },
    });
  });

  it('refuses what is neither a meter nor a level', async () => {
    const { userId } = await world().meet('freeHolder');
    for (const use of [{ consume: { letters: 1 } }, { release: { images: 1 } }, { consume: {} }]) {
      expectAnswer(await record(world(), userId, use), 422, { code: 'invalid' });
    }
  });

  it('takes no seat from a smaller plan, and lets nobody in until there is room', async () => {
    const { userId, token } = await givenSubscriber(world(), 'studioHolder', { plan: 'studio' });
    expect(await get(world(), '/account', token)).toMatchObject({ features: ['priority_queue'] });
    expectAnswer(await record(world(), userId, { consume: { seats: 5 } }), 200);
    const anchor = Date.parse((await accountOf(world(), userId)).period.startsAt);
    await world().beginSubscription(userId, { plan: 'duo', anchor });

    expect(await accountOf(world(), userId)).toMatchObject({
      plan: 'duo',
      levels: { seats: { held: 5, limit: 2, left: 0 } },
      features: [],
    });
    expectAnswer(await record(world(), userId, { release: { seats: 1 } }), 200);
    const refused = await record(world(), userId, { consume: { seats: 1 } });
    expectAnswer(refused, 402, { code: 'quota_exceeded', limit: 2, used: 4, upgradeTo: 'studio' });
    expectAnswer(await record(world(), userId, { release: { seats: 3 } }), 200);
    expectAnswer(await record(world(), userId, { consume: { seats: 1 } }), 200);
  });

  itOnThisMachine(
    'gives the plan, its credits and its features to whoever subscribes at Stripe',
    async () => {
      const user = await world().meet('freeCustomer');
      await record(world(), user.userId, { consume: { images: 3 } });
      await subscribe(world(), user, { plan: 'duo', interval: 'month' });
      const duo = { plan: 'duo', status: 'active', levels: { seats: { limit: 2 } }, features: [] };
      const credits = { available: 107, included: 100, carried: 7 };
      expect(await accountOf(world(), user.userId)).toMatchObject({ ...duo, credits });
      const order = { plan: 'studio', interval: 'month' };
      expectAnswer(await ask(world(), 'POST /billing/plan-changes', { token: user.token, json: order }), 200);
      const studio = { plan: 'studio', levels: { seats: { limit: 5 } }, features: ['priority_queue'] };
      expect(await accountOf(world(), user.userId)).toMatchObject(studio);
    },
  );

  itOnThisMachine('carries credits for two periods', async () => {
    const { userId } = await world().meet('freeSaver');
    expectAnswer(await record(world(), userId, { consume: { images: 4 } }), 200);
    const creditsAfterMonth = async (): Promise<unknown> => {
      const { period } = await accountOf(world(), userId);
      await dev(world().url, 'POST', '/dev/clock', { now: period.endsAt });
      return (await accountOf(world(), userId))['credits'];
    };
    expect(await creditsAfterMonth()).toMatchObject({ available: 16, included: 10, carried: 6 });
    expect(await creditsAfterMonth()).toMatchObject({ available: 26, included: 10, carried: 16 });
    // The six have served their two periods.
    expect(await creditsAfterMonth()).toMatchObject({ available: 30, included: 10, carried: 20 });
  });
});
