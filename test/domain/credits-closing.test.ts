import { describe, expect, it } from '@jest/globals';
import { type CarryOver } from '../../lambdas/domain/catalogue.ts';
import {
  changeAllowance,
  closeCredits,
  type Credits,
  type CreditsChange,
  grantIncluded,
  inTurn,
  restoreLots,
} from '../../lambdas/domain/credits.ts';
import { type Lots, NO_LOTS } from '../../lambdas/domain/lots.ts';
import { givenCredits, MIXED, movementsOf, potsOf } from '../support/accounts.ts';

const TEN_FOR_THREE: CarryOver = { cap: 10, periods: 3 };

describe('closing at a boundary', () => {
  it.each<[string, Parameters<typeof givenCredits>[0], CarryOver | null, Lots, number]>([
    ['without carry-over, included credits expire', { included: 2 }, null, [0], -2],
    ['with it, they become the youngest lot', { included: 4 }, TEN_FOR_THREE, [0, 0, 4], 0],
    ['lots grow older', { lots: [0, 2, 3], included: 4 }, TEN_FOR_THREE, [2, 3, 4], 0],
    [
      'the oldest lot has served its three periods',
      { lots: [1, 2, 3], included: 4 },
      TEN_FOR_THREE,
      [2, 3, 4],
      -1,
    ],
    ['the cap cuts the oldest lot first', { lots: [0, 3, 3], included: 10 }, TEN_FOR_THREE, [0, 0, 10], -6],
    ['the cap cuts no more than it must', { lots: [0, 3, 3], included: 6 }, TEN_FOR_THREE, [1, 3, 6], -2],
    ['lots of a former plan expire under one without', { lots: [1, 2, 3], included: 2 }, null, [0], -8],
    [
      'lots beyond the periods of the plan expire',
      { lots: [1, 2, 3], included: 4 },
      { cap: 10, periods: 2 },
      [3, 4],
      -3,
    ],
    [
      'a plan with more periods has room for older lots',
      { lots: [3], included: 4 },
      { cap: 10, periods: 4 },
      [0, 0, 3, 4],
      0,
    ],
    [
      'what was used is not carried',
      { lots: [0, 2, 0], included: 10, usedThisPeriod: 5 },
      TEN_FOR_THREE,
      [0, 0, 7],
      0,
    ],
  ])('%s', (_, given, carryOver, lots, expired) => {
    const change = closeCredits(givenCredits(given), { at: 'boundary', carryOver }, 'test');
    expect(potsOf(change.credits)).toEqual({ lots, included: 0, purchased: 0, usedThisPeriod: 0, owed: 0 });
    expect(movementsOf(change)).toEqual(expired === 0 ? [] : [['expiry', expired]]);
    expect(change.credits.expired).toBe(Math.abs(expired));
  });

  it('G8: subtracts from the purchased ones what they lent, and no more', () => {
    const change = closeCredits(
      givenCredits({ ...MIXED, usedThisPeriod: 9 }),
      { at: 'boundary', carryOver: null },
      'test',
    );
    expect(change.credits).toMatchObject({ purchased: 2, used: 9, expired: 0 });
  });
});

describe('closing elsewhere', () => {
  it('at a moved anchor: lots keep their age, included ones join the youngest, the cap holds', () => {
    const change = closeCredits(
      givenCredits({ lots: [1, 2, 3], included: 5 }),
      { at: 'moved anchor', carryOver: TEN_FOR_THREE, unpaidLots: 0 },
      'test',
    );
    expect(change.credits.lots).toEqual([0, 2, 8]);
    expect(movementsOf(change)).toEqual([['expiry', -1]]);
  });

  it('at a moved anchor: the youngest lots go that nobody has paid for, before the cap counts', () => {
    const change = closeCredits(
      givenCredits({ lots: [1, 2, 7], included: 5 }),
      { at: 'moved anchor', carryOver: TEN_FOR_THREE, unpaidLots: 1 },
      'test',
    );
    expect(change.credits.lots).toEqual([1, 2, 5]);
    expect(movementsOf(change)).toEqual([['expiry', -7]]);
  });

  it('at a moved anchor without carry-over: lots stay, included ones expire', () => {
    const change = closeCredits(
      givenCredits({ lots: [1, 2, 3], included: 2 }),
      { at: 'moved anchor', carryOver: null, unpaidLots: 0 },
      'test',
    );
    expect(change.credits.lots).toEqual([1, 2, 3]);
    expect(movementsOf(change)).toEqual([['expiry', -2]]);
  });

  it('G8: at an ending included and carried credits expire, purchased ones stay', () => {
    const change = closeCredits(givenCredits({ ...MIXED, usedThisPeriod: 2 }), { at: 'ending' }, 'test');
    expect(potsOf(change.credits)).toEqual({
      lots: NO_LOTS,
      included: 0,
      purchased: 4,
      usedThisPeriod: 0,
      owed: 0,
    });
    expect(movementsOf(change)).toEqual([['expiry', -5]]);
  });

  it('a lot serves the three periods after the one that made it', () => {
    const carry = (credits: Credits): CreditsChange =>
      closeCredits(credits, { at: 'boundary', carryOver: TEN_FOR_THREE }, 'test');
    const lotsOverTime = [1, 2, 3, 4].map(
      (periods) =>
        inTurn(givenCredits({ included: 4 }), ...Array.from({ length: periods }, () => carry)).credits.lots,
    );
    expect(lotsOverTime).toEqual([
      [0, 0, 4],
      [0, 4, 0],
      [4, 0, 0],
      [0, 0, 0],
    ]);
  });
});

describe('opening', () => {
  it('grants the allowance', () => {
    const change = grantIncluded(givenCredits({ purchased: 1 }), 10, 'test');
    expect(change.credits).toMatchObject({ included: 10, purchased: 1, granted: 11 });
    expect(movementsOf(change)).toEqual([['allowance', 10]]);
  });

  it('restores carried credits, each to a lot of its age', () => {
    const change = restoreLots(givenCredits({ lots: [0, 0, 1] }), [1, 2, 3], 'test');
    expect(change.credits).toMatchObject({ lots: [1, 2, 4], granted: 7 });
    expect(movementsOf(change)).toEqual([['restored', 6]]);
    expect(restoreLots(givenCredits({ lots: [1] }), [1, 2], 'test').credits.lots).toEqual([1, 3]);
    expect(restoreLots(givenCredits({ lots: [1, 2] }), [3], 'test').credits.lots).toEqual([1, 5]);
  });
});

describe('another plan’s allowance in the same period', () => {
  it.each([
    ['more', { included: 2 }, 10, { included: 10 }, [['allowance', 8]]],
    ['less', { included: 10 }, 2, { included: 2 }, [['expiry', -8]]],
    [
      'less than was used: what was used is kept',
      { included: 10, usedThisPeriod: 5 },
      2,
      { included: 5 },
      [['expiry', -5]],
    ],
    ['none', { included: 2 }, 0, { included: 0 }, [['expiry', -2]]],
    ['the same', { included: 2, usedThisPeriod: 1 }, 2, { included: 2 }, []],
    [
      'more, after purchased ones had to help: they are free again',
      { included: 2, purchased: 3, usedThisPeriod: 4 },
      10,
      { included: 10, purchased: 3 },
      [['allowance', 8]],
    ],
  ])('%s', (_, given, allowance, expected, movements) => {
    const change = changeAllowance(givenCredits(given), allowance, 'test');
    expect(change.credits).toMatchObject({ ...expected, used: change.credits.usedThisPeriod });
    expect(movementsOf(change)).toEqual(movements);
  });
});
