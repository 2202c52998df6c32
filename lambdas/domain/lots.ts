/** Carried credits: how they age, and which go first. */
import { type CarryOver } from './catalogue.ts';

/**
 * Carried credits by age, the oldest first. There are as many lots as the plan carries periods, and at least one. The
 * youngest is in the first period that it serves.
 */
export type Lots = readonly number[];

export const NO_LOTS: Lots = [0];

export function sumLots(lots: Lots): number {
  return lots.reduce((sum, lot) => sum + lot, 0);
}

/** Takes an amount out of the lots, in one order or the other. */
export function takeFromLots(lots: Lots, count: number, order: 'oldest first' | 'youngest first'): Lots {
  let rest = count;
  const take = (lot: number): number => {
    const taken = Math.min(rest, lot);
    rest -= taken;
    return lot - taken;
  };
  return order === 'oldest first' ? lots.map(take) : lots.toReversed().map(take).toReversed();
}

/** What is left of them without so many of the youngest. */
export function withoutYoungest(lots: Lots, count: number): Lots {
  const first = Math.max(0, lots.length - count);
  return lots.map((lot, index) => (index < first ? lot : 0));
}

/** Lots one period later: as many as the plan carries periods, the youngest of them empty. What is older is gone. */
export function agedLots(lots: Lots, carryOver: CarryOver | null): Lots {
  const count = carryOver?.periods ?? 1;
  return [...padded(lots, count), 0].slice(-count);
}

/** As many lots as a plan carries periods, so that the oldest expires with the open period. */
export function lotsUnder(lots: Lots, carryOver: CarryOver | null): Lots {
  return padded(lots, carryOver?.periods ?? 1);
}

/** The same lots with empty older ones before them. */
export function padded(lots: Lots, length: number): Lots {
  return [...Array.from({ length: Math.max(0, length - lots.length) }, () => 0), ...lots];
}
