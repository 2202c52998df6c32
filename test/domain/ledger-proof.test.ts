import { describe, expect, it } from '@jest/globals';
import {
  type Credits,
  grantIncluded,
  grantPurchased,
  inTurn,
  MOVEMENT_COUNTER,
  type MovementKind,
  NO_CREDITS,
  useCredits,
} from '../../lambdas/domain/credits.ts';
import { addMovement, type LedgerProof, NO_TOTALS, proveLedger } from '../../lambdas/domain/ledger-proof.ts';

/** 10 granted, 5 bought, 4 used: 11 left. */
const { credits: CREDITS, movements: MOVEMENTS } = inTurn(
  NO_CREDITS,
  (credits) => grantIncluded(credits, 10, 'period:1'),
  (credits) => grantPurchased(credits, 5, 'purchase', 'purchase:1'),
  (credits) => useCredits(credits, 4, 'delivery:1'),
);
const TOTALS = MOVEMENTS.reduce(addMovement, NO_TOTALS);

function wrongFields({ lines }: LedgerProof): string[] {
  return lines.filter(({ account, expected }) => account !== expected).map(({ field }) => field);
}

describe('the proof of a ledger', () => {
  it('G4: holds where every figure is what the others make of it', () => {
    expect(proveLedger(11, CREDITS, TOTALS)).toEqual({
      holds: true,
      lines: [
        { field: 'available', account: 11, expected: 11 },
        { field: 'available, by kind', account: 11, expected: 11 },
        { field: 'available, by counters', account: 11, expected: 11 },
        { field: 'granted', account: 15, expected: 15 },
        { field: 'used', account: 4, expected: 4 },
        { field: 'expired', account: 0, expected: 0 },
        { field: 'takenBack', account: 0, expected: 0 },
      ],
    });
  });

  const wrong: [string, number, Partial<Credits>, string[]][] = [
    ['what is available', 12, {}, ['available', 'available, by kind', 'available, by counters']],
    ['a pot', 11, { purchased: 6 }, ['available, by kind']],
    ['granted', 11, { granted: 16 }, ['available, by counters', 'granted']],
    ['used', 11, { used: 3 }, ['available, by counters', 'used']],
    ['expired', 11, { expired: 1 }, ['available, by counters', 'expired']],
    ['takenBack', 11, { takenBack: 1 }, ['available, by counters', 'takenBack']],
    ['granted and used alike', 11, { granted: 16, used: 5 }, ['granted', 'used']],
  ];
  it.each(wrong)('G4: does not hold where %s is wrong, and says so', (_what, available, part, fields) => {
    const proof = proveLedger(available, { ...CREDITS, ...part }, TOTALS);
    expect({ holds: proof.holds, wrong: wrongFields(proof) }).toEqual({ holds: false, wrong: fields });
  });

  it('G4: does not hold where a line is missing from the ledger', () => {
    const proof = proveLedger(11, CREDITS, MOVEMENTS.slice(1).reduce(addMovement, NO_TOTALS));
    expect(wrongFields(proof)).toEqual(['available', 'granted']);
  });
});

describe('what a ledger adds up to', () => {
  it.each(Object.entries(MOVEMENT_COUNTER))('counts %s as %s', (kind, counter) => {
    const amount = counter === 'granted' ? 3 : -3;
    const totals = addMovement(NO_TOTALS, { kind: kind as MovementKind, amount, source: 'test' });
    expect(totals).toEqual({ ...NO_TOTALS, available: amount, [counter]: 3 });
  });
});
