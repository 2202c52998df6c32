import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { planOf } from '../../lambdas/domain/catalogue.ts';
import { type Instant } from '../../lambdas/domain/instants.ts';
import {
  boundary,
  boundaryAfter,
  boundaryAtOrBefore,
  CALENDAR_ANCHOR,
  isBoundary,
  yearAfter,
} from '../../lambdas/domain/periods.ts';
import { rollForward } from '../../lambdas/domain/roll-forward.ts';
import { active, at, availableTo, givenSubscriber, periodsOf, shown } from '../support/accounts.ts';
import { anyInstant } from '../support/arbitraries.ts';
import { LETTERS } from '../support/catalogues.ts';

function series(anchor: string, from: number, to: number): string[] {
  const indexes = Array.from({ length: to - from + 1 }, (_, offset) => from + offset);
  return indexes.map((index) => shown(boundary(at(anchor), index)));
}

/** The calendar by its rule, not by `Date`. */
function lastDayOf(year: number, month: number): number {
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month] ?? NaN;
}

function dateOf(instant: Instant): { year: number; month: number; day: number; time: string } {
  const date = new Date(instant);
  return {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth(),
    day: date.getUTCDate(),
    time: date.toISOString().slice(11),
  };
}

describe('the boundaries of an anchor', () => {
  it.each([
    ['the 31st', '2026-01-31', ['2026-01-31', '2026-02-28', '2026-03-31', '2026-04-30', '2026-05-31']],
    [
      'the 31st, leap year',
      '2024-01-31',
      ['2024-01-31', '2024-02-29', '2024-03-31', '2024-04-30', '2024-05-31'],
    ],
    ['the 31st of May', '2026-05-31', ['2026-05-31', '2026-06-30', '2026-07-31', '2026-08-31', '2026-09-30']],
    ['the 30th', '2025-12-30', ['2025-12-30', '2026-01-30', '2026-02-28', '2026-03-30', '2026-04-30']],
    ['the 29th', '2025-12-29', ['2025-12-29', '2026-01-29', '2026-02-28', '2026-03-29', '2026-04-29']],
    ['29 February', '2024-02-29', ['2024-02-29', '2024-03-29', '2024-04-29', '2024-05-29', '2024-06-29']],
    ['an ordinary day', '2026-11-24', ['2026-11-24', '2026-12-24', '2027-01-24', '2027-02-24', '2027-03-24']],
  ])('G6: %s', (_, anchor, expected) => {
    expect(series(anchor, 0, 4)).toEqual(expected);
  });

  it.each([
    ['29 February, a year on', '2024-02-29', 12, '2025-02-28'],
    ['29 February, four years on', '2024-02-29', 48, '2028-02-29'],
    ['2000 is a leap year', '2000-01-31', 1, '2000-02-29'],
    ['2100 is none', '2100-01-31', 1, '2100-02-28'],
    ['29 February 2096 to 2100', '2096-02-29', 48, '2100-02-28'],
    ['over the turn of the century', '1999-12-31', 2, '2000-02-29'],
    ['a hundred years', '2000-08-31', 1206, '2101-02-28'],
  ])('G6: %s', (_, anchor, index, expected) => {
    expect(shown(boundary(at(anchor), index))).toBe(expected);
  });

  it('G6: run backwards too, the anchor being one of them', () => {
    expect(series('2026-03-31', -4, 1)).toEqual([
      '2025-11-30',
      '2025-12-31',
      '2026-01-31',
      '2026-02-28',
      '2026-03-31',
      '2026-04-30',
    ]);
  });

  it.each([
    '2026-01-31T00:00:00.001Z',
    '2026-01-31T13:37:42.123Z',
    '2026-01-31T23:59:59.999Z',
    '1969-01-31T05:00:00.000Z',
  ])('G6: keep the time of day of %s', (anchor) => {
    const time = anchor.slice(10);
    expect(series(anchor, 1, 2)).toEqual([
      `${anchor.slice(0, 5)}02-28${time}`,
      `${anchor.slice(0, 5)}03-31${time}`,
    ]);
  });
});

describe('the period that holds an instant', () => {
  const anchor = at('2026-01-31T12:00:00.000Z');

  it.each([
    ['on a boundary, the period that begins', '2026-02-28T12:00:00.000Z', '2026-02-28T12:00:00.000Z'],
    ['one millisecond before, the one that ends', '2026-02-28T11:59:59.999Z', '2026-01-31T12:00:00.000Z'],
    ['in the morning of the boundary’s day', '2026-02-28T00:00:00.000Z', '2026-01-31T12:00:00.000Z'],
    ['before the anchor', '2026-01-01T00:00:00.000Z', '2025-12-31T12:00:00.000Z'],
  ])('G6: %s', (_, instant, start) => {
    expect(shown(boundaryAtOrBefore(anchor, at(instant)))).toBe(start);
  });

  it('G6: ends where the next one begins', () => {
    expect(shown(boundaryAfter(anchor, at('2026-02-28T11:59:59.999Z')))).toBe('2026-02-28T12:00:00.000Z');
    expect(shown(boundaryAfter(anchor, at('2026-02-28T12:00:00.000Z')))).toBe('2026-03-31T12:00:00.000Z');
  });

  it('knows a boundary from its neighbours', () => {
    const start = at('2026-02-28T12:00:00.000Z');
    expect([start - 1, start, start + 1].map((instant) => isBoundary(anchor, instant))).toEqual([
      false,
      true,
      false,
    ]);
  });
});

