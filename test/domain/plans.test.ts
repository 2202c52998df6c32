import { describe, expect, it } from '@jest/globals';
import { MAILS_PER_DAY, nextPlan, PLAN_ORDER, PLANS } from '../../lambdas/domain/plans.ts';

describe('the plan catalogue', () => {
  it.each([
    ['none', 5, 0, 0, null, null, {}],
    ['pro', 'unlimited', 'unlimited', 2, 300, null, { month: 900, year: 9_000 }],
    ['enterprise', 'unlimited', 'unlimited', 10, 250, 10, { month: 2_900 }],
  ] as const)(
    '%s: %s letters, %s e-mails, %s mail credits',
    (id, letters, emails, credits, extra, cap, prices) => {
      const plan = PLANS[id];
      expect(plan).toMatchObject({
        id,
        lettersPerPeriod: letters,
        emailsPerPeriod: emails,
        mailCreditsPerPeriod: credits,
        canSchedule: id !== 'none',
      });
      expect(plan.extraMail?.amountCents ?? null).toBe(extra);
      expect(plan.carryOver?.capCredits ?? null).toBe(cap);
      const cents = Object.entries(plan.prices).map(([interval, price]) => [interval, price.amountCents]);
      expect(Object.fromEntries(cents)).toEqual(prices);
    },
  );

  it('is ordered from the smallest to the largest, which is how upgrades are proposed', () => {
    expect(PLAN_ORDER.map((plan) => [plan, nextPlan(plan)])).toEqual([
      ['none', 'pro'],
      ['pro', 'enterprise'],
      ['enterprise', null],
    ]);
  });

  it('holds every plan once', () => {
    expect([...PLAN_ORDER].sort()).toEqual(Object.keys(PLANS).sort());
  });

  it('allows ten mails a day', () => {
    expect(MAILS_PER_DAY).toBe(10);
  });
});
