import { describe, expect, it } from '@jest/globals';
import { type Account, newAccount } from '../../lambdas/domain/account.ts';
import {
  forecastUsage,
  getRemainingQuota,
  getUserMonthlyUsageSummary,
  isNearingQuota,
} from '../../lambdas/letters/domain/summaries.ts';
import { getCreditsSummary } from '../../lambdas/domain/credits-summary.ts';
import { active, at, givenSubscriber, used, withCredits, withUses } from '../support/accounts.ts';
import { LETTERS, STUDIO } from '../support/catalogues.ts';

const NOW = '2026-02-10T00:00:00.000Z';
const FREE = newAccount('user', at(NOW), LETTERS);
const PRO = givenSubscriber(active({}), NOW);

function letters(count: number): Account {
  return used(FREE, { letters: count }, NOW);
}

describe('the usage summary', () => {
  it('of a plan', () => {
    const account = used(
      withCredits(PRO, { included: 2, purchased: 1 }),
      { letters: 9, emails: 4, mails: 2 },
      NOW,
    );
    expect(getUserMonthlyUsageSummary(account)).toEqual({
      userId: 'user',
      period: '2026-01-31T00:00:00.000Z',
      periodEndsAt: '2026-02-28T00:00:00.000Z',
      plan: 'pro',
      usage: { lettersCreated: 9, emailsSent: 4, mailsSent: 2, mailCreditsRemaining: 1 },
      limits: { maxLetters: 'unlimited', maxEmails: 'unlimited', mailCreditsPerMonth: 2 },
      utilization: { lettersPercent: null, emailsPercent: null, mailCreditsPercent: 66 },
    });
  });

  it('without a plan: a limit of 0 is 0%', () => {
    expect(getUserMonthlyUsageSummary(letters(2))).toMatchObject({
      plan: 'none',
      limits: { maxLetters: 5, maxEmails: 0, mailCreditsPerMonth: 0 },
      utilization: { lettersPercent: 40, emailsPercent: 0, mailCreditsPercent: 0 },
    });
  });

  it.each([
    [0, 0],
    [1, 20],
    [5, 100],
    // A plan change may leave more used than the new limit.
    [7, 100],
  ])('%d of 5 letters are %d%%', (count, percent) => {
    const account = withUses(FREE, { letters: { used: count } });
    expect(getUserMonthlyUsageSummary(account).utilization.lettersPercent).toBe(percent);
  });

  it('shows mails sent by card too', () => {
    expect(getUserMonthlyUsageSummary(withUses(PRO, { mails: { used: 3, paid: 3 } })).usage.mailsSent).toBe(
      3,
    );
  });
});

describe('what is left', () => {
  it('of a plan', () => {
    expect(getRemainingQuota(used(PRO, { letters: 3, mails: 1 }, NOW))).toEqual({
      userId: 'user',
      letters: 'unlimited',
      emails: 'unlimited',
      mailCredits: 1,
      periodEndsAt: '2026-02-28T00:00:00.000Z',
    });
  });

  it('without one', () => {
    expect(getRemainingQuota(letters(4))).toMatchObject({ letters: 1, emails: 0, mailCredits: 0 });
    // More has been used than a smaller plan allows.
    expect(getRemainingQuota(withUses(FREE, { letters: { used: 7 } }))).toMatchObject({ letters: 0 });
  });
});

describe('nearing a quota', () => {
  it.each([
    [3, 0.8, []],
    [4, 0.8, [{ meter: 'letters', percent: 80 }]],
    [5, 1, [{ meter: 'letters', percent: 100 }]],
    [4, 1, []],
    [0, 0, [{ meter: 'letters', percent: 0 }]],
  ])('%d of 5 letters at %d', (count, threshold, meters) => {
    expect(isNearingQuota(letters(count), threshold)).toEqual({ nearing: meters.length > 0, meters });
  });

  it('counts credits of all kinds, and no unlimited meter', () => {
    const account = used(withCredits(PRO, { included: 2, purchased: 2 }), { letters: 999, mails: 3 }, NOW);
    expect(isNearingQuota(account, 0.75).meters).toEqual([{ meter: 'mails', percent: 75 }]);
  });
});

