import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Country, COUNTRY_CODES } from '../../lambdas/letters/http/countries.ts';
import { type Schema } from '../../lambdas/http/contract.ts';
import { consumeUsage } from '../../lambdas/http/contracts/consumption.ts';
import { createDelivery } from '../../lambdas/letters/http/contracts/deliveries.ts';
import { createLetter } from '../../lambdas/letters/http/contracts/letters.ts';
import { getHistory, getNearingQuota } from '../../lambdas/letters/http/contracts/usage.ts';
import {
  ClockInput,
  Email,
  InstantInput,
  line,
  lines,
  PageQuery,
  UserId,
} from '../../lambdas/http/schemas.ts';

const accepts = (schema: Schema, value: unknown): boolean => schema.safeParse(value).success;

const ADDRESS = { name: 'Ada', line1: 'Square 1', city: 'London', postalCode: 'SW1Y 4JH', country: 'GB' };
const EMAIL_DELIVERY = {
  letterId: '0123456789abcdef0123456789abcdef',
  channel: 'email',
  deliverAt: '2036-11-24T09:00:00Z',
  recipient: { email: 'ada@example.com' },
};
const MAIL_DELIVERY = { ...EMAIL_DELIVERY, channel: 'mail', recipient: ADDRESS };

describe('instants', () => {
  it('are the milliseconds of what is written, in any zone', () => {
    const instant = fc.date({
      noInvalidDate: true,
      min: new Date('1970-01-02'),
      max: new Date('2199-12-30'),
    });
    fc.assert(
      fc.property(instant, fc.integer({ min: -23 * 60, max: 23 * 60 }), (date, offset) => {
        const sign = offset < 0 ? '-' : '+';
        const [hours, minutes] = [Math.trunc(Math.abs(offset) / 60), Math.abs(offset) % 60];
        const zone = `${sign}${String(hours).padStart(2, '0')}:${String(minutes).padStart(2, '0')}`;
        const local = new Date(date.getTime() + offset * 60_000).toISOString().replace('Z', zone);
        expect(InstantInput.parse(local)).toBe(date.getTime());
        expect(InstantInput.parse(date.toISOString())).toBe(date.getTime());
      }),
    );
  });

  it.each(['2024-02-29T00:00:00Z', '2024-12-31T23:59:59.999999Z', '2000-02-29T00:00:00+14:00'])(
    'can be %s',
    (text) => {
      expect(accepts(InstantInput, text)).toBe(true);
    },
  );

  it.each([
    '2023-02-29T00:00:00Z',
    '2100-02-29T00:00:00Z',
    '2024-04-31T00:00:00Z',
    '2024-13-01T00:00:00Z',
    '2024-00-01T00:00:00Z',
    '2024-01-01T24:00:00Z',
    '2024-01-01T00:60:00Z',
    '2024-01-01T00:00:60Z',
    '2024-01-01T00:00:00',
    '2024-01-01',
    '2024-01-01 00:00:00Z',
    '+012024-01-01T00:00:00Z',
    '24-01-01T00:00:00Z',
    '1704067200000',
    1_704_067_200_000,
    `2024-01-01T00:00:00.${'0'.repeat(100)}Z`,
    '',
    null,
  ])('cannot be %p', (text) => {
    expect(accepts(InstantInput, text)).toBe(false);
  });
});

describe('text', () => {
  it('has no control characters and no halves of characters', () => {
    const controls = [...Array(32).keys(), ...Array.from({ length: 33 }, (_, index) => 127 + index)];
    for (const code of controls) {
      const text = `a${String.fromCodePoint(code)}b`;
      expect(accepts(line(9), text)).toBe(false);
      expect(accepts(lines(9), text)).toBe('\t\n\r'.includes(String.fromCodePoint(code)));
    }
    for (const half of ['\ud83d', '\ude00', 'a\ud83d', '\ude00\ud83d']) {
      expect(accepts(line(9), half)).toBe(false);
      expect(accepts(lines(9), half)).toBe(false);
    }
  });

  it('can be in any language, with emoji and what joins them', () => {
    for (const text of ['Grüße', 'שלום', '你好', '👩‍👩‍👧', 'e\u0301', '\u200fא', '\ue000']) {
      expect(accepts(line(20), text)).toBe(true);
    }
  });

  it('is as long as a field allows, and never empty', () => {
    expect(accepts(line(200), 'x'.repeat(200))).toBe(true);
    expect(accepts(line(200), 'x'.repeat(201))).toBe(false);
    expect(accepts(line(200), '😀'.repeat(200))).toBe(true);
    expect(accepts(line(200), '😀'.repeat(201))).toBe(false);
    expect(accepts(line(200), '')).toBe(false);
    expect(accepts(lines(64), 'x\n'.repeat(32))).toBe(true);
    expect(accepts(lines(64), 'x'.repeat(65))).toBe(false);
  });

  it.each(['x', 'ж', '字', '😀'])(
    'of %s has its limit in bytes of UTF-8, whatever its script',
    (character) => {
      const most = Math.floor(65_536 / Buffer.byteLength(character));
      expect(accepts(createLetter.body, { title: 'a', body: character.repeat(most) })).toBe(true);
      expect(accepts(createLetter.body, { title: 'a', body: character.repeat(most + 1) })).toBe(false);
    },
  );
});

