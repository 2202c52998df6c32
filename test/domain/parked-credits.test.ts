import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Account } from '../../lambdas/domain/account.ts';
import { closeCredits, type Credits, left, returnCredit } from '../../lambdas/domain/credits.ts';
import { type Lots, sumLots } from '../../lambdas/domain/lots.ts';
import { returnToAccount, type ReturnChange } from '../../lambdas/domain/returns.ts';
import { rollForward } from '../../lambdas/domain/roll-forward.ts';
import {
  active,
  at,
  availableTo,
  givenCredits,
  givenSubscriber,
  leftOf,
  movementsOf,
  used,
  withCredits,
} from '../support/accounts.ts';
import { anyCredits } from '../support/arbitraries.ts';
import { expectBalancedChange, expectSoundCredits } from '../support/books.ts';
import { LETTERS } from '../support/catalogues.ts';

const MONTHS = ['2026-02-10', '2026-03-10', '2026-04-10', '2026-05-10', '2026-06-10', '2026-07-10'];
const CLOSED = { period: 'closed', purchasedOutstanding: 0 } as const;
const CANCELLED = { because: 'cancelled', allowed: 12 } as const;

function returned(
  account: Account,
  because: 'failed' | 'cancelled',
  spentAt: string,
  now: string,
): ReturnChange {
  const one = { count: 1, spentAt: at(spentAt), because, source: 'delivery:d1' };
  return returnToAccount(account, one, null, at(now), LETTERS);
}

/** Spends the whole allowance of each month, and gets every credit back in the last one, the newest first. */
function parked(plan: 'pro' | 'enterprise', allowance: number, because: 'failed' | 'cancelled'): Account {
  const spender = MONTHS.reduce(
    (account, month) => used(account, { mails: allowance }, month),
    givenSubscriber(active({ plan }), '2026-02-03'),
  );
  const spent = MONTHS.toReversed().flatMap((month) => Array.from({ length: allowance }, () => month));
  return spent.reduce((account, month) => returned(account, because, month, '2026-07-12').account, spender);
}

describe('G11: parked credits', () => {
  it.each([
    ['pro holds its allowance', 'pro', 2, 2],
    ['enterprise holds its allowance and its cap', 'enterprise', 10, 20],
  ] as const)('G4: after half a year of cancelled mails, %s', (_, plan, allowance, most) => {
    const account = parked(plan, allowance, 'cancelled');
    expect(availableTo(account)).toBe(most);
    expectSoundCredits(account.credits);
    // In the next period nothing of it is left but what the plan carries of one period.
    expect(availableTo(rollForward(account, at('2026-07-31'), LETTERS).account)).toBe(most);
  });

  it('all of them come back when the mails have failed', () => {
    expect(availableTo(parked('pro', 2, 'failed'))).toBe(12);
    expect(availableTo(parked('enterprise', 10, 'failed'))).toBe(60);
  });

  it('what a user cancels expires with the open period, also where the plan has just begun to carry', () => {
    const pro = used(givenSubscriber(active({}), '2026-02-03'), { mails: 1 }, '2026-02-10');
    const { account } = rollForward(pro, at('2026-03-02'), LETTERS);
    const carryOver = { cap: 10, periods: 3 };
    const upgraded = { ...account, plan: 'enterprise', creditsPerPeriod: 10, carryOver };
    const change = returned(upgraded, 'cancelled', '2026-02-10', '2026-03-03');
    expect(leftOf(change.account).lots).toEqual([1, 0, 0]);
    expect(rollForward(change.account, at('2026-03-31'), LETTERS).account.credits.lots).toEqual([0, 0, 2]);
    const failed = returned(upgraded, 'failed', '2026-02-10', '2026-03-03');
    expect(rollForward(failed.account, at('2026-03-31'), LETTERS).account.credits.lots).toEqual([0, 1, 2]);
  });

  it('keeps a list that is longer than the plan carries, until the boundary', () => {
    const pro = withCredits(givenSubscriber(active({}), '2026-03-03'), { lots: [0, 0, 1] });
    const { account } = returned(pro, 'cancelled', '2026-02-10', '2026-03-03');
    expect(leftOf(account).lots).toEqual([1, 0, 1]);
    expect(rollForward(account, at('2026-03-31'), LETTERS).account.credits.lots).toEqual([0]);
  });
});

