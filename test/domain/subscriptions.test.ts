import { describe, expect, it } from '@jest/globals';
import { newAccount } from '../../lambdas/domain/account.ts';
import { CALENDAR_ANCHOR } from '../../lambdas/domain/periods.ts';
import { followSubscription } from '../../lambdas/domain/subscriptions.ts';
import {
  active,
  at,
  availableTo,
  givenSubscriber,
  leftOf,
  movementsOf,
  pastDue,
  periodOf,
  periodsOf,
  trial,
  used,
  usesOf,
  withCredits,
} from '../support/accounts.ts';
import { LETTERS } from '../support/catalogues.ts';

const ENDED = { plan: 'none', subscription: { status: 'canceled' }, anchor: CALENDAR_ANCHOR };

describe('a new subscriber', () => {
  const free = newAccount('user', at('2026-01-10'), LETTERS);

  it('G6: who begins on 31 January has that day’s series', () => {
    const change = followSubscription(free, active({ anchor: '2026-01-31' }), at('2026-01-31'), LETTERS);
    expect(periodOf(change.account)).toEqual(['2026-01-31T00:00:00.001Z', '2026-02-28']);
    expect(change.account).toMatchObject({
      plan: 'pro',
      anchor: at('2026-01-31'),
      createdAt: at('2026-01-10'),
    });
    expect(periodsOf(change)).toEqual([['2026-01-01', '2026-01-31T00:00:00.001Z']]);
    expect(movementsOf(change)).toEqual([['allowance', 2]]);
  });

  it('of whom is learnt late is in the period that holds now, with one allowance', () => {
    const facts = active({ plan: 'enterprise', anchor: '2025-10-31' });
    const { account } = followSubscription(free, facts, at('2026-03-15'), LETTERS);
    expect(periodOf(account)).toEqual(['2026-03-15T00:00:00.001Z', '2026-03-31']);
    expect(account.credits).toMatchObject({ included: 10, granted: 10 });
  });

  it('in a trial has one period up to its end, however long', () => {
    const { account } = followSubscription(
      free,
      trial({ trialEndsAt: '2026-03-31' }),
      at('2026-01-10'),
      LETTERS,
    );
    expect(periodOf(account)).toEqual(['2026-01-10T00:00:00.001Z', '2026-03-31']);
    expect(availableTo(account)).toBe(2);
  });

  it('whose trial is over is paying (G7)', () => {
    const { account } = followSubscription(
      free,
      trial({ trialEndsAt: '2026-01-31' }),
      at('2026-03-05'),
      LETTERS,
    );
    expect(account.subscription.status).toBe('active');
    expect(periodOf(account)).toEqual(['2026-03-05T00:00:00.001Z', '2026-03-31']);
  });

  it.each([
    ['no subscription', null],
    ['one that has ended', active({ endsAt: '2026-01-10' })],
    ['one whose grace has ended', pastDue({ graceEndsAt: '2026-01-10' })],
    ['one whose trial ended it', trial({ trialEndsAt: '2026-01-10', endsAt: '2026-01-10' })],
  ])('with %s is free', (_, facts) => {
    expect(followSubscription(free, facts, at('2026-01-10'), LETTERS)).toEqual({
      account: free,
      closed: [],
      movements: [],
    });
  });
});

describe('a free user who subscribes', () => {
  it('has the free period closed 1 ms after it is learnt, and a paid one up to the series’ next boundary', () => {
    const free = used(newAccount('user', at('2026-11-03'), LETTERS), { letters: 4 }, '2026-11-03');
    const change = followSubscription(
      free,
      active({ anchor: '2026-11-24' }),
      at('2026-11-24T00:00:07Z'),
      LETTERS,
    );
    expect(periodsOf(change)).toEqual([['2026-11-01', '2026-11-24T00:00:07.001Z']]);
    expect(change.closed).toMatchObject([
      { meters: { letters: { used: 4 } }, plan: 'none', movements: [{ kind: 'allowance', amount: 2 }] },
    ]);
    expect(periodOf(change.account)).toEqual(['2026-11-24T00:00:07.001Z', '2026-12-24']);
    expect(usesOf(change.account)).toMatchObject({ letters: 0 });
    expect(change.account.servedIntervals).toEqual([]);
  });

  it('keeps the period when it starts on a boundary of the series', () => {
    const free = used(newAccount('user', at('2026-11-03'), LETTERS), { letters: 4 }, '2026-11-03');
    const change = followSubscription(free, active({ anchor: '2026-11-01' }), at('2026-11-03'), LETTERS);
    expect(change.closed).toEqual([]);
    expect(periodOf(change.account)).toEqual(['2026-11-01', '2026-12-01']);
    expect(usesOf(change.account)).toMatchObject({ letters: 4 });
    expect(availableTo(change.account)).toBe(2);
  });

  it('keeps purchased credits, and may use them (G8)', () => {
    const free = withCredits(newAccount('user', at('2026-11-03'), LETTERS), { purchased: 3 });
    const { account } = followSubscription(free, active({ anchor: '2026-11-24' }), at('2026-11-24'), LETTERS);
    expect(leftOf(account)).toEqual({ lots: [0], included: 2, purchased: 3 });
  });

  it('whose periods are behind is rolled forward first', () => {
    const free = used(newAccount('user', at('2026-09-03'), LETTERS), { letters: 1 }, '2026-09-03');
    const change = followSubscription(free, active({ anchor: '2026-11-24' }), at('2026-11-24'), LETTERS);
    expect(periodsOf(change).map(([start]) => start)).toEqual(['2026-09-01', '2026-10-01', '2026-11-01']);
  });
});

