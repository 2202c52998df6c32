import { beforeAll, describe, expect, it } from '@jest/globals';
import { walk, type WalkLog } from './walk.ts';
import { type Guarantee } from './checks.ts';

/** `POSTAGE_WALKS=100000 npm run test:domain` walks further; `POSTAGE_WALK_SEED` begins elsewhere. */
const WALKS = Number(process.env['POSTAGE_WALKS'] ?? 3_000);
const FIRST_SEED = Number(process.env['POSTAGE_WALK_SEED'] ?? 1);
const STEPS = 60;

const SUBSCRIBED = ['active', 'past_due', 'trialing', 'canceled'];

/** What a walk must have met to have proved anything. */
const EVERYTHING = [
  ...['use', 'use after a roll', 'mail paid by card', 'refused', 'wait', 'owing', 'in a trial'],
  ...['returned as unused', 'returned as purchased', 'returned as carried'],
  'returned as purchased into a period just closed',
  ...['purchase', 'purchase unchanged', 'claw-back up', 'claw-back down'],
  ...['gift sent', 'gift received', 'gift recovered', 'gift claimed by another'],
  ...['adjusted up', 'adjusted down'],
  ...SUBSCRIBED.flatMap((from) => SUBSCRIBED.map((to) => `subscription: ${from} to ${to}`)),
  ...['none', 'active', 'past_due', 'trialing'].map((to) => `subscription: none to ${to}`),
];

describe('whatever happens to an account, in any order', () => {
  const log: WalkLog = { broken: [], steps: 0, taken: new Map() };

  beforeAll(() => {
    for (let seed = FIRST_SEED; seed < FIRST_SEED + WALKS; seed += 1) {
      walk(seed, STEPS, log);
    }
  }, 3_600_000);

  function expectUnbroken(guarantee: Guarantee): void {
    expect(log.broken.filter((broken) => broken.guarantee === guarantee).slice(0, 2)).toEqual([]);
  }

  it('G1: no balance, pot or counter goes below zero or past its limit, and decisions agree with the figures', () => {
    expectUnbroken('G1');
  });

  it('G4: the books are closed: by kind, by lifetime counters and by the ledger the balance is the same', () => {
    expectUnbroken('G4');
  });

  it('G5: periods follow one another, none is empty, and none is granted more than one allowance', () => {
    expectUnbroken('G5');
  });

  it('G7: an account that was rolled forward is open', () => {
    expectUnbroken('G7');
  });

  it('G8: rollover, plan change and ending take no purchased credit', () => {
    expectUnbroken('G8');
  });

  it('meets everything on the way', () => {
    expect(log.steps).toBe(WALKS * STEPS);
    expect([...log.taken.keys()].sort()).toEqual(EVERYTHING.sort());
  });
});
