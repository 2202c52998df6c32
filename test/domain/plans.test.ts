import { describe, expect, it } from '@jest/globals';
import { nextPlan, PLAN_ORDER, PLANS } from '../../lambdas/domain/plans.ts';

describe('the plan catalogue', () => {
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

  it("gives no e-mails to plans that can't schedule", () => {
    const unable = Object.values(PLANS).filter(({ canSchedule }) => !canSchedule);
    expect(unable.map(({ emailsPerPeriod }) => emailsPerPeriod)).toEqual(unable.map(() => 0));
  });
});
