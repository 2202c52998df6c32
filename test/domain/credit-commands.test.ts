import { describe, expect, it } from '@jest/globals';
import { type Account, newAccount } from '../../lambdas/domain/account.ts';
import { adjustCredits } from '../../lambdas/domain/adjustments.ts';
import { type TakingOutcome } from '../../lambdas/domain/credit-commands.ts';
import { receiveGift, recoverGift, sendGift } from '../../lambdas/domain/gifts.ts';
import {
  active,
  at,
  availableTo,
  givenSubscriber,
  leftOf,
  movementsOf,
  periodsOf,
  withCredits,
} from '../support/accounts.ts';
import { LETTERS } from '../support/catalogues.ts';

const FEBRUARY = at('2026-02-10');
const MARCH = at('2026-03-10');

function account(pots: Parameters<typeof withCredits>[1]): Account {
  return withCredits(givenSubscriber(active({}), '2026-02-03'), pots);
}

function changed(outcome: TakingOutcome): Extract<TakingOutcome, { outcome: 'changed' }> {
  if (outcome.outcome === 'refused') {
    throw new Error(`Refused: only ${outcome.takeable} can be taken.`);
  }
  return outcome;
}

describe('an adjustment', () => {
  it('up is purchased, and pays what is owed', () => {
    const change = changed(adjustCredits(account({ included: 2, owed: 1 }), 3, FEBRUARY, 'admin', LETTERS));
    expect(movementsOf(change)).toEqual([
      ['adjustment_up', 3],
      ['claw_back', -1],
    ]);
    expect(leftOf(change.account)).toEqual({ lots: [0], included: 2, purchased: 2 });
  });

  it('down takes purchased, then included, then carried', () => {
    const given = account({ lots: [1, 1, 1], included: 2, purchased: 2 });
    const change = changed(adjustCredits(given, -5, FEBRUARY, 'admin', LETTERS));
    expect(movementsOf(change)).toEqual([['adjustment_down', -5]]);
    expect(leftOf(change.account)).toEqual({ lots: [1, 1, 0], included: 0, purchased: 0 });
  });

  it.each([
    ['all that is available', 7, 'changed'],
    ['one more', 8, 'refused'],
  ])('G1: down takes %s', (_, count, outcome) => {
    const given = account({ lots: [1, 1, 1], included: 2, purchased: 4, usedThisPeriod: 2 });
    expect(adjustCredits(given, -count, FEBRUARY, 'admin', LETTERS).outcome).toBe(outcome);
  });

  it('that is refused tells what could be taken', () => {
    expect(
      adjustCredits(account({ included: 2, usedThisPeriod: 1 }), -2, FEBRUARY, 'admin', LETTERS),
    ).toEqual({
      outcome: 'refused',
      reason: 'below_balance',
      takeable: 1,
    });
  });

  it('counts what the open period has, rolled forward first (G7)', () => {
    // Given nothing left in February, and two credits again in March
    const spent = account({ included: 2, usedThisPeriod: 2 });
    expect(adjustCredits(spent, -2, FEBRUARY, 'admin', LETTERS).outcome).toBe('refused');
    const change = changed(adjustCredits(spent, -2, MARCH, 'admin', LETTERS));
    expect(periodsOf(change)).toEqual([['2026-01-31', '2026-02-28']]);
    expect(availableTo(change.account)).toBe(0);
  });

  it('of zero changes nothing', () => {
    const given = account({ included: 2 });
    const change = changed(adjustCredits(given, 0, FEBRUARY, 'admin', LETTERS));
    expect(change).toEqual({ outcome: 'changed', account: given, closed: [], movements: [] });
  });
});

describe('a gift', () => {
  it('is taken of the purchased credits that no use has taken', () => {
    const given = account({ included: 2, purchased: 4, usedThisPeriod: 3 });
    expect(sendGift(given, 4, FEBRUARY, 'gift', LETTERS)).toEqual({
      outcome: 'refused',
      reason: 'below_balance',
      takeable: 3,
    });
    const change = changed(sendGift(given, 3, FEBRUARY, 'gift', LETTERS));
    expect(movementsOf(change)).toEqual([['gift_given', -3]]);
    expect(availableTo(change.account)).toBe(0);
  });

  it('arrives as purchased credits, on a free account too (G8)', () => {
    const change = receiveGift(newAccount('other', FEBRUARY, LETTERS), 3, FEBRUARY, 'gift', LETTERS);
    expect(movementsOf(change)).toEqual([['gift_received', 3]]);
    expect(leftOf(change.account)).toMatchObject({ purchased: 3 });
  });

  it('that nobody claimed comes back, and pays what is owed', () => {
    const change = recoverGift(account({ owed: 2 }), 3, FEBRUARY, 'gift', LETTERS);
    expect(movementsOf(change)).toEqual([
      ['gift_returned', 3],
      ['claw_back', -2],
    ]);
    expect(leftOf(change.account)).toMatchObject({ purchased: 1 });
  });

  it.each([
    ['sent', (given: Account) => changed(sendGift(given, 1, MARCH, 'gift', LETTERS))],
    ['received', (given: Account) => receiveGift(given, 1, MARCH, 'gift', LETTERS)],
    ['recovered', (given: Account) => recoverGift(given, 1, MARCH, 'gift', LETTERS)],
  ])('%s late, the account is rolled forward first', (_, command) => {
    const change = command(account({ purchased: 2 }));
    expect(periodsOf(change)).toEqual([['2026-01-31', '2026-02-28']]);
    expect(change.movements).toHaveLength(1);
  });
});