describe('text that shows nothing', () => {
  it.each(['   ', '\t\n', '\u00a0', '\u200b', '\u202e\u2066', ' \u200f '])('is %j', (text) => {
    expect(accepts(line(200), text)).toBe(false);
    expect(accepts(lines(200), text)).toBe(false);
  });

  it.each(['.', ' a ', '\u200fשלום', '👩‍👧', '\u202ba\u202c'])('is not %j', (text) => {
    expect(accepts(line(200), text)).toBe(true);
    expect(accepts(lines(200), text)).toBe(true);
  });
});

describe('the time of a run', () => {
  it.each([
    ['2199-12-31T23:59:59.999Z', true],
    ['2200-01-01T00:00:00Z', false],
    ['9999-12-31T23:59:59-23:00', false],
    ['1999-12-31T23:59:59Z', false],
    ['2000-01-01T00:00:00Z', true],
  ])('%s: %p', (text, isAccepted) => {
    expect(accepts(ClockInput, text)).toBe(isAccepted);
  });
});

describe('e-mail addresses', () => {
  it.each(['a@b.co', 'ada.lovelace+x@mail.example.com', "o'brien@example.org"])('can be %s', (email) => {
    expect(accepts(Email, email)).toBe(true);
  });

  it.each([
    'a',
    'a@b',
    '@b.co',
    'a@',
    'a b@c.co',
    'a@b..co',
    'a@b.co\n',
    'a@b.co,c@d.co',
    'A <a@b.co>',
    `${'x'.repeat(250)}@b.co`,
    '',
  ])('cannot be %p', (email) => {
    expect(accepts(Email, email)).toBe(false);
  });
});

describe('user ids', () => {
  it.each([
    'user-1',
    'auth0|5f7c8ec7c33c6c004bbafe82',
    '3f2a9c5d-8e7b-41f0-a6c4-d2e1b0f98a76',
    '~'.repeat(128),
  ])('can be %s', (userId) => {
    expect(accepts(UserId, userId)).toBe(true);
  });

  it.each(['', ' ', 'a b', 'a#b', 'a%20b', 'a\n', 'ü', 'x'.repeat(129), 7, null])(
    'cannot be %p',
    (userId) => {
      expect(accepts(UserId, userId)).toBe(false);
    },
  );
});

describe('countries', () => {
  it('are those that the world knows, in capitals', () => {
    const names = new Intl.DisplayNames(['en'], { type: 'region', fallback: 'none' });
    expect(COUNTRY_CODES).toHaveLength(249);
    expect(new Set(COUNTRY_CODES).size).toBe(249);
    for (const code of COUNTRY_CODES) {
      expect(names.of(code)).toBeDefined();
      expect(accepts(Country, code)).toBe(true);
    }
    for (const code of ['UK', 'XX', 'EU', 'de', 'DEU', '', 'D']) {
      expect(accepts(Country, code)).toBe(false);
    }
  });
});

