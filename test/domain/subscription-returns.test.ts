import { describe, expect, it } from '@jest/globals';
import { type Account } from '../../lambdas/domain/account.ts';
import { CALENDAR_ANCHOR } from '../../lambdas/domain/periods.ts';
import { followSubscription, type LiveFacts } from '../../lambdas/domain/subscriptions.ts';
import {
  active,
  at,
  availableTo,
  givenSubscriber,
  leftOf,
  pastDue,
  periodOf,
  periodsOf,
  trial,
  used,
  withCredits,
} from '../support/accounts.ts';
import { LETTERS } from '../support/catalogues.ts';

const ENDED = { plan: 'none', subscription: { status: 'canceled' }, anchor: CALENDAR_ANCHOR };

describe('a plan that returns within the interval', () => {
  const enterprise = active({ plan: 'enterprise' });
  const begun = withCredits(givenSubscriber(enterprise, '2026-01-31'), { lots: [1, 2, 3], included: 10 });
  const ended = (account: Account, day: string): Account =>
    followSubscription(account, null, at(day), LETTERS).account;
  const returned = (account: Account, day: string): Account =>
    followSubscription(account, enterprise, at(day), LETTERS).account;

  it('gets its allowance less what was used, and the carried credits that its ending expired', () => {
    // Given two carried and no included credit used
    const back = returned(ended(used(begun, { mails: 2 }, '2026-02-01'), '2026-02-05'), '2026-02-08');
    expect(leftOf(back)).toEqual({ lots: [0, 1, 3], included: 10, purchased: 0 });
    expect(periodOf(back)).toEqual(['2026-02-08T00:00:00.001Z', '2026-02-28']);
  });

  it('over all its endings', () => {
    // Given six carried and four included credits used before the first ending, three included before the second
    const first = returned(ended(used(begun, { mails: 10 }, '2026-02-01'), '2026-02-05'), '2026-02-06');
    expect(leftOf(first)).toEqual({ lots: [0, 0, 0], included: 6, purchased: 0 });
    const second = returned(ended(used(first, { mails: 3 }, '2026-02-07'), '2026-02-08'), '2026-02-09');
    expect(leftOf(second).included).toBe(3);
    const third = returned(ended(used(second, { mails: 3 }, '2026-02-10'), '2026-02-11'), '2026-02-12');
    expect(leftOf(third).included).toBe(0);
  });

  it('gets the carried credits back once', () => {
    const first = returned(ended(begun, '2026-02-05'), '2026-02-06');
    const second = returned(ended(first, '2026-02-07'), '2026-02-08');
    expect(leftOf(second).lots).toEqual([1, 2, 3]);
  });

  it('gets them back once, also when its plan changes afterwards', () => {
    const back = returned(ended(begun, '2026-02-05'), '2026-02-06');
    const { account } = followSubscription(back, active({ plan: 'pro' }), at('2026-02-07'), LETTERS);
    expect(leftOf(account).lots).toEqual([1, 2, 3]);
  });

  it('although the month has turned meanwhile', () => {
    const lateFebruary = active({ plan: 'enterprise', anchor: '2026-02-20' });
    const account = used(givenSubscriber(lateFebruary, '2026-02-20'), { mails: 4 }, '2026-02-21');
    const back = followSubscription(
      ended(account, '2026-02-25'),
      lateFebruary,
      at('2026-03-05'),
      LETTERS,
    ).account;
    expect(availableTo(back)).toBe(6);
    expect(periodOf(back)).toEqual(['2026-03-05T00:00:00.001Z', '2026-03-20']);
  });

  it.each([
    ['after the next boundary', '2026-03-01', enterprise],
    ['with another anchor', '2026-02-08', active({ plan: 'enterprise', anchor: '2026-02-08' })],
    ['as another subscription', '2026-02-08', active({ plan: 'enterprise', id: 'sub_2' })],
  ])('%s it is a new one, with its full allowance and nothing restored', (_, day, facts) => {
    const account = ended(used(begun, { mails: 9 }, '2026-02-01'), '2026-02-05');
    const { account: back } = followSubscription(account, facts, at(day), LETTERS);
    expect(leftOf(back)).toEqual({ lots: [0], included: 10, purchased: 0 });
  });

  it('as a smaller plan gets nothing below zero', () => {
    const account = ended(used(begun, { mails: 9 }, '2026-02-01'), '2026-02-05');
    const { account: back } = followSubscription(account, active({ plan: 'pro' }), at('2026-02-08'), LETTERS);
    expect(leftOf(back).included).toBe(0);
  });

  it('and then moves its anchor brings the unused share of its use along, over all its openings', () => {
    const back = returned(ended(used(begun, { mails: 10 }, '2026-02-01'), '2026-02-05'), '2026-02-06');
    expect(leftOf(back).included).toBe(6);
    const elsewhere = active({ plan: 'enterprise', anchor: '2026-02-10' });
    const moved = followSubscription(back, elsewhere, at('2026-02-10T01:00Z'), LETTERS).account;
    const again = followSubscription(
      ended(moved, '2026-02-11'),
      elsewhere,
      at('2026-02-12'),
      LETTERS,
    ).account;
    // Given four of February, of which 18 days of 28 are left: 2.6 of 10
    expect([moved, again].map((account) => leftOf(account).included)).toEqual([7, 7]);
  });

  it('and changes its plan then gets no allowance twice', () => {
    // Given the ten of the interval used, an ending and a return, which has nothing left
    const spent = used(withCredits(begun, { included: 10 }), { mails: 10 }, '2026-02-01');
    const back = returned(ended(spent, '2026-02-05'), '2026-02-06');
    // When the plan changes and changes back
    const down = followSubscription(back, active({ plan: 'pro' }), at('2026-02-07'), LETTERS).account;
    const up = followSubscription(down, enterprise, at('2026-02-08'), LETTERS).account;
    // Then there is still nothing left
    expect([back, down, up].map(availableTo)).toEqual([0, 0, 0]);
  });

  it('after an ending at the boundary begins the new interval in full, the lots a period older', () => {
    const grace = pastDue({ plan: 'enterprise', graceEndsAt: '2026-02-28' });
    const lapsed = followSubscription(
      used(begun, { mails: 4 }, '2026-02-01'),
      grace,
      at('2026-02-21'),
      LETTERS,
    ).account;
    const change = followSubscription(lapsed, enterprise, at('2026-02-28T08:00Z'), LETTERS);
    // The free period that began on the boundary goes on as the paid one; what was included in February is gone.
    expect(periodOf(change.account)).toEqual(['2026-02-28', '2026-03-31']);
    expect(leftOf(change.account)).toEqual({ lots: [0, 2, 0], included: 10, purchased: 0 });
  });
});

