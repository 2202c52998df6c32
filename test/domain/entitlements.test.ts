import { describe, expect, it } from '@jest/globals';
import { newAccount } from '../../lambdas/domain/account.ts';
import { type Entitlements, getEntitlements } from '../../lambdas/letters/domain/entitlements.ts';
import {
  active,
  at,
  givenSubscriber,
  pastDue,
  trial,
  used,
  withCredits,
  withUses,
} from '../support/accounts.ts';
import { LETTERS, STUDIO } from '../support/catalogues.ts';

const NOW = '2026-02-10T12:00:00.000Z';

describe('what a user may do', () => {
  it('without a plan: letters, up to five', () => {
    const account = used(newAccount('user', at(NOW), LETTERS), { letters: 5 }, NOW);
    expect(getEntitlements(account, at(NOW))).toEqual({
      userId: 'user',
      plan: 'none',
      status: 'none',
      features: {
        canCreateLetters: true,
        canScheduleDeliveries: false,
        canSchedulePhysicalMail: false,
        maxLettersPerMonth: 5,
        emailDeliveriesIncluded: 0,
        mailCreditsPerMonth: 0,
      },
      usage: { lettersThisMonth: 5, emailsThisMonth: 0, mailCreditsRemaining: 0 },
      limits: { lettersReached: true, emailsReached: true, mailCreditsExhausted: true },
    } satisfies Entitlements);
    const overdrawn = withUses(account, { letters: { used: 7 } });
    expect(getEntitlements(overdrawn, at(NOW)).limits).toMatchObject({ lettersReached: true });
  });

  it('with a plan: what it offers, used up or not', () => {
    const account = used(
      givenSubscriber(active({ plan: 'enterprise' }), NOW),
      { letters: 7, emails: 3, mails: 10 },
      NOW,
    );
    expect(getEntitlements(account, at(NOW))).toMatchObject({
      plan: 'enterprise',
      status: 'active',
      features: {
        canScheduleDeliveries: true,
        canSchedulePhysicalMail: true,
        maxLettersPerMonth: 'unlimited',
        emailDeliveriesIncluded: 'unlimited',
        mailCreditsPerMonth: 10,
      },
      usage: { lettersThisMonth: 7, emailsThisMonth: 3, mailCreditsRemaining: 0 },
      limits: { lettersReached: false, emailsReached: false, mailCreditsExhausted: true },
    });
  });

  it('under another catalogue: nothing of what it lacks', () => {
    expect(getEntitlements(newAccount('user', at(NOW), STUDIO), at(NOW))).toMatchObject({
      features: { canCreateLetters: false, canScheduleDeliveries: false, maxLettersPerMonth: 0 },
      limits: { lettersReached: true, emailsReached: true },
    });
  });

  it('purchased credits count among those that remain', () => {
    const account = withCredits(givenSubscriber(active({}), NOW), {
      included: 2,
      purchased: 5,
      usedThisPeriod: 3,
    });
    expect(getEntitlements(account, at(NOW)).usage.mailCreditsRemaining).toBe(4);
  });
});

describe('what it tells of endings', () => {
  it.each([
    ['an active subscription', active({}), {}],
    ['one that is to end', active({ endsAt: '2026-02-20' }), { endsAt: '2026-02-20T00:00:00.000Z' }],
    ['a failed payment', pastDue({ graceEndsAt: '2026-02-17' }), { graceEndsAt: '2026-02-17T00:00:00.000Z' }],
    [
      'a failed payment of one that is to end',
      pastDue({ graceEndsAt: '2026-02-17', endsAt: '2026-02-20' }),
      { graceEndsAt: '2026-02-17T00:00:00.000Z', endsAt: '2026-02-20T00:00:00.000Z' },
    ],
    [
      'a trial',
      trial({ trialEndsAt: '2026-02-14' }),
      { trialInfo: { isInTrial: true, trialEndsAt: '2026-02-14T00:00:00.000Z', daysRemaining: 4 } },
    ],
    [
      'a trial that is to end',
      trial({ trialEndsAt: '2026-02-14T12:00Z', endsAt: '2026-02-14T12:00Z' }),
      {
        trialInfo: { isInTrial: true, trialEndsAt: '2026-02-14T12:00:00.000Z', daysRemaining: 4 },
        endsAt: '2026-02-14T12:00:00.000Z',
      },
    ],
  ])('%s', (_, facts, expected) => {
    const { trialInfo, endsAt, graceEndsAt } = getEntitlements(givenSubscriber(facts, NOW), at(NOW));
    const told = { trialInfo, endsAt, graceEndsAt };
    expect(Object.fromEntries(Object.entries(told).filter(([, value]) => value !== undefined))).toEqual(
      expected,
    );
  });

  it('an ended one is canceled', () => {
    const account = {
      ...newAccount('user', at(NOW), LETTERS),
      subscription: { status: 'canceled' as const },
    };
    expect(getEntitlements(account, at(NOW))).toMatchObject({ status: 'canceled', plan: 'none' });
  });

  it.each([
    ['a millisecond before the end, one day', '2026-02-13T23:59:59.999Z', 1],
    ['a whole day before, one day', '2026-02-13T00:00:00.000Z', 1],
    ['a millisecond more, two', '2026-02-12T23:59:59.999Z', 2],
    ['never less than none', '2026-02-15T00:00:00.000Z', 0],
  ])('days of a trial that remain: %s', (_, now, days) => {
    const account = givenSubscriber(trial({ trialEndsAt: '2026-02-14' }), NOW);
    expect(getEntitlements(account, at(now)).trialInfo?.daysRemaining).toBe(days);
  });
});