describe('whole numbers in a query', () => {
  it.each([
    ['1', 1],
    ['100', 100],
    ['007', 7],
  ])('%s is %i', (limit, expected) => {
    expect(PageQuery.parse({ limit }).limit).toBe(expected);
  });

  it.each(['0', '-1', '101', '1e9', '1.5', '0x10', '', ' 1', '1,2', 'NaN', '9'.repeat(400)])(
    '%p is none',
    (limit) => {
      expect(accepts(PageQuery, { limit })).toBe(false);
    },
  );

  it('have defaults', () => {
    expect(PageQuery.parse({})).toEqual({ limit: 20 });
    expect(getHistory.query.parse({})).toEqual({ periods: 6 });
    expect(accepts(getHistory.query, { periods: '24' })).toBe(true);
    expect(accepts(getHistory.query, { periods: '25' })).toBe(false);
  });
});

describe('the threshold', () => {
  it.each([
    ['0.8', 0.8],
    ['1', 1],
    ['1.0', 1],
    ['0.001', 0.001],
  ])('%s is %d', (threshold, expected) => {
    expect(getNearingQuota.query.parse({ threshold })).toEqual({ threshold: expected });
  });

  it.each(['0', '0.0', '1.1', '-0.5', '80', '80%', '.5', '1e-1', '', 'Infinity'])(
    'cannot be %p',
    (threshold) => {
      expect(accepts(getNearingQuota.query, { threshold })).toBe(false);
    },
  );
});

describe('the bodies of requests', () => {
  const bodies: readonly [string, Schema, Record<string, unknown>][] = [
    ['a letter', createLetter.body, { title: 'Hi', body: 'Dear me' }],
    ['an e-mail delivery', createDelivery.body, EMAIL_DELIVERY],
    ['a mail delivery', createDelivery.body, MAIL_DELIVERY],
    ['a use', consumeUsage.body, { consume: { letters: 1 } }],
  ];

  it.each(bodies)(
    '%s needs each of its fields, of their types, and takes no other',
    (_name, schema, body) => {
      expect(accepts(schema, body)).toBe(true);
      for (const field of Object.keys(body)) {
        const rest = Object.fromEntries(Object.entries(body).filter(([name]) => name !== field));
        expect(accepts(schema, rest)).toBe(false);
        for (const wrong of [null, 7, true, '', [], {}, [[body[field]]]]) {
          expect(accepts(schema, { ...body, [field]: wrong })).toBe(false);
        }
      }
      for (const field of ['extra', 'userId', 'constructor', 'toString', '__proto__']) {
        const more = JSON.parse(JSON.stringify(body).replace(/}$/, `,"${field}":1}`)) as unknown;
        expect(accepts(schema, more)).toBe(false);
      }
      for (const other of [null, [], [body], 'text', 1]) {
        expect(accepts(schema, other)).toBe(false);
      }
    },
  );

  it('a recipient goes with its channel', () => {
    expect(accepts(createDelivery.body, { ...EMAIL_DELIVERY, recipient: ADDRESS })).toBe(false);
    expect(accepts(createDelivery.body, { ...MAIL_DELIVERY, recipient: EMAIL_DELIVERY.recipient })).toBe(
      false,
    );
    expect(accepts(createDelivery.body, { ...MAIL_DELIVERY, channel: 'pigeon' })).toBe(false);
  });

  it('a postal address has optional parts, none of them empty', () => {
    const withPart = (part: object): unknown => ({ ...MAIL_DELIVERY, recipient: { ...ADDRESS, ...part } });
    expect(accepts(createDelivery.body, withPart({ line2: 'Flat 2', state: 'NSW' }))).toBe(true);
    expect(accepts(createDelivery.body, withPart({ line2: '' }))).toBe(false);
    expect(accepts(createDelivery.body, withPart({ state: null }))).toBe(false);
    expect(accepts(createDelivery.body, withPart({ name: 'x'.repeat(201) }))).toBe(false);
    expect(accepts(createDelivery.body, withPart({ planet: 'Earth' }))).toBe(false);
  });

  it.each([0, -1, 1.5, 1e308, 1_000_001, Infinity, NaN, '1', null])('a quantity cannot be %p', (quantity) => {
    for (const meter of ['letters', 'emails', 'mails']) {
      expect(accepts(consumeUsage.body, { consume: { [meter]: quantity } })).toBe(false);
    }
  });

  it('a use names one meter or more, and knows no other', () => {
    expect(accepts(consumeUsage.body, { consume: { letters: 1, emails: 2, mails: 1_000_000 } })).toBe(true);
    expect(accepts(consumeUsage.body, { consume: {} })).toBe(false);
    expect(accepts(consumeUsage.body, { consume: { stamps: 1 } })).toBe(false);
  });
});
