import { describe, expect, it } from '@jest/globals';
import { type Account, endingOf, isOpen, newAccount, openUntil } from '../../lambdas/domain/account.ts';
import { CALENDAR_ANCHOR } from '../../lambdas/domain/periods.ts';
import { isWorthKeeping, rollForward } from '../../lambdas/domain/roll-forward.ts';
import {
  active,
  at,
  availableTo,
  givenSubscriber,
  leftOf,
  movementsOf,
  pastDue,
  periodOf,
  restsOf,
  shown,
  trial,
  used,
  usesOf,
  withCredits,
  withUses,
} from '../support/accounts.ts';
import { expectSoundCredits } from '../support/books.ts';
import { LETTERS } from '../support/catalogues.ts';

describe('a free account', () => {
  it('first opens at the start of the UTC month', () => {
    const account = newAccount('user', at('2026-11-24T10:00Z'), LETTERS);
    expect(periodOf(account)).toEqual(['2026-11-01', '2026-12-01']);
    expect(account).toMatchObject({
      plan: 'none',
      meters: {
        letters: { used: 0, limit: 5, credits: 0, paid: 0 },
        emails: { used: 0, limit: null, credits: 0, paid: 0 },
        mails: { used: 0, limit: null, credits: 1, paid: 0 },
      },
      levels: {},
      creditsPerPeriod: 0,
    });
  });

  it('G7: gets its letters back at the month’s end, the instant itself included', () => {
    const account = used(newAccount('user', at('2026-11-24'), LETTERS), { letters: 5 }, '2026-11-24');
    const before = rollForward(account, at('2026-12-01') - 1, LETTERS).account;
    expect([usesOf(before), restsOf(before)]).toMatchObject([{ letters: 5 }, { letters: 0 }]);
    const after = rollForward(account, at('2026-12-01'), LETTERS).account;
    expect([usesOf(after), restsOf(after)]).toMatchObject([{ letters: 0 }, { letters: 5 }]);
  });

  it('keeps purchased credits for years (G8)', () => {
    const account = withCredits(newAccount('user', at('2026-11-24'), LETTERS), { purchased: 7 });
    expect(leftOf(rollForward(account, at('2031-11-24'), LETTERS).account)).toEqual({
      lots: [0],
      included: 0,
      purchased: 7,
    });
  });
});

describe('an account that is still open', () => {
  it('comes back as it is', () => {
    const account = givenSubscriber(active({ anchor: '2026-01-31' }), '2026-02-03');
    expect(rollForward(account, at('2026-02-27'), LETTERS)).toEqual({ account, closed: [], movements: [] });
  });

  it('also when a clock is behind its start', () => {
    const account = givenSubscriber(active({ anchor: '2026-01-31' }), '2026-02-03');
    expect(isOpen(account, account.periodStart - 1)).toBe(false);
    expect(rollForward(account, account.periodStart - 1, LETTERS).account).toBe(account);
  });
});

