import { describe, expect, it } from '@jest/globals';
import type { Schemas } from '../../web/src/api/schemas.ts';
import { levelOf } from '../../web/src/components/levels.ts';
import { createFormat } from '../../web/src/format/format.ts';
import { isMonth, isRange, lastDays, partsOf, rangeBefore } from '../../web/src/pages/dashboard/ranges.ts';
import { usageLine } from '../../web/src/pages/usage/usage-lines.ts';

describe('a range of days', () => {
  it('is the last thirty, and is compared with the thirty before', () => {
    const range = lastDays(Date.parse('2026-03-30T12:00:00Z'), 30);
    expect(range).toEqual({ start: '2026-03-01', end: '2026-03-30' });
    expect(rangeBefore(range)).toEqual({ start: '2026-01-30', end: '2026-02-28' });
  });

  it('falls into at most twelve parts that cover it', () => {
    for (const [start, end, count] of [
      ['2026-03-01', '2026-03-01', 1],
      ['2026-03-01', '2026-03-12', 12],
      ['2026-03-01', '2026-03-30', 10],
      ['2025-01-01', '2025-12-31', 12],
    ] as const) {
      const parts = partsOf({ start, end });
      expect(parts).toHaveLength(count);
      expect(parts[0]?.start).toBe(start);
      expect(parts.at(-1)?.end).toBe(end);
    }
    expect(partsOf({ start: '2026-03-02', end: '2026-03-01' })).toEqual([]);
    expect(partsOf({ start: '', end: '2026-03-01' })).toEqual([]);
  });

  it.each([
    ['2026-03-01', '2026-03-01', true],
    ['2026-03-01', '2026-03-30', true],
    ['2026-03-02', '2026-03-01', false],
    ['2026-03-01', '2026-03-31', false],
    ['2026-03-01', '20266-03-30', false],
    ['+020266-03-01', '+020266-03-01', false],
    ['1999-12-31', '2026-03-01', false],
    ['0000-01-01', '2026-03-01', false],
    ['2026-02-30', '2026-03-01', false],
    ['2026-3-1', '2026-03-02', false],
    ['', '2026-03-01', false],
    ['2026-03-01', 'today', false],
  ])('from %s to %s is one until 2026-03-30: %p', (start, end, isOne) => {
    expect(isRange({ start, end }, '2026-03-30')).toBe(isOne);
  });

  it.each([
    ['2026-03', true],
    ['2026-04', false],
    ['2026-13', false],
    ['20266-03', false],
    ['2026-03-01', false],
    ['', false],
  ])('is no month, but %s is one until 2026-03-30: %p', (month, isOne) => {
    expect(isMonth(month, '2026-03-30')).toBe(isOne);
  });
});

describe('a bar', () => {
  it.each([
    [7, 10, 'fine'],
    [8, 10, 'near'],
    [10, 10, 'full'],
    [12, 10, 'full'],
    [0, 0, 'fine'],
    [1, 0, 'full'],
  ])('%i of %i is %s', (used, limit, level) => {
    expect(levelOf(used, limit)).toBe(level);
  });

  const words = createFormat({ locale: 'en', timeZone: 'UTC' });
  const title = { one: 'letter', many: 'letters' };
  it.each<[number, Schemas['Limit'] | null, Schemas['Limit'], object]>([
    [3, 5, 2, { kind: 'limited', says: '3 of 5 letters used', left: '2 left' }],
    [12, 10, 0, { kind: 'limited', says: '12 letters used, your plan allows 10', left: '0 left' }],
    [0, 0, 0, { kind: 'limited', says: '0 of 0 letters used' }],
    [12, 'unlimited', 'unlimited', { kind: 'unlimited', says: '12 letters used, unlimited' }],
    [0, null, 0, { kind: 'not in plan' }],
  ])('%p of %p says which it is', (used, limit, left, line) => {
    expect(usageLine({ used, limit, left }, title, words, 'used')).toMatchObject(line);
  });
});
