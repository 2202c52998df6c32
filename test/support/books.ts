/** What must hold of credits at any time, whatever has happened to them. */
import { expect } from '@jest/globals';
import { type Account } from '../../lambdas/domain/account.ts';
import { available, type Credits, type CreditsChange, left } from '../../lambdas/domain/credits.ts';
import { sumLots } from '../../lambdas/domain/lots.ts';
import { sumOf } from './accounts.ts';

/** G1 and G4 for credits as they stand: whole pots, none below zero, and two ways to the same balance. */
export function expectSoundCredits(credits: Credits): void {
  const figures = [...credits.lots, ...Object.values({ ...credits, lots: 0 })];
  expect(figures.filter((figure) => !Number.isSafeInteger(figure) || figure < 0)).toEqual([]);
  const { granted, used, expired, takenBack } = credits;
  expect(available(credits)).toBeGreaterThanOrEqual(0);
  expect(available(credits)).toBe(granted - used - expired - takenBack);
  const rest = left(credits);
  expect(sumLots(rest.lots) + rest.included + rest.purchased).toBe(available(credits));
}

/** G4 for a step: it moved the balance by what its movements say, none of them of zero. */
export function expectBalancedChange(before: Credits, { credits, movements }: CreditsChange): void {
  expectSoundCredits(credits);
  expect(available(credits) - available(before)).toBe(sumOf(movements));
  expect(movements.filter(({ amount }) => amount === 0)).toEqual([]);
}

/** Nothing stays owed while a purchased credit is free to pay it. */
export function expectDebtsPaid(credits: Credits): void {
  expect(Math.min(credits.owed, left(credits).purchased)).toBe(0);
}

/** Nobody gets what nobody paid for: past due, no included credit is left; else none is withheld. */
export function expectNothingUnpaid({ subscription, credits }: Account): void {
  const waiting = subscription.status === 'past_due' ? left(credits).included : credits.withheld;
  expect(waiting).toBe(0);
}
