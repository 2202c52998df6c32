import { describe, expect, it } from '@jest/globals';
import { type Account } from '../../lambdas/domain/account.ts';
import { adjustCredits } from '../../lambdas/domain/adjustments.ts';
import { applyCatalogue } from '../../lambdas/domain/apply-catalogue.ts';
import { getCreditsSummary } from '../../lambdas/domain/credits-summary.ts';
import { viewAccount } from '../../lambdas/domain/account-view.ts';
import { returnToAccount } from '../../lambdas/domain/returns.ts';
import { rollForward } from '../../lambdas/domain/roll-forward.ts';
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
  used,
  withCredits,
} from '../support/accounts.ts';
import { expectSoundCredits } from '../support/books.ts';
import { LETTERS } from '../support/catalogues.ts';

const LAPSE = pastDue({ graceEndsAt: '2026-03-07' });
const lapsed = (account: Account, now: string, facts = LAPSE): Account =>
  followSubscription(account, facts, at(now), LETTERS).account;
const madeGood = (account: Account, now: string): Account =>
  followSubscription(account, active({}), at(now), LETTERS).account;
const kinds = ({ credits }: Account): object => {
  const { included, withheld, purchased, granted } = credits;
  return { included, withheld, purchased, granted };
};

/** On 28 February begins a period; its invoice fails. */
const march = withCredits(givenSubscriber(active({}), '2026-02-28'), {
  included: 2,
  purchased: 5,
  usedThisPeriod: 1,
});