describe('closing a period', () => {
  it('G5: records what it has counted, and opens the next with full limits and allowance', () => {
    const account = used(
      used(
        givenSubscriber(active({ anchor: '2026-01-31' }), '2026-01-31'),
        { letters: 3, emails: 2 },
        '2026-02-01',
      ),
      { mails: 1 },
      '2026-02-02',
    );
    const { account: next, closed } = rollForward(account, at('2026-02-28'), LETTERS);
    expect(closed).toEqual([
      {
        periodStart: at('2026-01-31'),
        periodEnd: at('2026-02-28'),
        anchor: at('2026-01-31'),
        plan: 'pro',
        meters: {
          letters: { used: 3, limit: 'unlimited', paid: 0 },
          emails: { used: 2, limit: 'unlimited', paid: 0 },
          mails: { used: 1, limit: 'unlimited', paid: 0 },
        },
        creditsPerPeriod: 2,
        creditsUsed: 1,
        creditsLeft: 1,
        purchasedOutstanding: 0,
        movements: [
          { kind: 'expiry', amount: -1, source: 'period:2026-01-31T00:00:00.000Z' },
          { kind: 'allowance', amount: 2, source: 'period:2026-02-28T00:00:00.000Z' },
        ],
      },
    ]);
    expect(periodOf(next)).toEqual(['2026-02-28', '2026-03-31']);
    expect(usesOf(next)).toEqual({ letters: 0, emails: 0, mails: 0 });
    expect(availableTo(next)).toBe(2);
  });

  it('records what was left of all kinds, whatever becomes of it', () => {
    const pots = { lots: [1, 0, 2], included: 10, purchased: 4, usedThisPeriod: 5 } as const;
    const account = withCredits(givenSubscriber(active({ plan: 'enterprise' }), '2026-02-03'), pots);
    const { closed } = rollForward(account, at('2026-03-31'), LETTERS);
    expect(closed).toMatchObject([
      { creditsUsed: 5, creditsLeft: 12 },
      { creditsUsed: 0, creditsLeft: 22 },
    ]);
  });

  it('records how many mails a card has paid for, and counts anew', () => {
    const account = withUses(givenSubscriber(active({}), '2026-02-03'), { mails: { used: 5, paid: 3 } });
    const { account: next, closed } = rollForward(account, at('2026-03-31'), LETTERS);
    expect(closed).toMatchObject([
      { meters: { mails: { used: 5, paid: 3 } } },
      { meters: { mails: { used: 0, paid: 0 } } },
    ]);
    expect(next).toMatchObject({ meters: { mails: { used: 0, paid: 0 } } });
  });

  it('records how many purchased credits it has spent', () => {
    const account = withCredits(givenSubscriber(active({}), '2026-02-03'), {
      included: 2,
      purchased: 4,
      usedThisPeriod: 5,
    });
    const { account: next, closed } = rollForward(account, at('2026-02-28'), LETTERS);
    expect(closed).toMatchObject([{ creditsUsed: 5, purchasedOutstanding: 3 }]);
    expect(leftOf(next)).toMatchObject({ included: 2, purchased: 1 });
  });

  it('pays what is owed, should a purchased credit be free', () => {
    const owing = withCredits(givenSubscriber(active({}), '2026-02-03'), { purchased: 3, owed: 2 });
    const { account: next, closed } = rollForward(owing, at('2026-02-28'), LETTERS);
    expect(movementsOf({ closed, movements: [] })).toEqual([
      ['allowance', 2],
      ['claw_back', -2],
    ]);
    expect(next.credits).toMatchObject({ purchased: 1, owed: 0, takenBack: 2 });
  });

  it('keeps the mails of the day: a rollover at noon does not lift the day’s limit', () => {
    const account = used(
      givenSubscriber(active({ anchor: '2026-01-24T12:00Z' }), '2026-02-03'),
      { mails: 2 },
      '2026-02-24T11:00Z',
    );
    expect(rollForward(account, at('2026-02-24T12:00Z'), LETTERS).account.usesByDay).toEqual({
      'mails:2026-02-24': 2,
    });
  });
});

describe('missed months', () => {
  const account = givenSubscriber(active({ plan: 'enterprise', anchor: '2026-01-31' }), '2026-01-31');

  it.each([
    ['one', '2026-02-28', 1],
    ['twelve', '2027-01-31', 12],
    ['a hundred and thirty', '2036-11-30', 130],
  ])('G5: %s: each closes once, counted from the anchor, each grants once', (_, now, months) => {
    const { account: next, closed } = rollForward(account, at(now), LETTERS);
    expect(closed).toHaveLength(months);
    expect(shown(next.periodStart)).toBe(now);
    const granted = movementsOf({ closed, movements: [] }).filter(([kind]) => kind === 'allowance');
    expect(granted).toEqual(Array.from({ length: months }, () => ['allowance', 10]));
    expect(next.credits.granted).toBe(10 + months * 10);
    expectSoundCredits(next.credits);
  });

  it('carried credits serve three periods, the cap cutting the oldest first', () => {
    const lotsOver = ['2026-02-28', '2026-03-31', '2026-04-30', '2026-05-31', '2026-06-30'].map(
      (now) => rollForward(used(account, { mails: 6 }, '2026-02-01'), at(now), LETTERS).account.credits.lots,
    );
    // Four are left of February; from then on nothing is used, and each month's ten push the older ones out.
    expect(lotsOver).toEqual([
      [0, 0, 4],
      [0, 0, 10],
      [0, 0, 10],
      [0, 0, 10],
      [0, 0, 10],
    ]);
  });

  it('carried credits below the cap expire after the third period', () => {
    let current = used(account, { mails: 8 }, '2026-02-01');
    const lots = ['2026-02-28', '2026-03-31', '2026-04-30', '2026-05-31'].map((now) => {
      const rolled = rollForward(current, at(now), LETTERS).account;
      // Each period uses what it may, but leaves the carried ones: its included credits are taken out by hand.
      current = withCredits(rolled, { lots: rolled.credits.lots });
      return rolled.credits.lots;
    });
    expect(lots).toEqual([
      [0, 0, 2],
      [0, 2, 0],
      [2, 0, 0],
      [0, 0, 0],
    ]);
  });
});

