/**
 * A HyperLogLog: how many different users there are among any number of days, without keeping who they are. Sketches of
 * days merge into that of any range. Its estimate is off by 0.4% (one standard deviation), whatever the number.
 *
 * Estimator: O. Ertl, "New cardinality estimation algorithms for HyperLogLog sketches" (2017), algorithm 6. It needs no
 * correction for small or large numbers. Decision 11 says why this is not a library.
 */

/** The rank of the first set bit, by register; the registers are chosen by the first 16 bits of a user's hash. */
export type UserSketch = Uint8Array;

const REGISTERS = 65_536;
/** The bits of the hash that are ranked. A rank of one more means that none is set. */
const RANKED_BITS = 48;
/** How many bytes of a hash are looked at. */
export const USER_HASH_BYTES = 8;

export function emptySketch(): UserSketch {
  return new Uint8Array(REGISTERS);
}

/**
 * Adds a user by the first 8 bytes of a hash whose bits are evenly spread, such as SHA-256.
 *
 * @returns whether the sketch has changed
 */
export function addUser(sketch: UserSketch, hash: Uint8Array): boolean {
  const view = new DataView(hash.buffer, hash.byteOffset, USER_HASH_BYTES);
  const register = view.getUint16(0);
  const high = view.getUint32(2);
  const rank = high === 0 ? 17 + Math.clz32(view.getUint16(6)) : 1 + Math.clz32(high);
  const ranks = ranksOf(sketch);
  if (rank <= ranks.getUint8(register)) {
    return false;
  }
  ranks.setUint8(register, rank);
  return true;
}

/** A view whose registers are numbers to the compiler too. */
function ranksOf(sketch: UserSketch): DataView {
  return new DataView(sketch.buffer, sketch.byteOffset, REGISTERS);
}

/** The sketch of everybody who is in any of them. */
export function mergeSketches(sketches: Iterable<UserSketch>): UserSketch {
  const merged = emptySketch();
  const highest = ranksOf(merged);
  for (const sketch of sketches) {
    const ranks = ranksOf(sketch);
    for (let register = 0; register < REGISTERS; register += 1) {
      highest.setUint8(register, Math.max(highest.getUint8(register), ranks.getUint8(register)));
    }
  }
  return merged;
}

/** About how many different users have been added. */
export function estimateUsers(sketch: UserSketch): number {
  const registers = new Map<number, number>();
  for (const rank of sketch) {
    registers.set(rank, (registers.get(rank) ?? 0) + 1);
  }
  const shareOf = (rank: number): number => (registers.get(rank) ?? 0) / REGISTERS;
  let sum = REGISTERS * tau(1 - shareOf(RANKED_BITS + 1));
  for (let rank = RANKED_BITS; rank >= 1; rank -= 1) {
    sum = (sum + shareOf(rank) * REGISTERS) / 2;
  }
  sum += REGISTERS * sigma(shareOf(0));
  return REGISTERS ** 2 / (2 * Math.LN2) / sum;
}

/** What the empty registers stand for. */
function sigma(share: number): number {
  if (share === 1) {
    return Infinity;
  }
  let power = share;
  let factor = 1;
  let sum = share;
  for (let previous = NaN; sum !== previous; factor *= 2) {
    power **= 2;
    previous = sum;
    sum += power * factor;
  }
  return sum;
}

/** What the full registers stand for. */
function tau(share: number): number {
  if (share === 0 || share === 1) {
    return 0;
  }
  let root = share;
  let factor = 1;
  let sum = 1 - share;
  for (let previous = NaN; sum !== previous;) {
    root = Math.sqrt(root);
    previous = sum;
    factor /= 2;
    sum -= (1 - root) ** 2 * factor;
  }
  return sum / 3;
}