describe('a plan change under the same anchor', () => {
  const pro = used(givenSubscriber(active({}), '2026-01-31'), { letters: 7, mails: 1 }, '2026-02-01');

  it('keeps period and counters; the larger allowance holds at once', () => {
    const change = followSubscription(pro, active({ plan: 'enterprise' }), at('2026-02-10'), LETTERS);
    expect(change.closed).toEqual([]);
    expect(movementsOf(change)).toEqual([['allowance', 8]]);
    expect(periodOf(change.account)).toEqual(periodOf(pro));
    expect(change.account.plan).toBe('enterprise');
    expect(usesOf(change.account)).toEqual({ letters: 7, emails: 0, mails: 1 });
    expect(availableTo(change.account)).toBe(9);
  });

  it.each([
    ['less than the smaller allowance', 1, { included: 1, available: 1 }],
    ['more: what was used is kept, and nothing is left', 5, { included: 0, available: 0 }],
  ])('down, having used %s', (_, mails, expected) => {
    const enterprise = used(
      givenSubscriber(active({ plan: 'enterprise' }), '2026-01-31'),
      { mails },
      '2026-02-01',
    );
    const { account } = followSubscription(enterprise, active({ plan: 'pro' }), at('2026-02-10'), LETTERS);
    expect({ included: leftOf(account).included, available: availableTo(account) }).toEqual(expected);
    expect(account.credits.usedThisPeriod).toBe(mails);
  });

  it('and back grants nothing twice', () => {
    const spent = used(
      givenSubscriber(active({ plan: 'enterprise' }), '2026-01-31'),
      { mails: 10 },
      '2026-02-01',
    );
    const down = followSubscription(spent, active({ plan: 'pro' }), at('2026-02-10'), LETTERS).account;
    const { account } = followSubscription(down, active({ plan: 'enterprise' }), at('2026-02-11'), LETTERS);
    expect(availableTo(account)).toBe(0);
  });

  it('frees purchased credits that had helped out, which then pay what is owed', () => {
    const helped = withCredits(pro, { included: 2, purchased: 3, usedThisPeriod: 5, owed: 2 });
    const change = followSubscription(helped, active({ plan: 'enterprise' }), at('2026-02-10'), LETTERS);
    expect(movementsOf(change)).toEqual([
      ['allowance', 8],
      ['claw_back', -2],
    ]);
    expect(leftOf(change.account)).toMatchObject({ included: 5, purchased: 1 });
  });

  it('of interval or scheduled end moves no credit', () => {
    const facts = active({ interval: 'year', endsAt: '2026-02-28' });
    const { account, closed, movements } = followSubscription(pro, facts, at('2026-02-10'), LETTERS);
    expect({ closed, movements }).toEqual({ closed: [], movements: [] });
    expect(account).toEqual({ ...pro, subscription: facts.subscription });
  });

  it('that changes nothing changes nothing, however often it is told (G10)', () => {
    expect(followSubscription(pro, active({}), at('2026-02-10'), LETTERS)).toEqual({
      account: pro,
      closed: [],
      movements: [],
    });
  });
});

