import { hash } from 'node:crypto';

const MOST_SUSPECTS = 100;
const FIRST_SIZE = 1_024;

/**
 * Finds what may have been added twice, in eight bytes for each: it keeps hashes only, so that millions fit into memory.
 * Whoever reads all again compares the suspects themselves.
 */
export class DuplicateFinder {
  #hashes = new BigUint64Array(FIRST_SIZE);
  count = 0;

  add(value: string): void {
    if (this.count === this.#hashes.length) {
      const larger = new BigUint64Array(this.#hashes.length * 2);
      larger.set(this.#hashes);
      this.#hashes = larger;
    }
    this.#hashes[this.count] = hashOf(value);
    this.count += 1;
  }

  /** At most a hundred values, each with what has the same hash. */
  suspects(): { size: number; has: (value: string) => boolean } {
    const sorted = this.#hashes.slice(0, this.count).sort();
    const found = new Set<bigint>();
    for (let index = 1; index < sorted.length && found.size < MOST_SUSPECTS; index += 1) {
      const [one, other] = [sorted[index - 1], sorted[index]];
      if (one !== undefined && one === other) {
        found.add(one);
      }
    }
    return { size: found.size, has: (value) => found.has(hashOf(value)) };
  }
}

function hashOf(value: string): bigint {
  return hash('sha256', value, 'buffer').readBigUInt64LE();
}
