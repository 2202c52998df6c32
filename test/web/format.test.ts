import { describe, expect, it } from '@jest/globals';
import { createFormat, readerOf } from '../../web/src/format/format.ts';
import { allCountries, allZones } from '../../web/src/format/choices.ts';
import { shownAt } from '../../web/src/format/clock.ts';

/** The narrow blanks of the locales' data are blanks to a reader. */
const plain = (text: string): string => text.replaceAll(/[\u2009\u202f\u00a0]/g, ' ');

function formatIn(timeZone: string, locale = 'en-GB') {
  return createFormat({ locale, timeZone });
}

const BOUNDARY = '2026-11-01T00:00:00.000Z';
const NEXT = '2026-12-01T00:00:00.000Z';

describe('instants', () => {
  it.each([
    ['Pacific/Midway', '31 Oct 2026, 13:00 GMT-11', '31 Oct – 30 Nov 2026'],
    ['UTC', '1 Nov 2026, 00:00 UTC', '1 – 30 Nov 2026'],
    ['Europe/Berlin', '1 Nov 2026, 01:00 CET', '1 Nov – 1 Dec 2026'],
    ['Pacific/Kiritimati', '1 Nov 2026, 14:00 GMT+14', '1 Nov – 1 Dec 2026'],
  ])('in %s: %s, and the period %s', (zone, instant, period) => {
    const format = formatIn(zone);
    expect(plain(format.instant(BOUNDARY))).toBe(instant);
    expect(plain(format.period(BOUNDARY, NEXT))).toBe(period);
  });

  it.each([
    ['2028-02-29T00:00:00.000Z', '29 Feb 2028'],
    ['2026-12-31T23:59:59.999Z', '31 Dec 2026'],
  ])('keep the day of %s at the end of a month', (iso, day) => {
    expect(formatIn('UTC').day(iso)).toBe(day);
  });

  it('of the calendar have no zone: a day of statistics is the same everywhere', () => {
    for (const zone of ['Pacific/Midway', 'Pacific/Kiritimati']) {
      expect(formatIn(zone).calendarDay('2026-12-01')).toBe('1 Dec 2026');
      expect(formatIn(zone).calendarMonth('2026-12')).toBe('December 2026');
    }
  });
});

describe('money', () => {
  it.each([
    ['en-US', 'usd', 1_420, '$14.20'],
    ['en-GB', 'usd', 1_420, 'US$14.20'],
    ['de-DE', 'eur', 1_420, '14,20 €'],
    ['en-US', 'jpy', 1_420, '¥1,420'],
    ['en-US', 'kwd', 1_420, 'KWD 1.420'],
  ])('in %s: %s %i is %s', (locale, currency, amountCents, text) => {
    expect(plain(formatIn('UTC', locale).money({ amountCents, currency }))).toBe(text);
  });
});

describe('counts', () => {
  it('are worded by their number, and movements have a sign', () => {
    const format = formatIn('UTC');
    const title = { one: 'mail credit', many: 'mail credits' };
    expect([0, 1, 1_234].map((count) => format.counted(count, title))).toEqual([
      '0 mail credits',
      '1 mail credit',
      '1,234 mail credits',
    ]);
    expect([3, 0, -1].map(format.signed)).toEqual(['+3', '0', '−1']);
  });
});

describe('the reader', () => {
  it('has the first of their languages that the page speaks', () => {
    expect(readerOf('en', ['de-DE', 'en-AU', 'en']).locale).toBe('en-AU');
    expect(readerOf('en', ['de-DE']).locale).toBe('en');
  });
});

describe('a local time in a zone', () => {
  it.each([
    ['2046-11-24T09:00', 'UTC', ['2046-11-24T09:00:00.000Z']],
    ['2026-11-24T09:00', 'Europe/Berlin', ['2026-11-24T08:00:00.000Z']],
    ['2026-07-01T09:00', 'America/New_York', ['2026-07-01T13:00:00.000Z']],
    ['2026-01-01T00:30', 'Pacific/Kiritimati', ['2025-12-31T10:30:00.000Z']],
    ['2026-01-01T09:00', 'Asia/Kathmandu', ['2026-01-01T03:15:00.000Z']],
    // Clocks go back.
    ['2026-10-25T02:30', 'Europe/Berlin', ['2026-10-25T00:30:00.000Z', '2026-10-25T01:30:00.000Z']],
    // Clocks go forward.
    ['2026-03-29T02:30', 'Europe/Berlin', []],
    ['', 'UTC', []],
  ])('%s in %s is shown at %p', (local, zone, instants) => {
    expect(shownAt(local, zone).map((at) => new Date(at).toISOString())).toEqual(instants);
  });

  it('is worded by the clocks of that zone, whoever reads it', () => {
    const promise = { local: '2046-11-24T09:00:00', zone: 'America/New_York' };
    expect(plain(formatIn('Pacific/Kiritimati').promised(promise))).toBe(
      '24 Nov 2046, 09:00, America/New York',
    );
  });
});

describe('a form', () => {
  it('offers all zones, also the one that the reader is in, and every country that the API takes', async () => {
    expect(allZones('Asia/Calcutta')).toEqual(
      expect.arrayContaining(['UTC', 'Asia/Calcutta', 'Europe/Berlin']),
    );
    const { COUNTRY_CODES } = await import('../../lambdas/letters/http/countries.ts');
    const codes = allCountries('en').map(([code]) => code);
    expect(COUNTRY_CODES.filter((code) => !codes.includes(code))).toEqual([]);
  });
});
