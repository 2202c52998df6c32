import { createHash } from 'node:crypto';

/** Chance that repeats itself for a seed, so that a run with faults can be run again. */
export interface Random {
  /** At least 0 and below 1. */
  next(): number;
  /** True with a probability of 0 to 1. */
  happens(probability: number): boolean;
  /** An index below `length`. */
  index(length: number): number;
}

/** The mulberry32 generator: small, and good enough for faults. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    next,
    happens: (probability) => probability > 0 && next() < probability,
    index: (length) => Math.floor(next() * length),
  };
}

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** 24 letters and digits as in Stripe's ids: the same seed and number give the same id. */
export function idOf(seed: number, number: number): string {
  const digest = createHash('sha256').update(`${seed}:${number}`).digest();
  return [...digest.subarray(0, 24)].map((byte) => ALPHABET[byte % ALPHABET.length]).join('');
}
