import { describe, expect, it } from '@jest/globals';
import { nextUtcDay, toIso, utcDay } from '../../lambdas/domain/instants.ts';
import { at } from '../support/accounts.ts';

describe('instants', () => {
  it('are shown in UTC with milliseconds', () => {
    expect(toIso(at('2026-11-24T13:00:00.007+02:00'))).toBe('2026-11-24T11:00:00.007Z');
  });

  it.each([
    ['2026-11-24T00:00:00.000Z', '2026-11-24', '2026-11-25T00:00:00.000Z'],
    ['2026-11-24T23:59:59.999Z', '2026-11-24', '2026-11-25T00:00:00.000Z'],
    ['2024-02-28T12:00:00.000Z', '2024-02-28', '2024-02-29T00:00:00.000Z'],
    ['2026-12-31T12:00:00.000Z', '2026-12-31', '2027-01-01T00:00:00.000Z'],
    ['1969-12-31T12:00:00.000Z', '1969-12-31', '1970-01-01T00:00:00.000Z'],
  ])('%s lies in the UTC day %s', (instant, day, next) => {
    expect(utcDay(at(instant))).toBe(day);
    expect(toIso(nextUtcDay(at(instant)))).toBe(next);
  });
});
