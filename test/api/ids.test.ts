import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { commandId, fingerprint } from '../../lambdas/http/ids.ts';

const json = fc.jsonValue({ maxDepth: 4 });

/** The same value with the fields of every object turned around. */
function turned(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(turned);
  }
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).toReversed();
    return Object.fromEntries(entries.map(([name, field]) => [name, turned(field)]));
  }
  return value;
}

describe('ids of commands', () => {
  it('G2: are the same for the same route, user and key, and different for any other', () => {
    const part = fc.string({ unit: 'binary' });
    fc.assert(
      fc.property(fc.tuple(part, part, part), fc.tuple(part, part, part), (one, other) => {
        expect(commandId(...one)).toMatch(/^[0-9a-f]{32}$/);
        expect(commandId(...one)).toBe(commandId(...one));
        expect(commandId(...one) === commandId(...other)).toBe(JSON.stringify(one) === JSON.stringify(other));
      }),
    );
  });

  it('do not let one part run into the next', () => {
    expect(commandId('POST /letters', 'ab', 'c')).not.toBe(commandId('POST /letters', 'a', 'bc'));
    expect(commandId('POST /letters', 'a","b', 'c')).not.toBe(commandId('POST /letters', 'a', 'b","c'));
  });

  it('are drawn for a request without a key', () => {
    const drawn = new Set(Array.from({ length: 1_000 }, () => commandId('POST /letters', 'a', null)));
    expect(drawn.size).toBe(1_000);
    expect([...drawn].every((id) => /^[0-9a-f]{32}$/.test(id))).toBe(true);
  });

  it('stay as they are: records of years ago are found by them', () => {
    expect(commandId('POST /letters', 'user-1', 'key-1')).toBe('57185b3048f9bf95c8f75238c8b40813');
    expect(fingerprint({ title: 'Hi', body: 'Dear me' })).toBe('39dbedce21485788ab7a6d0877959e91');
  });
});

describe('fingerprints of bodies', () => {
  it('G2: do not depend on the order of fields', () => {
    fc.assert(
      fc.property(json, (value) => {
        expect(fingerprint(turned(value))).toBe(fingerprint(value));
      }),
    );
  });

  it('G2: tell different bodies apart', () => {
    fc.assert(
      fc.property(json, json, (one, other) => {
        fc.pre(JSON.stringify(turned(turned(one))) !== JSON.stringify(turned(turned(other))));
        expect(fingerprint(one) === fingerprint(other)).toBe(isSame(one, other));
      }),
    );
  });

  it('count the order of a list, and leave out what is undefined', () => {
    expect(fingerprint([1, 2])).not.toBe(fingerprint([2, 1]));
    expect(fingerprint({ a: 1, b: undefined })).toBe(fingerprint({ a: 1 }));
    expect(fingerprint({ a: null })).not.toBe(fingerprint({}));
  });
});

function isSame(one: unknown, other: unknown): boolean {
  try {
    expect(JSON.parse(JSON.stringify(one))).toEqual(JSON.parse(JSON.stringify(other)));
    return true;
  } catch {
    return false;
  }
}