describe('the forecast', () => {
  function meter(name: string, account: Account, now = NOW): object | undefined {
    return forecastUsage(account, at(now)).meters.find((found) => found.meter === name);
  }

  it('names no meter that the account does not know', () => {
    const account = newAccount('user', at(NOW), STUDIO);
    expect(forecastUsage(account, at(NOW)).meters.map((found) => found.meter)).toEqual(['mails']);
  });

  it('names every meter, in one order', () => {
    expect(forecastUsage(PRO, at(NOW)).meters.map((found) => found.meter)).toEqual([
      'letters',
      'emails',
      'mails',
    ]);
  });

  it.each([
    ['unused: never', FREE, { perDay: 0, runsOutAt: null }],
    [
      'at this pace before the period ends',
      letters(3),
      { perDay: 0.33, runsOutAt: '2026-02-16T00:00:00.000Z' },
    ],
    ['at this pace not in this period', letters(1), { perDay: 0.11, runsOutAt: null }],
    ['used up: now', letters(5), { perDay: 0.56, runsOutAt: NOW }],
    ['passed: now', withUses(FREE, { letters: { used: 7 } }), { perDay: 0.78, runsOutAt: NOW }],
  ])('letters, %s', (_, account, expected) => {
    // Nine days of February have gone.
    expect(meter('letters', account)).toEqual({ meter: 'letters', ...expected });
  });

  it('of an unlimited meter tells the pace, and no end', () => {
    const account = used(PRO, { letters: 50, emails: 5 }, NOW);
    expect(meter('letters', account)).toEqual({ meter: 'letters', perDay: 5, runsOutAt: null });
    expect(meter('emails', account)).toEqual({ meter: 'emails', perDay: 0.5, runsOutAt: null });
  });

  it('of mails ends with the last credit of any kind', () => {
    const account = used(withCredits(PRO, { included: 2, purchased: 3 }), { mails: 2 }, NOW);
    expect(meter('mails', account)).toEqual({
      meter: 'mails',
      perDay: 0.2,
      runsOutAt: '2026-02-25T00:00:00.000Z',
    });
  });

  it('judges a period’s first day as a whole one', () => {
    expect(meter('letters', used(FREE, { letters: 1 }, '2026-02-01'), '2026-02-01T00:00:01.000Z')).toEqual({
      meter: 'letters',
      perDay: 1,
      runsOutAt: '2026-02-05T00:00:01.000Z',
    });
  });
});

describe('the credits', () => {
  it('are shown by kind as what is left of each, with the lifetime counters', () => {
    const account = withCredits(PRO, {
      lots: [1, 2, 0],
      included: 2,
      purchased: 4,
      usedThisPeriod: 4,
      owed: 0,
    });
    expect(getCreditsSummary(account)).toEqual({
      available: 5,
      included: 1,
      carried: 0,
      purchased: 4,
      owed: 0,
      granted: 9,
      used: 4,
      expired: 0,
      takenBack: 0,
      lots: [],
      resetsAt: '2026-02-28T00:00:00.000Z',
    });
  });

  it('G6: tell when each carried part expires, the next first', () => {
    const account = withCredits(PRO, { lots: [2, 0, 3], usedThisPeriod: 1 });
    expect(getCreditsSummary(account).lots).toEqual([
      { credits: 1, expiresAt: '2026-02-28T00:00:00.000Z' },
      { credits: 3, expiresAt: '2026-04-30T00:00:00.000Z' },
    ]);
  });

  it('all expire when the subscription ends before', () => {
    const ending = givenSubscriber(active({ endsAt: '2026-02-20' }), NOW);
    expect(getCreditsSummary(withCredits(ending, { lots: [2, 3] })).lots).toEqual([
      { credits: 2, expiresAt: '2026-02-20T00:00:00.000Z' },
      { credits: 3, expiresAt: '2026-02-20T00:00:00.000Z' },
    ]);
  });
});
