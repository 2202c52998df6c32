import { describe, expect, it } from '@jest/globals';
import { followSubscription } from '../../lambdas/domain/subscriptions.ts';
import {
  active,
  at,
  availableTo,
  givenSubscriber,
  movementsOf,
  periodOf,
  periodsOf,
  trial,
  used,
} from '../support/accounts.ts';
import { LETTERS } from '../support/catalogues.ts';

describe('a trial that is moved', () => {
  const begun = used(
    givenSubscriber(trial({ trialEndsAt: '2026-02-14' }), '2026-02-01'),
    { mails: 1 },
    '2026-02-02',
  );

  it.each([
    ['extended', '2026-04-20'],
    ['cut short', '2026-02-10'],
  ])('%s stays the same period, and grants nothing', (_, trialEndsAt) => {
    const change = followSubscription(begun, trial({ trialEndsAt }), at('2026-02-05'), LETTERS);
    expect({ closed: change.closed, movements: change.movements }).toEqual({ closed: [], movements: [] });
    expect(periodOf(change.account)).toEqual(['2026-01-14', trialEndsAt]);
    expect(change.account.anchor).toBe(at(trialEndsAt));
    expect(availableTo(change.account)).toBe(1);
  });

  it('to another plan changes the allowance as in one period', () => {
    const change = followSubscription(
      begun,
      trial({ plan: 'enterprise', trialEndsAt: '2026-02-20' }),
      at('2026-02-05'),
      LETTERS,
    );
    expect(movementsOf(change)).toEqual([['allowance', 8]]);
  });

  it('and ended now is paid from when it is learnt', () => {
    const change = followSubscription(begun, active({ anchor: '2026-02-05' }), at('2026-02-05'), LETTERS);
    expect(periodsOf(change)).toEqual([['2026-01-14', '2026-02-05T00:00:00.001Z']]);
    expect(periodOf(change.account)).toEqual(['2026-02-05T00:00:00.001Z', '2026-03-05']);
    expect(availableTo(change.account)).toBe(2);
  });

  it.each([
    ['in time', '2026-02-13'],
    ['a millisecond early', '2026-02-13T23:59:59.999Z'],
    ['at the instant', '2026-02-14'],
    ['late', '2026-02-20'],
  ])('becomes paid at its end and is granted once, whoever comes first: told %s', (_, told) => {
    const facts =
      at(told) < at('2026-02-13T12:00Z')
        ? trial({ trialEndsAt: '2026-02-14' })
        : active({ anchor: '2026-02-14' });
    const toldAccount = followSubscription(begun, facts, at(told), LETTERS).account;
    const { account } = followSubscription(
      toldAccount,
      active({ anchor: '2026-02-14' }),
      at('2026-02-21'),
      LETTERS,
    );
    expect(periodOf(account)).toEqual(['2026-02-14', '2026-03-14']);
    expect(account.subscription.status).toBe('active');
    expect(account.credits.granted).toBe(4);
    expect(availableTo(account)).toBe(2);
  });

  it('and told late as trialing is paid all the same', () => {
    const { account } = followSubscription(
      begun,
      trial({ trialEndsAt: '2026-02-14' }),
      at('2026-02-16'),
      LETTERS,
    );
    expect(account.subscription.status).toBe('active');
    expect(account.credits.granted).toBe(4);
  });

  it('that returns after an ending goes on as one period: a long one grants once', () => {
    // Given a trial of three months, all of its credits used, which ended and returned in another month
    const long = trial({ trialEndsAt: '2026-05-14' });
    const spent = used(givenSubscriber(long, '2026-02-20'), { mails: 2 }, '2026-02-21');
    const gone = followSubscription(spent, null, at('2026-02-25'), LETTERS).account;
    const { account } = followSubscription(gone, long, at('2026-04-01'), LETTERS);
    expect(periodOf(account)).toEqual(['2026-04-01T00:00:00.001Z', '2026-05-14']);
    expect(availableTo(account)).toBe(0);
  });

  it('that ends on a day of its series before its end is not at a boundary', () => {
    const long = trial({ trialEndsAt: '2026-05-14T00:00:00.001Z' });
    const spent = used(givenSubscriber(long, '2026-02-20'), { mails: 2 }, '2026-02-21');
    const gone = followSubscription(spent, null, at('2026-04-14'), LETTERS).account;
    const { account } = followSubscription(gone, long, at('2026-04-15'), LETTERS);
    expect(availableTo(account)).toBe(0);
  });
});
