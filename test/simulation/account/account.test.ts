import { beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { sequences } from '../../support/sequences.ts';
import { type Guarantee } from './checks.ts';
import { anyWalk, BrokenGuaranteeError, type Taken, type Walk, walk } from './walk.ts';

const WALKS = sequences(3_000, 100);

const SUBSCRIBED = ['active', 'past_due', 'trialing', 'canceled'];

/** What a walk must have met to have proved anything. */
const EVERYTHING = [
  ...[
    'use',
    'use after a roll',
    'mail paid by card',
    'refused',
    'wait',
    'owing',
    'in a trial',
    'withheld',
    'made_good',
  ],
  ...['returned as unused', 'returned as purchased', 'returned as carried', 'returned as expired'],
  'returned as purchased into a period just closed',
  ...['purchase', 'purchase unchanged', 'claw-back up', 'claw-back down'],
  ...['gift sent', 'gift received', 'gift recovered', 'gift claimed by another'],
  ...['adjusted up', 'adjusted down'],
  ...SUBSCRIBED.flatMap((from) => SUBSCRIBED.map((to) => `subscription: ${from} to ${to}`)),
  ...['none', 'active', 'past_due', 'trialing'].map((to) => `subscription: none to ${to}`),
];

describe('whatever happens to an account, in any order', () => {
  const taken: Taken = new Map();
  let walked: fc.RunDetails<[Walk]> | null = null;

  beforeAll(() => {
    walked = fc.check(
      fc.property(anyWalk, (each) => walk(each, taken)),
      WALKS,
    );
  }, WALKS.interruptAfterTimeLimit + 60_000);

  /** The first guarantee that breaks ends the walks. */
  function expectUnbroken(guarantee: Guarantee): void {
    const error = walked?.errorInstance ?? null;
    const isOther = error instanceof BrokenGuaranteeError && error.guarantee !== guarantee;
    if (walked?.failed !== false && !isOther) {
      throw new Error(walked ? fc.defaultReportMessage(walked) : 'Nobody has walked.', { cause: error });
    }
  }

  it('G1: no balance, pot or counter goes below zero or past its limit, and decisions agree with the figures', () => {
    expectUnbroken('G1');
  });

  it('nobody gets what nobody paid for: an unpaid period’s allowance is withheld, and comes back with the payment', () => {
    expectUnbroken('paid');
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

  it('G11: a credit comes back once, into its lot, and nobody parks credits past their expiry', () => {
    expectUnbroken('G11');
  });

  it('meets everything on the way', () => {
    if (WALKS.numRuns >= 3_000) {
      expect([...taken.keys()].sort()).toEqual(EVERYTHING.sort());
    }
  });
});