describe('endings that are known', () => {
  it.each([
    ['a scheduled end', active({ endsAt: '2026-04-10' }), '2026-04-10'],
    ['the end of grace', pastDue({ graceEndsAt: '2026-04-10' }), '2026-04-10'],
    [
      'grace before a scheduled end',
      pastDue({ graceEndsAt: '2026-04-10', endsAt: '2026-05-31' }),
      '2026-04-10',
    ],
    [
      'a scheduled end before grace',
      pastDue({ graceEndsAt: '2026-05-31', endsAt: '2026-04-10' }),
      '2026-04-10',
    ],
    ['an end at a boundary: the ending wins', active({ endsAt: '2026-04-30' }), '2026-04-30'],
    ['a trial without payment', trial({ trialEndsAt: '2026-04-10', endsAt: '2026-04-10' }), '2026-04-10'],
  ])('G7: nothing is granted from %s on', (_, facts, end) => {
    const account = givenSubscriber(facts, '2026-03-02');
    const before = rollForward(account, at(end) - 1, LETTERS).account;
    expect(before.plan).toBe('pro');
    const after = rollForward(account, at('2026-12-24'), LETTERS).account;
    expect(after).toMatchObject({
      plan: 'none',
      subscription: { status: 'canceled' },
      anchor: CALENDAR_ANCHOR,
    });
    expect(periodOf(after)).toEqual(['2026-12-01', '2027-01-01']);
    expect(after.credits.granted).toBe(before.credits.granted);
    expect(availableTo(after)).toBe(0);
  });

  it('close the period there, and open a free one up to the month’s end', () => {
    const account = used(
      givenSubscriber(active({ endsAt: '2026-04-10T09:30Z' }), '2026-03-31'),
      { mails: 1 },
      '2026-04-01',
    );
    const { account: ended, closed } = rollForward(account, at('2026-04-20'), LETTERS);
    expect(closed).toMatchObject([
      {
        periodStart: at('2026-03-31'),
        periodEnd: at('2026-04-10T09:30Z'),
        plan: 'pro',
        meters: { mails: { used: 1 } },
      },
    ]);
    expect(movementsOf({ closed, movements: [] })).toEqual([['expiry', -1]]);
    expect(periodOf(ended)).toEqual(['2026-04-10T09:30:00.000Z', '2026-05-01']);
    expect([usesOf(ended), restsOf(ended)]).toEqual([
      { letters: 0, emails: 0, mails: 0 },
      { letters: 5, emails: 0, mails: 0 },
    ]);
  });

  it('G8: take no purchased credit', () => {
    const account = withCredits(givenSubscriber(active({ endsAt: '2026-04-10' }), '2026-03-31'), {
      lots: [1, 1, 1],
      included: 2,
      purchased: 6,
    });
    expect(leftOf(rollForward(account, at('2026-04-10'), LETTERS).account)).toEqual({
      lots: [0],
      included: 0,
      purchased: 6,
    });
  });

  it('are the earliest of those that are known', () => {
    expect(endingOf({ status: 'none' })).toBeNull();
    expect(endingOf({ status: 'canceled' })).toBeNull();
    expect(endingOf(active({}).subscription)).toBeNull();
    expect(openUntil(givenSubscriber(active({ endsAt: '2026-02-10' }), '2026-02-03'))).toBe(at('2026-02-10'));
    expect(openUntil(givenSubscriber(active({ endsAt: '2026-03-10' }), '2026-02-03'))).toBe(at('2026-02-28'));
  });
});

describe('a trial', () => {
  const account = givenSubscriber(trial({ trialEndsAt: '2026-03-31T12:00Z' }), '2026-03-17');

  it('is one period up to its end, and pays from there on, granted once', () => {
    const { account: paid, closed } = rollForward(account, at('2026-03-31T12:00Z'), LETTERS);
    expect(paid.subscription).toEqual({ status: 'active', id: 'sub_1', interval: 'month', endsAt: null });
    expect(periodOf(paid)).toEqual(['2026-03-31T12:00:00.000Z', '2026-04-30T12:00:00.000Z']);
    expect(movementsOf({ closed, movements: [] })).toEqual([
      ['expiry', -2],
      ['allowance', 2],
    ]);
  });

  it('keeps its scheduled end when it becomes paid', () => {
    const ending = givenSubscriber(trial({ trialEndsAt: '2026-03-31', endsAt: '2026-04-30' }), '2026-03-17');
    expect(rollForward(ending, at('2026-04-01'), LETTERS).account.subscription).toMatchObject({
      status: 'active',
      endsAt: at('2026-04-30'),
    });
  });
});

describe('whether a closed period is kept', () => {
  const account = newAccount('user', at('2026-11-24'), LETTERS);
  const isKept = (before: Account): boolean[] =>
    rollForward(before, at('2026-12-01'), LETTERS).closed.map(isWorthKeeping);

  it.each([
    ['no: nothing was used and nothing moved', account, false],
    ['yes: letters', used(account, { letters: 1 }, '2026-11-24'), true],
    ['yes: credits moved', withCredits(account, { lots: [1, 0, 0] }), true],
    ['no: purchased credits stay', withCredits(account, { purchased: 3 }), false],
    ['yes: credits used', withCredits(account, { purchased: 3, usedThisPeriod: 1 }), true],
    ['yes: mails by card', withUses(account, { mails: { used: 1, paid: 1 } }), true],
    ['yes: e-mails', withUses(account, { emails: { used: 1 } }), true],
  ])('%s', (_, before, kept) => {
    expect(isKept(before)).toEqual([kept]);
  });
});
