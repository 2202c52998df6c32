import { describe, expect, it } from '@jest/globals';
import { givenSubscriber, writeLetter } from './support/deeds.ts';
import { get } from './support/http.ts';
import { useWorld } from './support/use-world.ts';

const world = useWorld();

describe('what a user may do and has done', () => {
  it('is told to somebody who has never been seen', async () => {
    const { userId, token } = await world().meet('freeVisitor');
    expect(await get(world(), '/entitlements', token)).toMatchObject({
      userId,
      plan: 'none',
      features: { canCreateLetters: true, canScheduleDeliveries: false, maxLettersPerMonth: 5 },
      usage: { lettersThisMonth: 0, emailsThisMonth: 0, mailCreditsRemaining: 0 },
    });
    const quota = { letters: 5, emails: 0, mailCredits: 0 };
    expect(await get(world(), '/usage/remaining', token)).toMatchObject(quota);
    expect(await get(world(), '/usage/history', token)).toEqual({ periods: [] });
    expect(await get(world(), '/credits/ledger', token)).toEqual({ items: [], nextCursor: null });
  });

  it('G6: is told to a subscriber, whose periods are months even under a yearly plan', async () => {
    const now = await world().now();
    const user = await givenSubscriber(world(), 'proYearly', { plan: 'pro', interval: 'year' });
    const { userId, token } = user;
    expect((await writeLetter(world(), user)).status).toBe(201);

    expect(await get(world(), '/entitlements', token)).toMatchObject({
      plan: 'pro',
      status: 'active',
      features: { canSchedulePhysicalMail: true, maxLettersPerMonth: 'unlimited', mailCreditsPerMonth: 2 },
      usage: { lettersThisMonth: 1, mailCreditsRemaining: 2 },
    });
    const summary = await get(world(), '/usage', token);
    expect(summary).toMatchObject({
      plan: 'pro',
      usage: { lettersCreated: 1 },
      limits: { maxLetters: 'unlimited' },
    });
    const daysLeft = (Date.parse(String(summary['periodEndsAt'])) - now) / 86_400_000;
    expect(Math.round(daysLeft)).toBeGreaterThanOrEqual(28);
    expect(Math.round(daysLeft)).toBeLessThanOrEqual(31);

    const { periodEndsAt } = summary;
    const quota = { userId, letters: 'unlimited', emails: 'unlimited', mailCredits: 2, periodEndsAt };
    expect(await get(world(), '/usage/remaining', token)).toEqual(quota);
    expect(await get(world(), '/usage/nearing-quota?threshold=0.5', token)).toMatchObject({ nearing: false });
    const { meters } = await get(world(), '/usage/forecast', token);
    expect(meters).toContainEqual({ meter: 'letters', perDay: expect.any(Number), runsOutAt: null });
  });
});