describe('the allowance of a period that nobody has paid for', () => {
  it('G4: is withheld as far as it is unspent, once the lapse is learnt', () => {
    const change = followSubscription(march, LAPSE, at('2026-02-28T02:00Z'), LETTERS);
    expect(movementsOf(change)).toEqual([['withheld', -1]]);
    expect(kinds(change.account)).toEqual({ included: 1, withheld: 1, purchased: 5, granted: 6 });
    expect(availableTo(change.account)).toBe(5);
    expectSoundCredits(change.account.credits);
  });

  it('comes back when it is paid, and the uses since then fall on it', () => {
    // Given 2 included, 1 of them spent, 1 withheld and 5 purchased; then two mails
    const inGrace = used(lapsed(march, '2026-02-28T02:00Z'), { mails: 2 }, '2026-03-02');
    expect(leftOf(inGrace)).toEqual({ lots: [0], included: 0, purchased: 3 });
    const change = followSubscription(inGrace, active({}), at('2026-03-03'), LETTERS);
    expect(movementsOf(change)).toEqual([['made_good', 1]]);
    expect(leftOf(change.account)).toEqual({ lots: [0], included: 0, purchased: 4 });
    expect(kinds(change.account)).toEqual({ included: 2, withheld: 0, purchased: 5, granted: 7 });
  });

  it('frees purchased credits, which pay what is owed', () => {
    const owing = withCredits(march, { included: 2, purchased: 3, usedThisPeriod: 1 });
    const inGrace = used(lapsed(owing, '2026-02-28T02:00Z'), { mails: 3 }, '2026-03-02');
    const inDebt = { ...inGrace, credits: { ...inGrace.credits, owed: 2 } };
    const change = followSubscription(inDebt, active({}), at('2026-03-03'), LETTERS);
    expect(movementsOf(change)).toEqual([
      ['made_good', 1],
      ['claw_back', -1],
    ]);
    expect(change.account.credits).toMatchObject({ owed: 1, purchased: 2 });
  });

  it('leaves carried and purchased credits, and the limits', () => {
    const enterprise = withCredits(givenSubscriber(active({ plan: 'enterprise' }), '2026-02-28'), {
      lots: [1, 2],
      included: 10,
      purchased: 4,
      usedThisPeriod: 1,
    });
    const facts = pastDue({ plan: 'enterprise', graceEndsAt: '2026-03-07' });
    const account = lapsed(enterprise, '2026-03-01', facts);
    expect(leftOf(account)).toEqual({ lots: [0, 2], included: 0, purchased: 4 });
    expect(account.credits.withheld).toBe(10);
    expect(account.meters).toEqual(enterprise.meters);
  });

  it('G10: told again changes nothing', () => {
    const account = lapsed(march, '2026-02-28T02:00Z');
    expect(followSubscription(account, LAPSE, at('2026-03-02'), LETTERS)).toEqual({
      account,
      closed: [],
      movements: [],
    });
  });

  it('is withheld whole at a boundary within grace; what the period before had withheld is gone', () => {
    const account = lapsed(march, '2026-03-28', pastDue({ graceEndsAt: '2026-04-03' }));
    const change = rollForward(account, at('2026-04-01'), LETTERS);
    expect(movementsOf(change)).toEqual([
      ['allowance', 2],
      ['withheld', -2],
    ]);
    expect(kinds(change.account)).toEqual({ included: 0, withheld: 2, purchased: 5, granted: 6 });
    expect(kinds(madeGood(change.account, '2026-04-02'))).toMatchObject({ included: 2, withheld: 0 });
  });

  it('is carried over by no plan', () => {
    const enterprise = givenSubscriber(active({ plan: 'enterprise' }), '2026-02-28');
    const facts = pastDue({ plan: 'enterprise', graceEndsAt: '2026-04-03' });
    const { account } = rollForward(lapsed(enterprise, '2026-03-28', facts), at('2026-04-01'), LETTERS);
    expect(leftOf(account)).toEqual({ lots: [0, 0, 0], included: 0, purchased: 0 });
    expect(account.credits.withheld).toBe(10);
  });

  it('stays withheld after a return: what came back is withheld too', () => {
    const inGrace = lapsed(march, '2026-02-28T02:00Z');
    const returned = { count: 1, spentAt: at('2026-02-28'), because: 'failed', source: 'mail' } as const;
    const change = returnToAccount(inGrace, returned, null, at('2026-03-01'), LETTERS);
    expect(movementsOf(change)).toEqual([
      ['return', 1],
      ['withheld', -1],
    ]);
    expect(kinds(change.account)).toEqual({ included: 0, withheld: 2, purchased: 5, granted: 5 });
  });

  it('takes room from mails that their user cancels in a later period', () => {
    // Given nothing left but 2 withheld credits, as many as the plan allows
    const unused = withCredits(march, { included: 2 });
    const cancelled = { count: 1, spentAt: at('2026-02-20'), because: 'cancelled', source: 'mail' } as const;
    const change = returnToAccount(lapsed(unused, '2026-03-01'), cancelled, null, at('2026-03-02'), LETTERS);
    expect(change.returnedAs).toEqual(['expired']);
  });

  it('grows and shrinks with the plan, and no credit moves', () => {
    const inGrace = lapsed(march, '2026-02-28T02:00Z');
    const up = followSubscription(
      inGrace,
      pastDue({ plan: 'enterprise', graceEndsAt: '2026-03-07' }),
      at('2026-03-01'),
      LETTERS,
    );
    expect(movementsOf(up)).toEqual([
      ['allowance', 8],
      ['withheld', -8],
    ]);
    expect(kinds(up.account)).toEqual({ included: 1, withheld: 9, purchased: 5, granted: 6 });
    const down = followSubscription(up.account, LAPSE, at('2026-03-02'), LETTERS);
    expect(movementsOf(down)).toEqual([]);
    expect(kinds(down.account)).toEqual(kinds(inGrace));
  });

  it('of a smaller plan comes back when the payment is made good with the change', () => {
    const inGrace = lapsed(march, '2026-03-01', pastDue({ plan: 'enterprise', graceEndsAt: '2026-03-07' }));
    const account = madeGood(inGrace, '2026-03-02');
    expect(kinds(account)).toEqual({ included: 2, withheld: 0, purchased: 5, granted: 7 });
  });

  it('stays withheld when the owner applies a catalogue', () => {
    const since = at('2026-03-01');
    const [free, ...sold] = LETTERS.plans;
    const more = sold.map((plan) => (plan.id === 'pro' ? { ...plan, creditsPerPeriod: 6 } : plan));
    const change = applyCatalogue(
      lapsed(march, '2026-02-28T02:00Z'),
      { ...LETTERS, plans: [free, ...more], since },
      at('2026-03-02'),
    );
    expect(change).not.toBeNull();
    expect(change === null ? null : kinds(change.account)).toEqual({
      included: 1,
      withheld: 5,
      purchased: 5,
      granted: 6,
    });
  });

  it('is nothing that can be taken back by hand', () => {
    const inGrace = lapsed(withCredits(march, { included: 2 }), '2026-03-01');
    expect(adjustCredits(inGrace, -1, at('2026-03-02'), 'adjustment', LETTERS)).toMatchObject({
      outcome: 'refused',
    });
  });

  it('is shown beside the credits that are left', () => {
    const account = lapsed(march, '2026-02-28T02:00Z');
    expect(viewAccount(account, at('2026-03-01'), LETTERS).credits).toMatchObject({
      available: 5,
      included: 0,
      withheld: 1,
    });
    expect(getCreditsSummary(account)).toMatchObject({ available: 5, included: 0, granted: 6 });
  });
});

describe('grace that ends unpaid', () => {
  it('ends the plan; late payment brings the allowance less what was spent before the lapse was learnt', () => {
    const ended = rollForward(lapsed(march, '2026-02-28T02:00Z'), at('2026-03-08'), LETTERS);
    expect(movementsOf(ended)).toEqual([]);
    expect(kinds(ended.account)).toEqual({ included: 0, withheld: 0, purchased: 5, granted: 6 });
    const back = madeGood(ended.account, '2026-03-10');
    expect(periodOf(back)).toEqual(['2026-03-10T00:00:00.001Z', '2026-03-31']);
    expect(kinds(back)).toMatchObject({ included: 1, withheld: 0 });
  });

  it('of a plan that returns unpaid withholds what returns', () => {
    const ended = rollForward(lapsed(march, '2026-02-28T02:00Z'), at('2026-03-08'), LETTERS);
    const back = lapsed(ended.account, '2026-03-10', pastDue({ graceEndsAt: '2026-03-20' }));
    expect(kinds(back)).toMatchObject({ included: 0, withheld: 1 });
  });
});
