import { describe, expect, it } from '@jest/globals';
import {
  adjustDown,
  available,
  clawBack,
  giveGift,
  grantPurchased,
  MOVEMENT_KINDS,
  left,
  MOVEMENT_COUNTER,
  NO_CREDITS,
  payOwed,
  returnCredit,
  spent,
  useCredits,
} from '../../lambdas/domain/credits.ts';
import { type Lots, sumLots } from '../../lambdas/domain/lots.ts';
import { clawBackDue } from '../../lambdas/domain/purchases.ts';
import { givenCredits, MIXED, movementsOf, potsOf } from '../support/accounts.ts';

describe('the order in which credits are spent', () => {
  it.each([
    [0, [0, 0, 0], 0, 0],
    [1, [1, 0, 0], 0, 0],
    [2, [1, 1, 0], 0, 0],
    [3, [1, 2, 0], 0, 0],
    [4, [1, 2, 0], 1, 0],
    [7, [1, 2, 0], 4, 0],
    [8, [1, 2, 0], 4, 1],
    [11, [1, 2, 0], 4, 4],
  ])(
    '%d used: the oldest lot first, then included, then purchased',
    (usedThisPeriod, lots, included, purchased) => {
      const credits = givenCredits({ ...MIXED, usedThisPeriod });
      expect(spent(credits)).toEqual({ lots, included, purchased });
      expect(available(credits)).toBe(11 - usedThisPeriod);
      const rest = left(credits);
      expect(rest.included).toBe(4 - included);
      expect(rest.purchased).toBe(4 - purchased);
      expect(sumLots(rest.lots)).toBe(3 - Math.min(3, usedThisPeriod));
    },
  );

  it('a new account has none', () => {
    expect(available(NO_CREDITS)).toBe(0);
  });
});

describe('every movement', () => {
  it('G4: counts on the lifetime counter that its kind names', () => {
    expect(MOVEMENT_COUNTER).toEqual({
      allowance: 'granted',
      withheld: 'granted',
      made_good: 'granted',
      purchase: 'granted',
      gift_received: 'granted',
      adjustment_up: 'granted',
      restored: 'granted',
      regranted: 'granted',
      use: 'used',
      return: 'used',
      expiry: 'expired',
      claw_back: 'takenBack',
      reinstatement: 'takenBack',
      gift_given: 'takenBack',
      gift_returned: 'takenBack',
      adjustment_down: 'takenBack',
    });
  });

  it.each([
    ['use', true],
    ['claw_back', true],
    ['toString', false],
    ['', false],
  ])('is one of these kinds and no other: %s', (kind, isOne) => {
    expect(MOVEMENT_KINDS.some((each) => each === kind)).toBe(isOne);
  });

  it('names its source', () => {
    expect(useCredits(givenCredits({ included: 2 }), 1, 'delivery:d1').movements).toEqual([
      { kind: 'use', amount: -1, source: 'delivery:d1' },
    ]);
  });

  it('of zero is none', () => {
    expect(useCredits(givenCredits({ included: 2 }), 0, 'test').movements).toEqual([]);
  });
});

describe('using', () => {
  it('raises what the period and the lifetime have used, and touches no pot', () => {
    const { credits } = useCredits(givenCredits(MIXED), 5, 'test');
    expect(potsOf(credits)).toEqual({ ...MIXED, usedThisPeriod: 5, owed: 0 });
    expect(credits.used).toBe(5);
  });
});

describe('granting purchased credits', () => {
  it.each(['purchase', 'gift_received', 'adjustment_up'] as const)(
    '%s adds to the purchased ones',
    (kind) => {
      const change = grantPurchased(givenCredits({ included: 1 }), 5, kind, 'test');
      expect(movementsOf(change)).toEqual([[kind, 5]]);
      expect(change.credits).toMatchObject({ purchased: 5, granted: 6 });
    },
  );

  it.each([
    ['all of it', 3, { purchased: 2, owed: 0, takenBack: 3 }],
    ['as much as there is', 8, { purchased: 0, owed: 3, takenBack: 5 }],
  ])('pays what is owed first, %s', (_, owed, expected) => {
    const change = grantPurchased(givenCredits({ owed }), 5, 'purchase', 'test');
    expect(change.credits).toMatchObject({ ...expected, granted: 5 });
    expect(movementsOf(change)).toEqual([
      ['purchase', 5],
      ['claw_back', expected.purchased - 5],
    ]);
  });
});

