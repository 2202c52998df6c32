import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Temporal } from 'temporal-polyfill';
import { instantOf, isLocalTime, isZone } from '../../lambdas/domain/wall-clock.ts';

/** The same by Temporal, which asks the same database in its own way. */
function byTemporal(local: string, zone: string): number {
  const wall = Temporal.PlainDateTime.from(local);
  const earlier = wall.toZonedDateTime(zone, { disambiguation: 'earlier' });
  if (earlier.toPlainDateTime().equals(wall)) {
    return earlier.epochMilliseconds;
  }
  return earlier.getTimeZoneTransition('next')?.epochMilliseconds ?? Number.NaN;
}

const zones = fc.constantFrom(...Intl.supportedValuesOf('timeZone'));
const seconds = fc.integer({ min: Date.UTC(1970, 0, 3) / 1_000, max: Date.UTC(2100, 0) / 1_000 });

function localOf(instant: number, zone: string): string {
  const zoned = Temporal.Instant.fromEpochMilliseconds(instant).toZonedDateTimeISO(zone);
  return zoned.toPlainDateTime().toString({ smallestUnit: 'second' });
}

describe('an instant by a clock on the wall', () => {
  it('is the one of Temporal, in every zone from 1970 to 2100', () => {
    fc.assert(
      fc.property(zones, seconds, (zone, second) => {
        const local = localOf(second * 1_000, zone);
        expect([zone, local, instantOf({ local, zone })]).toEqual([zone, local, byTemporal(local, zone)]);
      }),
      { numRuns: 1_000 },
    );
  });

  it('is so around each change of a zone, where clocks skip times and repeat others', () => {
    const change = fc.tuple(zones, seconds, fc.integer({ min: -90, max: 90 }));
    fc.assert(
      fc.property(change, ([zone, second, minutes]) => {
        const before = Temporal.Instant.fromEpochMilliseconds(second * 1_000).toZonedDateTimeISO(zone);
        const after = before.getTimeZoneTransition('next');
        fc.pre(after !== null && after.epochMilliseconds < Date.UTC(2100, 0));
        const local = after.toPlainDateTime().add({ minutes }).toString({ smallestUnit: 'second' });
        expect([zone, local, instantOf({ local, zone })]).toEqual([zone, local, byTemporal(local, zone)]);
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ['in winter', '2031-01-15T09:00:00', 'Europe/Berlin', '2031-01-15T08:00:00.000Z'],
    ['in summer', '2031-07-15T09:00', 'Europe/Berlin', '2031-07-15T07:00:00.000Z'],
    ['in a gap, the first after it', '2031-03-30T02:30:00', 'Europe/Berlin', '2031-03-30T01:00:00.000Z'],
    ['in a fold, the earlier one', '2031-10-26T02:30:00', 'Europe/Berlin', '2031-10-26T00:30:00.000Z'],
    ['in a gap of half an hour', '2031-10-05T02:15:00', 'Australia/Lord_Howe', '2031-10-04T15:30:00.000Z'],
    ['on a day that was skipped', '2011-12-30T12:00:00', 'Pacific/Apia', '2011-12-30T10:00:00.000Z'],
  ])('%s', (_when, local, zone, instant) => {
    expect(new Date(instantOf({ local, zone })).toISOString()).toBe(instant);
  });

  it.each([
    ['2031-03-30T02:30:00', true],
    ['2032-02-29T00:00', true],
    ['2031-02-29T00:00:00', false],
    ['2031-03-30T24:00:00', false],
    ['2031-03-30T02:30:00Z', false],
    ['2031-03-30 02:30', false],
    ['', false],
  ])('is asked for by a real local time: %j is one: %j', (local, isOne) => {
    expect(isLocalTime(local)).toBe(isOne);
  });

  it.each([
    ['Europe/Berlin', true],
    ['UTC', true],
    ['Europe/Atlantis', false],
    ['+01:00', false],
    ['', false],
  ])('is asked for in a zone: %j is one: %j', (zone, isOne) => {
    expect(isZone(zone)).toBe(isOne);
  });
});
