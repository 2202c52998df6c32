import { available, type Credits, type LifetimeCounter, type Movement, MOVEMENT_COUNTER } from './credits.ts';

/** What a ledger adds up to. */
export type LedgerTotals = Record<LifetimeCounter | 'available', number>;

export const NO_TOTALS: LedgerTotals = { available: 0, granted: 0, used: 0, expired: 0, takenBack: 0 };

export function addMovement(totals: LedgerTotals, { kind, amount }: Movement): LedgerTotals {
  const counter = MOVEMENT_COUNTER[kind];
  return {
    ...totals,
    available: totals.available + amount,
    [counter]: totals[counter] + (counter === 'granted' ? amount : -amount),
  };
}

/** One field of an account beside what it should be. */
export interface ProofLine {
  field: string;
  account: number;
  expected: number;
}

export interface LedgerProof {
  holds: boolean;
  lines: ProofLine[];
}

/**
 * The proof of G4 for one account: what is stored as available is the sum of the ledger, of the credits by kind and of
 * the lifetime counters, and each of those counters is the sum of its movements.
 */
export function proveLedger(stored: number, credits: Credits, ledger: LedgerTotals): LedgerProof {
  const { granted, used, expired, takenBack } = credits;
  const lines = [
    { field: 'available', account: stored, expected: ledger.available },
    { field: 'available, by kind', account: stored, expected: available(credits) },
    { field: 'available, by counters', account: stored, expected: granted - used - expired - takenBack },
    { field: 'granted', account: granted, expected: ledger.granted },
    { field: 'used', account: used, expected: ledger.used },
    { field: 'expired', account: expired, expected: ledger.expired },
    { field: 'takenBack', account: takenBack, expected: ledger.takenBack },
  ];
  return { holds: lines.every(({ account, expected }) => account === expected), lines };
}