describe('two subscriptions that take turns', () => {
  const first = active({ plan: 'enterprise' });
  const second = active({ plan: 'pro', id: 'sub_2', anchor: '2026-02-03' });

  function following(...turns: readonly [LiveFacts | null, string, number?][]): number[] {
    let account = givenSubscriber(first, '2026-01-31');
    return turns.map(([facts, day, mails = 0]) => {
      account = followSubscription(account, facts, at(day), LETTERS).account;
      account = mails === 0 ? account : used(account, { mails }, `${day}T01:00Z`);
      return leftOf(account).included;
    });
  }

  it('G5: within their intervals each bring their allowance once', () => {
    const left = following(
      [first, '2026-02-01', 7],
      [second, '2026-02-04', 1],
      [first, '2026-02-05', 2],
      [second, '2026-02-06'],
      [null, '2026-02-07'],
      [first, '2026-02-08'],
    );
    expect(left).toEqual([3, 1, 1, 1, 0, 1]);
  });

  it('each bring it anew in their own next interval', () => {
    const left = following(
      [first, '2026-02-01', 7],
      [second, '2026-02-04', 2],
      [first, '2026-02-28T01:00Z'],
      [second, '2026-03-01'],
      [second, '2026-03-03'],
      [first, '2026-03-04'],
    );
    expect(left).toEqual([3, 0, 10, 0, 2, 10]);
  });

  it('of which one begins its next interval while the other has the plan bring it anew', () => {
    const left = following(
      [second, '2026-02-04', 2],
      [second, '2026-03-03', 1],
      [first, '2026-03-04'],
      [second, '2026-03-05'],
    );
    expect(left).toEqual([0, 1, 10, 1]);
  });

  it('are kept, whatever has come and gone meanwhile', () => {
    const short = (
      id: string,
      start: string,
      end: string,
      trialEndsAt: string,
    ): [LiveFacts | null, string][] => [
      [trial({ id, plan: 'pro', trialEndsAt }), start],
      [null, end],
    ];
    const left = following(
      [first, '2026-02-01', 7],
      ...short('sub_2', '2026-02-03', '2026-02-04', '2026-02-05'),
      ...short('sub_3', '2026-02-05', '2026-02-06', '2026-02-07'),
      ...short('sub_4', '2026-02-07', '2026-02-08', '2026-02-09'),
      [first, '2026-02-10'],
    );
    expect(left.at(-1)).toBe(3);
  });

  it('are kept for the three latest', () => {
    const of = (id: string): LiveFacts => active({ id, anchor: '2026-02-03' });
    const ids = ['sub_2', 'sub_3', 'sub_4', 'sub_5', 'sub_4', 'sub_3', 'sub_5', 'sub_2'];
    const turns = ids.map((id, index): [LiveFacts, string, number] => [
      of(id),
      `2026-02-${String(index + 10)}`,
      index < 4 ? 1 : 0,
    ]);
    expect(following(...turns)).toEqual([1, 1, 1, 1, 1, 1, 1, 2]);
  });
});

describe('a failed payment', () => {
  const pro = givenSubscriber(active({}), '2026-01-31');

  it('keeps the plan through its grace, boundaries included', () => {
    const grace = followSubscription(
      pro,
      pastDue({ graceEndsAt: '2026-03-03' }),
      at('2026-02-24'),
      LETTERS,
    ).account;
    const march = used(grace, { letters: 2 }, '2026-03-02');
    expect(periodOf(march)).toEqual(['2026-02-28', '2026-03-31']);
    expect(followSubscription(march, null, at('2026-03-10'), LETTERS).account).toMatchObject(ENDED);
    expect(periodsOf(followSubscription(march, null, at('2026-03-10'), LETTERS))).toEqual([
      ['2026-02-28', '2026-03-03'],
    ]);
  });

  it('made good in time is as if it had not been', () => {
    const grace = followSubscription(
      pro,
      pastDue({ graceEndsAt: '2026-02-25' }),
      at('2026-02-18'),
      LETTERS,
    ).account;
    expect(followSubscription(grace, active({}), at('2026-02-20'), LETTERS).account).toEqual(pro);
  });

  it('made good late returns what was left', () => {
    const grace = followSubscription(
      used(pro, { mails: 1 }, '2026-02-10'),
      pastDue({ graceEndsAt: '2026-02-25' }),
      at('2026-02-18'),
      LETTERS,
    ).account;
    const back = followSubscription(grace, active({}), at('2026-02-26'), LETTERS).account;
    expect(availableTo(back)).toBe(1);
    expect(periodOf(back)).toEqual(['2026-02-26T00:00:00.001Z', '2026-02-28']);
  });
});
