import { describe, expect, it } from '@jest/globals';
import { createCipheriv } from 'node:crypto';
import {
  addUser,
  emptySketch,
  estimateUsers,
  mergeSketches,
  USER_HASH_BYTES,
  type UserSketch,
} from '../../lambdas/domain/distinct-users.ts';

const USERS = 1_000_000;

/** Evenly spread bits, the same in each run. */
const HASHES = createCipheriv('aes-128-ctr', Buffer.alloc(16), Buffer.alloc(16)).update(
  Buffer.alloc((USERS + 1) * USER_HASH_BYTES),
);

function hashOf(user: number): Uint8Array {
  return HASHES.subarray(user * USER_HASH_BYTES, (user + 1) * USER_HASH_BYTES);
}

function sketchOf(first: number, last: number): UserSketch {
  const sketch = emptySketch();
  for (let user = first; user <= last; user += 1) {
    addUser(sketch, hashOf(user));
  }
  return sketch;
}

function errorPercent(estimate: number, users: number): number {
  return (Math.abs(estimate - users) * 100) / users;
}

describe('a sketch of users', () => {
  it('of nobody is empty', () => {
    expect(estimateUsers(emptySketch())).toBe(0);
  });

  it('counts few users exactly', () => {
    expect([1, 2, 10, 100].map((users) => Math.round(estimateUsers(sketchOf(1, users))))).toEqual([
      1, 2, 10, 100,
    ]);
  });

  it('changes nothing for a user who is in it', () => {
    const sketch = sketchOf(1, 1_000);
    expect(addUser(sketch, hashOf(7))).toBe(false);
    expect(sketch).toEqual(sketchOf(1, 1_000));
  });

  it('merges with others into the sketch of everybody, however they overlap', () => {
    const merged = mergeSketches([sketchOf(1, 6_000), sketchOf(4_000, 9_000), sketchOf(1, 10)]);
    expect(merged).toEqual(sketchOf(1, 9_000));
  });

  it('is within 2% at every size up to a million users', () => {
    const sketch = emptySketch();
    let added = 0;
    for (const users of [1_000, 50_000, 160_000, 250_000, 500_000, USERS]) {
      for (; added < users; added += 1) {
        addUser(sketch, hashOf(added));
      }
      expect(errorPercent(estimateUsers(sketch), users)).toBeLessThan(2);
    }
  });

  it('ranks hashes by their first set bit, and one without any highest', () => {
    const bytes = (...ranked: number[]): Uint8Array => new Uint8Array([0, 0, ...ranked]);
    const rankOf = (hash: Uint8Array): number => {
      const sketch = emptySketch();
      addUser(sketch, hash);
      return sketch[0] ?? 0;
    };
    expect(
      [
        bytes(128, 0, 0, 0, 0, 0),
        bytes(0, 0, 0, 1, 0, 0),
        bytes(0, 0, 0, 0, 128, 0),
        bytes(0, 0, 0, 0, 0, 1),
      ].map(rankOf),
    ).toEqual([1, 32, 33, 48]);
    expect(rankOf(bytes(0, 0, 0, 0, 0, 0))).toBe(49);
  });

  it('grows without bound when every register is full', () => {
    expect(estimateUsers(emptySketch().fill(49))).toBe(Infinity);
    const nearlyFull = emptySketch().fill(49);
    nearlyFull[0] = 3;
    expect(estimateUsers(nearlyFull)).toBeGreaterThan(1e10);
  });
});
