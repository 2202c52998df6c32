import { describe, expect, it } from '@jest/globals';
import { rollForward } from '../../lambdas/domain/roll-forward.ts';
import { followSubscription } from '../../lambdas/domain/subscriptions.ts';
import {
  active,
  at,
  availableTo,
  givenSubscriber,
  leftOf,
  movementsOf,
  periodOf,
  periodsOf,
  trial,
  used,
  withCredits,
} from '../support/accounts.ts';
import { LETTERS } from '../support/catalogues.ts';

describe('a moved anchor', () => {
  const pro = used(
    givenSubscriber(active({ anchor: '2026-01-31' }), '2026-01-31'),
    { letters: 7, mails: 2 },
    '2026-02-01',
  );

  it.each([
    ['forward', '2026-02-14', '2026-03-14', 1],
    ['to an interval that holds the open period', '2026-01-20', '2026-02-20', 0],
  ])(
    '%s: the open period closes when it is learnt, one opens with what the unused share of the use leaves',
    (_, anchor, periodEnd, rest) => {
      const change = followSubscription(pro, active({ anchor }), at('2026-02-14T10:00Z'), LETTERS);
      expect(periodsOf(change)).toEqual([['2026-01-31', '2026-02-14T10:00:00.001Z']]);
      expect(periodOf(change.account)).toEqual(['2026-02-14T10:00:00.001Z', periodEnd]);
      expect(change.account).toMatchObject({ anchor: at(anchor), meters: { letters: { used: 0 } } });
      expect(availableTo(change.account)).toBe(rest);
    },
  );

  it('by a trial that begins now: the share of the use that was left counts in it', () => {
    const { account } = followSubscription(
      pro,
      trial({ trialEndsAt: '2026-03-15' }),
      at('2026-02-14'),
      LETTERS,
    );
    expect(periodOf(account)).toEqual(['2026-02-14T00:00:00.001Z', '2026-03-15']);
    expect(availableTo(account)).toBe(1);
  });

  it('lots don’t age, and what is left joins the youngest', () => {
    const enterprise = withCredits(givenSubscriber(active({ plan: 'enterprise' }), '2026-01-31'), {
      lots: [1, 2, 3],
      included: 4,
    });
    const { account } = followSubscription(
      enterprise,
      active({ plan: 'enterprise', anchor: '2026-02-14' }),
      at('2026-02-14'),
      LETTERS,
    );
    expect(leftOf(account)).toEqual({ lots: [1, 2, 7], included: 10, purchased: 0 });
  });

  it('closes with the rules of the plan that is left: pro’s credits expire, enterprise’s are carried', () => {
    const upgraded = followSubscription(
      givenSubscriber(active({ plan: 'pro' }), '2026-01-31'),
      active({ plan: 'enterprise', anchor: '2026-02-14' }),
      at('2026-02-14'),
      LETTERS,
    );
    expect(leftOf(upgraded.account)).toMatchObject({ lots: [0], included: 10 });
    const downgraded = followSubscription(
      upgraded.account,
      active({ plan: 'pro', anchor: '2026-02-16' }),
      at('2026-02-16'),
      LETTERS,
    );
    expect(leftOf(downgraded.account)).toMatchObject({ lots: [10], included: 2 });
  });

  it('learnt after a boundary of the former series: of a period that nobody has paid for nothing is carried, and its use counts whole', () => {
    const february = withCredits(givenSubscriber(active({ plan: 'enterprise' }), '2026-01-31'), {
      lots: [0, 0, 0],
      included: 10,
      usedThisPeriod: 3,
    });
    const { account: march } = rollForward(february, at('2026-03-01'), LETTERS);
    expect(leftOf(march)).toEqual({ lots: [0, 0, 7], included: 10, purchased: 0 });
    // Stripe had moved the anchor on the 23rd, before the period that begins on the 28th.
    const facts = active({ plan: 'enterprise', anchor: '2026-02-23' });
    const unused = followSubscription(march, facts, at('2026-03-16'), LETTERS);
    expect(leftOf(unused.account)).toEqual({ lots: [0, 0, 7], included: 10, purchased: 0 });
    const spent = used(used(march, { mails: 8 }, '2026-03-02'), { mails: 4 }, '2026-03-03');
    const { account } = followSubscription(spent, facts, at('2026-03-16'), LETTERS);
    expect(leftOf(account)).toEqual({ lots: [0, 0, 0], included: 5, purchased: 0 });
  });

  it('whose series the open period starts on closes nothing: anchor and period end are stored', () => {
    // Given a period that starts on 28 February, a boundary of the 28th's series as well as of the 31st's
    const march = used(pro, { mails: 2 }, '2026-02-28');
    expect(periodOf(march)).toEqual(['2026-02-28', '2026-03-31']);
    const { account, closed, movements } = followSubscription(
      march,
      active({ anchor: '2026-02-28' }),
      at('2026-03-03'),
      LETTERS,
    );
    expect({ closed, movements }).toEqual({ closed: [], movements: [] });
    expect(account).toEqual({ ...march, anchor: at('2026-02-28'), periodEnd: at('2026-03-28') });
  });

  it('learnt after the new series’ next boundary closes at that boundary', () => {
    const march = used(pro, { mails: 2 }, '2026-02-28');
    const change = followSubscription(march, active({ anchor: '2026-02-28' }), at('2026-03-29'), LETTERS);
    expect(periodsOf(change)).toEqual([['2026-02-28', '2026-03-28']]);
    expect(periodOf(change.account)).toEqual(['2026-03-28', '2026-04-28']);
    expect(availableTo(change.account)).toBe(2);
  });

  it('with another plan, where nothing closes, changes the allowance as in one period', () => {
    const march = used(pro, { mails: 2 }, '2026-02-28');
    const change = followSubscription(
      march,
      active({ plan: 'enterprise', anchor: '2026-02-28' }),
      at('2026-03-03'),
      LETTERS,
    );
    expect(movementsOf(change)).toEqual([['allowance', 8]]);
    expect(availableTo(change.account)).toBe(8);
  });

  it('G6: whose new series has a boundary where the open period began: the larger plan does not hold from there on', () => {
    const march = used(rollForward(pro, at('2026-02-28'), LETTERS).account, { mails: 2 }, '2026-02-28');
    const facts = active({ plan: 'enterprise', anchor: '2026-03-28' });
    const change = followSubscription(march, facts, at('2026-03-28'), LETTERS);
    expect(periodsOf(change)).toEqual([['2026-02-28', '2026-03-28T00:00:00.001Z']]);
    expect(periodOf(change.account)).toEqual(['2026-03-28T00:00:00.001Z', '2026-04-28']);
    // Ten, less the share of two that the last three of 31 days had left.
    expect(availableTo(change.account)).toBe(9);
  });

  it('learnt by a clock that is behind takes effect after the period’s start all the same', () => {
    const moved = followSubscription(
      pro,
      active({ anchor: '2026-02-14' }),
      at('2026-02-14'),
      LETTERS,
    ).account;
    const again = followSubscription(
      moved,
      active({ anchor: '2026-02-13' }),
      at('2026-02-13T23:59Z'),
      LETTERS,
    );
    expect(periodsOf(again)).toEqual([['2026-02-14T00:00:00.001Z', '2026-02-14T00:00:00.002Z']]);
    expect(periodOf(again.account)).toEqual(['2026-02-14T00:00:00.002Z', '2026-03-13']);
  });
});