describe('for any anchor and instant from 2000 to 2100', () => {
  const anyIndex = fc.integer({ min: -1300, max: 1300 });

  it('G6: boundaries strictly increase, one in each calendar month', () => {
    fc.assert(
      fc.property(anyInstant, anyIndex, (anchor, index) => {
        const here = dateOf(boundary(anchor, index));
        const next = dateOf(boundary(anchor, index + 1));
        expect(boundary(anchor, index + 1)).toBeGreaterThan(boundary(anchor, index));
        expect(next.year * 12 + next.month).toBe(here.year * 12 + here.month + 1);
      }),
    );
  });

  it('G6: a boundary is counted from the anchor: its month, its day or the month’s last, its time of day', () => {
    fc.assert(
      fc.property(anyInstant, anyIndex, (anchor, index) => {
        const from = dateOf(anchor);
        const { year, month, day, time } = dateOf(boundary(anchor, index));
        expect(year * 12 + month).toBe(from.year * 12 + from.month + index);
        expect(day).toBe(Math.min(from.day, lastDayOf(year, month)));
        expect(time).toBe(from.time);
      }),
    );
  });

  it('G6: the period of an instant holds it', () => {
    fc.assert(
      fc.property(anyInstant, anyInstant, (anchor, instant) => {
        expect(boundaryAtOrBefore(anchor, instant)).toBeLessThanOrEqual(instant);
        expect(boundaryAfter(anchor, instant)).toBeGreaterThan(instant);
      }),
    );
  });

  it('G6: periods tile the time: each ends where the next begins, and asking at a start changes nothing', () => {
    fc.assert(
      fc.property(anyInstant, anyInstant, (anchor, instant) => {
        const start = boundaryAtOrBefore(anchor, instant);
        const end = boundaryAfter(anchor, instant);
        expect(boundaryAtOrBefore(anchor, start)).toBe(start);
        expect(boundaryAfter(anchor, start)).toBe(end);
        expect(boundaryAtOrBefore(anchor, end)).toBe(end);
        expect(boundaryAtOrBefore(anchor, end - 1)).toBe(start);
      }),
    );
  });

  it('G6: the periods are those of the series, and no others', () => {
    fc.assert(
      fc.property(anyInstant, anyIndex, (anchor, index) => {
        const start = boundary(anchor, index);
        expect(isBoundary(anchor, start)).toBe(true);
        expect(isBoundary(anchor, start + 1)).toBe(false);
        expect(boundaryAfter(anchor, start)).toBe(boundary(anchor, index + 1));
      }),
    );
  });

  it('G6: free users have the UTC calendar month', () => {
    fc.assert(
      fc.property(anyInstant, (instant) => {
        const { year, month } = dateOf(instant);
        expect(boundaryAtOrBefore(CALENDAR_ANCHOR, instant)).toBe(Date.UTC(year, month, 1));
        expect(boundaryAfter(CALENDAR_ANCHOR, instant)).toBe(Date.UTC(year, month + 1, 1));
      }),
    );
  });
});

describe('a yearly plan', () => {
  it.each([
    ['2024-01-31', '2024-01-31', '2025-01-31'],
    ['2024-01-31', '2025-01-30T23:59:59.999Z', '2025-01-31'],
    ['2024-02-29', '2024-12-01', '2025-02-28'],
    ['2024-02-29', '2025-02-28', '2026-02-28'],
    // A trial's paid years begin with its end.
    ['2024-03-15', '2024-02-20', '2024-03-15'],
    ['2024-03-15', '2023-03-14', '2023-03-15'],
  ])('since %s is paid, on %s, up to %s', (anchor, instant, end) => {
    expect(shown(yearAfter(at(anchor), at(instant)))).toBe(end);
  });

  it('G6: has monthly usage periods, each with its allowance', () => {
    // Given a yearly subscription that began on 31 January
    const account = givenSubscriber(active({ interval: 'year', anchor: '2024-01-31' }), '2024-01-31');
    // When a year passes
    const year = rollForward(account, at('2025-01-31'), LETTERS);
    // Then twelve periods have closed
    expect(periodsOf(year).map(([start]) => start)).toEqual(series('2024-01-31', 0, 11));
    expect(year.closed.every((period) => period.movements.at(-1)?.kind === 'allowance')).toBe(true);
    expect(availableTo(year.account)).toBe(planOf(LETTERS, 'pro')?.creditsPerPeriod);
  });
});
