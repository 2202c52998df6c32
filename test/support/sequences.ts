/**
 * How many random sequences a property test tries, and from which seed. Each run of the suite tries the same ones, so that
 * it fails because of a change and not by chance. `POSTAGE_SEED=random`, or a number, tries others, and
 * `POSTAGE_SEQUENCES=20000` more of them.
 */
import { randomInt } from 'node:crypto';

export interface Sequences {
  count: number;
  firstSeed: number;
}

export function sequences(inSuite: number): Sequences {
  const { POSTAGE_SEQUENCES: wanted, POSTAGE_SEED: seed = '1' } = process.env;
  return {
    count: wanted === undefined ? inSuite : Number(wanted),
    firstSeed: seed === 'random' ? randomInt(2 ** 30) : Number(seed),
  };
}