describe('paying what is owed', () => {
  it.each([
    ['nothing owed', { purchased: 3 }, { purchased: 3, owed: 0 }, []],
    ['nothing purchased', { included: 3, owed: 2 }, { purchased: 0, owed: 2 }, []],
    ['purchased ones in use', { purchased: 2, usedThisPeriod: 2, owed: 1 }, { purchased: 2, owed: 1 }, []],
    [
      'some free',
      { purchased: 3, usedThisPeriod: 1, owed: 5 },
      { purchased: 1, owed: 3 },
      [['claw_back', -2]],
    ],
  ])('takes purchased credits that no use has taken: %s', (_, given, expected, movements) => {
    const change = payOwed(givenCredits(given), 'test');
    expect(change.credits).toMatchObject(expected);
    expect(movementsOf(change)).toEqual(movements);
  });
});

const FAILED = { because: 'failed' } as const;

describe('returning a credit', () => {
  it.each([
    ['into the oldest lot, which expires with the period', 13, 'carried', [1, 1, 1], [['regranted', 1]]],
    [
      'and goes at once where the plan allows no more',
      12,
      'expired',
      [0, 1, 1],
      [
        ['regranted', 1],
        ['expiry', -1],
      ],
    ],
  ])(
    'G11: what its user cancelled in a later period comes back %s',
    (_, allowed, returnedAs, lots, movements) => {
      // Given 12 carried and included credits that are left, beside purchased ones, of which there may be any number
      const credits = givenCredits({ lots: [0, 1, 1], included: 12, purchased: 5, usedThisPeriod: 2 });
      const change = returnCredit(
        credits,
        { period: 'closed', purchasedOutstanding: 0 },
        { because: 'cancelled', allowed },
        'test',
      );
      expect(change).toMatchObject({ returnedAs, credits: { lots } });
      expect(movementsOf(change)).toEqual(movements);
      expect(change.credits).toMatchObject({ granted: 20, expired: returnedAs === 'expired' ? 1 : 0 });
    },
  );

  it('G11: spent in the open period, it is as if it had not been used', () => {
    const before = givenCredits({ ...MIXED, usedThisPeriod: 8 });
    const change = returnCredit(before, { period: 'open' }, FAILED, 'test');
    expect(change.returnedAs).toBe('unused');
    expect(movementsOf(change)).toEqual([['return', 1]]);
    expect(change.credits).toMatchObject({ usedThisPeriod: 7, used: 7, granted: 11 });
  });

  it('spent in a closed period that still owes a purchased one, it is purchased', () => {
    const change = returnCredit(NO_CREDITS, { period: 'closed', purchasedOutstanding: 1 }, FAILED, 'test');
    expect(change.returnedAs).toBe('purchased');
    expect(movementsOf(change)).toEqual([['regranted', 1]]);
    expect(change.credits).toMatchObject({ purchased: 1, granted: 1, used: 0 });
  });

  it('spent in a closed period that owes none, it joins the youngest lot', () => {
    const change = returnCredit(
      givenCredits({ lots: [1, 1, 1] }),
      { period: 'closed', purchasedOutstanding: 0 },
      FAILED,
      'test',
    );
    expect(change.returnedAs).toBe('carried');
    expect(movementsOf(change)).toEqual([['regranted', 1]]);
    expect(change.credits).toMatchObject({ lots: [1, 1, 2], granted: 4 });
  });

  it('never takes the period’s uses below zero: where clocks disagree, it is carried', () => {
    const change = returnCredit(NO_CREDITS, { period: 'open' }, FAILED, 'test');
    expect(change.returnedAs).toBe('carried');
    expect(change.credits).toMatchObject({ usedThisPeriod: 0, used: 0, lots: [1] });
  });

  it.each([
    ['unused', { purchased: 2, usedThisPeriod: 2, owed: 1 }, { period: 'open' as const }],
    ['purchased', { owed: 1 }, { period: 'closed' as const, purchasedOutstanding: 2 }],
    // A carried credit takes over a use that a purchased one had lent itself to.
    [
      'carried',
      { purchased: 1, usedThisPeriod: 1, owed: 1 },
      { period: 'closed' as const, purchasedOutstanding: 0 },
    ],
  ])('pays what is owed, returned as %s', (returnedAs, given, spentIn) => {
    const change = returnCredit(givenCredits(given), spentIn, FAILED, 'test');
    expect(change.returnedAs).toBe(returnedAs);
    expect(change.credits.owed).toBe(0);
    expect(movementsOf(change).at(-1)).toEqual(['claw_back', -1]);
  });
});

