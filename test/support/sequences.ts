/** How many random sequences a simulation tries, and which: see test/simulation/README.md. */
import { randomInt } from 'node:crypto';

/** As fast-check takes them. */
export interface Sequences {
  numRuns: number;
  seed: number;
  path: string;
  /** Then it stops, and shows what it has found so far. */
  interruptAfterTimeLimit: number;
  markInterruptAsFailure: true;
}

export function sequences(inSuite: number, msEach: number): Sequences {
  const { POSTAGE_SEQUENCES: wanted, POSTAGE_SEED: seed = '1', POSTAGE_PATH: path = '' } = process.env;
  const numRuns = wanted === undefined ? inSuite : Number(wanted);
  return {
    numRuns: path === '' ? numRuns : 1,
    seed: seed === 'random' ? randomInt(2 ** 30) : Number(seed),
    path,
    interruptAfterTimeLimit: 60_000 + msEach * numRuns,
    markInterruptAsFailure: true,
  };
}
