import { describe, expect, it } from '@jest/globals';
import { type Account } from '../../lambdas/domain/account.ts';
import { returnToAccount, type ReturnChange, type StoredPeriod } from '../../lambdas/domain/returns.ts';
import { rollForward } from '../../lambdas/domain/roll-forward.ts';
import { active, at, givenSubscriber, leftOf, movementsOf, used, withCredits } from '../support/accounts.ts';
import { LETTERS } from '../support/catalogues.ts';

/** Six mails in February's period: two included credits, and four of seven purchased ones. */
const FEBRUARY = used(
  withCredits(givenSubscriber(active({}), '2026-02-03'), { included: 2, purchased: 7 }),
  { mails: 6 },
  '2026-02-10',
);
const MARCH = rollForward(FEBRUARY, at('2026-03-01'), LETTERS);

function returned(account: Account, spentAt: string, stored: StoredPeriod | null, now: string): ReturnChange {
  const one = { count: 1, spentAt: at(spentAt), because: 'failed', source: 'delivery:d1' } as const;
  return returnToAccount(account, one, stored, at(now), LETTERS);
}

function february(purchasedOutstanding: number): StoredPeriod {
  return { periodStart: at('2026-01-31'), periodEnd: at('2026-02-28'), purchasedOutstanding };
}

describe('G11: returning a credit', () => {
  it('spent in the open period: as if it had not been used', () => {
    const change = returned(FEBRUARY, '2026-02-10', null, '2026-02-11');
    expect(change).toMatchObject({ returnedAs: ['unused'], repaid: null, closed: [] });
    expect(change.movements).toEqual([{ kind: 'return', amount: 1, source: 'delivery:d1' }]);
    expect(leftOf(change.account).purchased).toBe(4);
  });

  it('spent on the very start of the open period belongs to it', () => {
    const march = used(MARCH.account, { mails: 1 }, '2026-02-28');
    expect(returned(march, '2026-02-28', february(4), '2026-03-02').returnedAs).toEqual(['unused']);
  });

  it('spent in a stored period that owes purchased ones: purchased, and the period owes one less', () => {
    const change = returned(MARCH.account, '2026-02-10', february(4), '2026-03-02');
    expect(change).toMatchObject({
      returnedAs: ['purchased'],
      repaid: { periodStart: at('2026-01-31'), purchasedOutstanding: 3 },
      closed: [],
    });
    expect(movementsOf(change)).toEqual([['regranted', 1]]);
    expect(leftOf(change.account)).toMatchObject({ included: 2, purchased: 4 });
  });

  it('spent in a stored period that owes none any more: carried', () => {
    const change = returned(MARCH.account, '2026-02-10', february(0), '2026-03-02');
    expect(change).toMatchObject({ returnedAs: ['carried'], repaid: null });
    expect(leftOf(change.account)).toMatchObject({ lots: [1], purchased: 3 });
  });

  it.each([
    ['no period is stored', null],
    ['the stored period ended before', { ...february(4), periodEnd: at('2026-02-10') }],
    ['the stored period began after', { ...february(4), periodStart: at('2026-02-11') }],
  ])('where %s: carried', (_, stored) => {
    expect(returned(MARCH.account, '2026-02-10', stored, '2026-03-02')).toMatchObject({
      returnedAs: ['carried'],
      repaid: null,
    });
  });

  it('spent in a period that the same write closes: folded into that period', () => {
    const change = returned(FEBRUARY, '2026-02-10', null, '2026-03-02');
    expect(change).toMatchObject({ returnedAs: ['purchased'], repaid: null });
    expect(MARCH.closed).toMatchObject([{ creditsUsed: 6, purchasedOutstanding: 4 }]);
    expect(change.closed).toEqual(MARCH.closed.map((period) => ({ ...period, purchasedOutstanding: 3 })));
    expect(leftOf(change.account)).toMatchObject({ included: 2, purchased: 4 });
  });

  it('of several that the same write closes, into the one that spent it', () => {
    const change = returned(FEBRUARY, '2026-02-10', null, '2026-05-02');
    expect(change.closed.map(({ purchasedOutstanding }) => purchasedOutstanding)).toEqual([3, 0, 0]);
  });

  it('spent in a just closed period without purchased ones: carried, and the period stays as it is', () => {
    const spent = used(givenSubscriber(active({}), '2026-02-03'), { mails: 1 }, '2026-02-10');
    const change = returned(spent, '2026-02-10', null, '2026-03-02');
    expect(change).toMatchObject({ returnedAs: ['carried'], repaid: null });
    expect(change.closed).toEqual(rollForward(spent, at('2026-03-02'), LETTERS).closed);
  });

  it('as often as purchased ones were spent, the rest carried', () => {
    let account = MARCH.account;
    const stored = february(4);
    const kinds = Array.from({ length: 6 }, () => {
      const change = returned(account, '2026-02-10', stored, '2026-03-02');
      account = change.account;
      stored.purchasedOutstanding = change.repaid?.purchasedOutstanding ?? 0;
      return change.returnedAs[0];
    });
    expect(kinds).toEqual(['purchased', 'purchased', 'purchased', 'purchased', 'carried', 'carried']);
    expect(leftOf(account)).toMatchObject({ lots: [2], purchased: 7 });
  });

  it('several at once come back as one after the other', () => {
    const six = { count: 6, spentAt: at('2026-02-10'), because: 'failed', source: 'usage:u1' } as const;
    const change = returnToAccount(MARCH.account, six, february(4), at('2026-03-02'), LETTERS);
    expect(change.returnedAs).toEqual(['purchased', 'carried']);
    expect(change.movements.map(({ amount }) => amount)).toEqual([4, 2]);
    expect(change.repaid).toEqual({ periodStart: at('2026-01-31'), purchasedOutstanding: 0 });
    expect(leftOf(change.account)).toMatchObject({ lots: [2], purchased: 7 });
  });

  it('that its user cancelled in a later period: within the allowance and the cap of the plan', () => {
    // Given a Pro account whose user has cancelled mail after mail of periods that are closed
    const six = { count: 6, spentAt: at('2026-02-10'), because: 'cancelled', source: 'delivery:d1' } as const;
    const spare = withCredits(MARCH.account, { included: 2, usedThisPeriod: 1 });
    const change = returnToAccount(spare, six, february(0), at('2026-03-02'), LETTERS);
    expect(change.returnedAs).toEqual(['carried', 'expired', 'expired', 'expired', 'expired', 'expired']);
    expect(leftOf(change.account)).toMatchObject({ included: 2, lots: [0] });
  });
});