describe('adjusting down', () => {
  const given = { lots: [2, 2, 2] as Lots, included: 3, purchased: 2 };

  it.each([
    ['purchased first', 2, { lots: [2, 2, 2], included: 3, purchased: 0 }],
    ['then included', 4, { lots: [2, 2, 2], included: 1, purchased: 0 }],
    ['then the youngest lot', 6, { lots: [2, 2, 1], included: 0, purchased: 0 }],
    ['then the middle one', 8, { lots: [2, 1, 0], included: 0, purchased: 0 }],
    ['then the oldest', 11, { lots: [0, 0, 0], included: 0, purchased: 0 }],
  ])('takes %s', (_, count, expected) => {
    const change = adjustDown(givenCredits(given), count, 'test');
    expect(change.credits).toMatchObject({ ...expected, takenBack: count });
    expect(movementsOf(change)).toEqual([['adjustment_down', -count]]);
  });

  it('leaves what the period has used', () => {
    // Given a period whose uses have taken the lots and one included credit
    const change = adjustDown(givenCredits({ ...given, usedThisPeriod: 7 }), 4, 'test');
    expect(left(change.credits)).toEqual({ lots: [0, 0, 0], included: 0, purchased: 0 });
    expect(change.credits).toMatchObject({ lots: [2, 2, 2], included: 1, usedThisPeriod: 7 });
  });
});

describe('gifts', () => {
  it('take purchased credits out and bring them back', () => {
    const given = giveGift(givenCredits({ included: 1, purchased: 5 }), 3, 'test');
    expect(given.credits).toMatchObject({ included: 1, purchased: 2, takenBack: 3 });
    expect(movementsOf(given)).toEqual([['gift_given', -3]]);
    const back = grantPurchased(given.credits, 3, 'gift_returned', 'test');
    expect(back.credits).toMatchObject({ purchased: 5, takenBack: 0 });
    expect(movementsOf(back)).toEqual([['gift_returned', 3]]);
  });

  it('that come back pay what is owed meanwhile', () => {
    const owing = { ...NO_CREDITS, granted: 3, takenBack: 3, owed: 2 };
    const change = grantPurchased(owing, 3, 'gift_returned', 'test');
    expect(change.credits).toMatchObject({ purchased: 1, owed: 0, takenBack: 2 });
    expect(movementsOf(change)).toEqual([
      ['gift_returned', 3],
      ['claw_back', -2],
    ]);
  });
});

describe('what a claw-back is due', () => {
  const bundle = { credits: 10, amountCents: 2_700, returnedCents: 0, creditsTaken: 0 };

  it.each([
    ['nothing returned', {}, 0],
    ['all of it', { returnedCents: 2_700 }, 10],
    ['half', { returnedCents: 1_350 }, 5],
    ['a cent less than half, rounded in the user’s favour', { returnedCents: 1_349 }, 4],
    ['less than a credit’s worth', { returnedCents: 269 }, 0],
    ['refund and dispute together more than all', { returnedCents: 4_000 }, 10],
    ['less what was taken already', { returnedCents: 1_350, creditsTaken: 3 }, 2],
    ['the same report again', { returnedCents: 1_350, creditsTaken: 5 }, 0],
    ['a dispute won', { returnedCents: 0, creditsTaken: 10 }, -10],
    ['a bundle that cost nothing', { amountCents: 0 }, 0],
  ])('%s', (_, facts, due) => {
    expect(clawBackDue({ ...bundle, ...facts })).toBe(due);
  });
});

describe('clawing back', () => {
  it.each([
    ['unspent ones', { purchased: 5 }, 3, { purchased: 2, owed: 0, takenBack: 3 }, [['claw_back', -3]]],
    [
      'spent ones are owed',
      { purchased: 5, usedThisPeriod: 5 },
      3,
      { purchased: 5, owed: 3, takenBack: 0 },
      [],
    ],
    [
      'some of each',
      { purchased: 5, usedThisPeriod: 3 },
      4,
      { purchased: 3, owed: 2, takenBack: 2 },
      [['claw_back', -2]],
    ],
    ['included ones are left alone', { included: 5 }, 2, { included: 5, purchased: 0, owed: 2 }, []],
    ['nothing due', { purchased: 5 }, 0, { purchased: 5, owed: 0 }, []],
  ])('%s', (_, given, due, expected, movements) => {
    const change = clawBack(givenCredits(given), due, 'test');
    expect(change.credits).toMatchObject(expected);
    expect(movementsOf(change)).toEqual(movements);
  });

  it.each([
    ['returns what was taken', 0, { purchased: 5, owed: 0, takenBack: 0 }, [['reinstatement', 3]]],
    ['forgives what is owed', 3, { purchased: 5, owed: 0, takenBack: 0 }, []],
    ['forgives first', 2, { purchased: 5, owed: 0, takenBack: 0 }, [['reinstatement', 1]]],
  ])('back up %s', (_, used, expected, movements) => {
    const clawed = clawBack(givenCredits({ purchased: 5, usedThisPeriod: 2 + used }), 3, 'test');
    const change = clawBack(clawed.credits, -3, 'test');
    expect(change.credits).toMatchObject(expected);
    expect(movementsOf(change)).toEqual(movements);
  });
});