describe('an ending', () => {
  const enterprise = withCredits(givenSubscriber(active({ plan: 'enterprise' }), '2026-01-31'), {
    lots: [1, 2, 3],
    included: 10,
    purchased: 4,
    usedThisPeriod: 8,
  });

  it('that is learnt takes effect 1 ms later, and takes what is not purchased (G8)', () => {
    const change = followSubscription(enterprise, null, at('2026-02-10'), LETTERS);
    expect(periodsOf(change)).toEqual([['2026-01-31', '2026-02-10T00:00:00.001Z']]);
    expect(movementsOf(change)).toEqual([['expiry', -8]]);
    expect(change.account).toMatchObject(ENDED);
    expect(periodOf(change.account)).toEqual(['2026-02-10T00:00:00.001Z', '2026-03-01']);
    expect(leftOf(change.account)).toEqual({ lots: [0], included: 0, purchased: 4 });
  });

  it('learnt by a clock that is behind takes effect after the period’s start', () => {
    const change = followSubscription(enterprise, null, at('2026-01-30'), LETTERS);
    expect(periodsOf(change)).toEqual([['2026-01-31', '2026-01-31T00:00:00.001Z']]);
  });

  it.each([
    ['a scheduled end that has passed', active({ plan: 'enterprise', endsAt: '2026-02-09' })],
    ['one this very millisecond', active({ plan: 'enterprise', endsAt: '2026-02-10T00:00:00.001Z' })],
    ['grace that has passed', pastDue({ plan: 'enterprise', graceEndsAt: '2026-02-09' })],
    ['a trial that ended without payment', trial({ trialEndsAt: '2026-02-09', endsAt: '2026-02-09' })],
  ])('told as %s is an ending now', (_, facts) => {
    const { account } = followSubscription(enterprise, facts, at('2026-02-10'), LETTERS);
    expect(account).toMatchObject(ENDED);
    expect(periodOf(account)).toEqual(['2026-02-10T00:00:00.001Z', '2026-03-01']);
  });

  it('that was known has happened at its instant, however late it is told', () => {
    const scheduled = givenSubscriber(active({ endsAt: '2026-02-10' }), '2026-01-31');
    const change = followSubscription(scheduled, null, at('2026-02-20'), LETTERS);
    expect(periodsOf(change)).toEqual([['2026-01-31', '2026-02-10']]);
    expect(periodOf(change.account)).toEqual(['2026-02-10', '2026-03-01']);
  });

  it('told again changes nothing (G10)', () => {
    const { account } = followSubscription(enterprise, null, at('2026-02-10'), LETTERS);
    expect(followSubscription(account, null, at('2026-02-11'), LETTERS)).toEqual({
      account,
      closed: [],
      movements: [],
    });
  });
});

describe('another subscription id', () => {
  const pro = withCredits(givenSubscriber(active({ id: 'sub_1' }), '2026-01-31'), {
    included: 2,
    purchased: 3,
    usedThisPeriod: 1,
  });

  it('is an ending and a new subscription, with its own full allowance', () => {
    const change = followSubscription(
      pro,
      active({ id: 'sub_2', anchor: '2026-02-10' }),
      at('2026-02-10'),
      LETTERS,
    );
    expect(periodsOf(change)).toEqual([
      ['2026-01-31', '2026-02-10T00:00:00.001Z'],
      ['2026-02-10T00:00:00.001Z', '2026-02-10T00:00:00.002Z'],
    ]);
    expect(movementsOf(change)).toEqual([
      ['expiry', -1],
      ['allowance', 2],
    ]);
    expect(periodOf(change.account)).toEqual(['2026-02-10T00:00:00.002Z', '2026-03-10']);
    expect(leftOf(change.account)).toMatchObject({ included: 2, purchased: 3 });
  });

  it('also under the same anchor', () => {
    const { account } = followSubscription(pro, active({ id: 'sub_2' }), at('2026-02-10'), LETTERS);
    expect(periodOf(account)).toEqual(['2026-02-10T00:00:00.002Z', '2026-02-28']);
    expect(leftOf(account)).toMatchObject({ included: 2 });
  });

  it.each([
    ['ends', active({ id: 'sub_2', anchor: '2026-02-10', endsAt: '2026-02-10T00:00:00.002Z' })],
    [
      'ends its grace',
      pastDue({ id: 'sub_2', anchor: '2026-02-10', graceEndsAt: '2026-02-10T00:00:00.002Z' }),
    ],
  ])('that %s at the instant where it would begin never begins', (_, facts) => {
    const { account } = followSubscription(pro, facts, at('2026-02-10'), LETTERS);
    expect(account).toMatchObject(ENDED);
    expect(periodOf(account)).toEqual(['2026-02-10T00:00:00.001Z', '2026-03-01']);
  });

  it('whose trial ends at the instant where it would begin begins as paid', () => {
    const facts = trial({ id: 'sub_2', trialEndsAt: '2026-02-10T00:00:00.002Z' });
    const { account } = followSubscription(pro, facts, at('2026-02-10'), LETTERS);
    expect(account.subscription).toMatchObject({ status: 'active', id: 'sub_2' });
    expect(periodOf(account)).toEqual(['2026-02-10T00:00:00.002Z', '2026-03-10T00:00:00.002Z']);
    expect(availableTo(account)).toBe(5);
  });
});