describe('G11: a credit of a closed period', () => {
  const both = [
    ['regranted', 1],
    ['expiry', -1],
  ];
  it.each([
    ['failed: the youngest lot', { lots: [1, 2, 3] }, 'failed', [1, 2, 4], [['regranted', 1]]],
    [
      'failed, above allowance and cap',
      { lots: [9, 9, 9], included: 9 },
      'failed',
      [9, 9, 10],
      [['regranted', 1]],
    ],
    ['cancelled: the oldest lot', { lots: [1, 2, 3] }, 'cancelled', [2, 2, 3], [['regranted', 1]]],
    ['cancelled, one below', { lots: [0, 0, 9], included: 2 }, 'cancelled', [1, 0, 9], [['regranted', 1]]],
    ['cancelled, no room', { lots: [0, 0, 9], included: 3 }, 'cancelled', [0, 0, 9], both],
    ['cancelled, far above', { lots: [9, 9, 9], included: 3 }, 'cancelled', [9, 9, 9], both],
    [
      'cancelled, purchased ones leave room',
      { lots: [5], included: 5, purchased: 50 },
      'cancelled',
      [6],
      [['regranted', 1]],
    ],
  ] as const)('%s', (_, given, because, lots, movements) => {
    const before = givenCredits(given);
    const change = returnCredit(before, CLOSED, because === 'failed' ? { because } : CANCELLED, 'test');
    expect(change.credits.lots).toEqual(lots);
    expect(movementsOf(change)).toEqual(movements);
    expect(change.returnedAs).toBe(movements.length === 2 ? 'expired' : 'carried');
    const [granted, expired] = [change.credits.granted - before.granted, change.credits.expired];
    expect([granted, expired]).toEqual([1, movements.length - 1]);
  });

  it('G4: leaves no more than the plan allows, unless more was left before', () => {
    const kinds = new Set<string>();
    fc.assert(
      fc.property(anyCredits, fc.nat({ max: 30 }), (credits, allowed) => {
        const change = returnCredit(credits, CLOSED, { because: 'cancelled', allowed }, 'test');
        expectBalancedChange(credits, change);
        expect(expiring(change.credits)).toBeLessThanOrEqual(Math.max(allowed, expiring(credits)));
        kinds.add(change.returnedAs);
      }),
    );
    expect(kinds).toEqual(new Set(['carried', 'expired']));
  });
});

function expiring(credits: Credits): number {
  const { lots, included } = left(credits);
  return sumLots(lots) + included;
}

/** Carried credits one by one, each with the number of boundaries that it has yet to see; the eldest first. */
function closedByHand(ages: readonly number[], included: number, periods: number, cap: number): number[] {
  const older = ages.map((age) => age - 1).filter((age) => age > 0);
  return [...older, ...Array.from({ length: included }, () => periods)].slice(-cap);
}

function lotsOf(ages: readonly number[], periods: number): Lots {
  return Array.from({ length: periods }, (_, index) => ages.filter((age) => age === index + 1).length);
}

describe('G8: lots', () => {
  it('G4: serve as many periods as the plan carries, cut by its cap, the oldest first', () => {
    const few = fc.integer({ min: 0, max: 9 });
    const terms = fc.record({
      periods: fc.integer({ min: 1, max: 12 }),
      cap: fc.integer({ min: 1, max: 30 }),
    });
    fc.assert(
      fc.property(terms, fc.array(few, { maxLength: 30 }), ({ periods, cap }, unused) => {
        let credits = givenCredits({ purchased: 5 });
        let ages: number[] = [];
        for (const included of unused) {
          credits = { ...credits, included, granted: credits.granted + included };
          credits = closeCredits(credits, { at: 'boundary', carryOver: { cap, periods } }, 'close').credits;
          ages = closedByHand(ages, included, periods, cap);
          expect(credits.lots).toEqual(lotsOf(ages, periods));
          expectSoundCredits(credits);
        }
        expect(credits.purchased).toBe(5);
      }),
    );
  });

  it('of a longer list expire where the closing plan carries fewer periods, or none', () => {
    const lots = [1, 2, 3, 4];
    const under = (periods: number): Lots =>
      closeCredits(givenCredits({ lots }), { at: 'boundary', carryOver: { cap: 99, periods } }, 'x').credits
        .lots;
    expect([5, 4, 3, 2, 1].map(under)).toEqual([[1, 2, 3, 4, 0], [2, 3, 4, 0], [3, 4, 0], [4, 0], [0]]);
    const none = closeCredits(givenCredits({ lots }), { at: 'boundary', carryOver: null }, 'x');
    expect(none.credits).toMatchObject({ lots: [0], expired: 10 });
  });
});
