import { globSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import * as letters from '../../examples/letters/postage.config.ts';
import { usd } from '../../lambdas/domain/catalogue.ts';
import { isCatalogueFile } from '../../lambdas/domain/catalogue-mistakes.ts';
import { assertConfig, ConfigError, mistakesOf } from '../../lambdas/letters/domain/config.ts';

type Written = Record<string, unknown>;

const calls = { title: ['call', 'calls'] };
const images = { title: ['image', 'images'], credits: 1 };
const free = { id: 'free', title: 'Free', limits: { calls: 5, images: 'unlimited' }, credits: 1 };
const pro = {
  ...free,
  id: 'pro',
  prices: { month: usd(900), year: usd(9_000) },
  carryOver: { cap: 10, periods: 12 },
  features: ['queue'],
};
const CATALOGUE = {
  meters: { calls, images },
  levels: { seats: { title: ['seat', 'seats'] } },
  features: { queue: { title: 'First in the queue' } },
  plans: [free, pro],
  credit: { title: ['credit', 'credits'], bundles: { 5: usd(500) }, giftable: true },
  graceDays: 0,
  trialDays: 730,
};
const STAGES = { dev: { appUrl: 'http://localhost:3000' } };

function toldOf(config: unknown): string[] {
  return mistakesOf(config).map(({ entry, message }) => `${entry}: ${message}`);
}

/** What is told of a catalogue in which this is otherwise; undefined leaves it out. */
function toldWith(change: Written): string[] {
  return toldOf({ catalogue: { ...CATALOGUE, ...change }, letters: null, stages: STAGES });
}

function toldOfPro(change: Written): string[] {
  return toldWith({ plans: [free, { ...pro, ...change }] });
}

/** So many entries of a kind: a1, a2, … */
function many(count: number, entry: unknown): Written {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`a${String(index + 1)}`, entry]));
}

const HOLE = new Array<never>(1);
const NOBODY_SPENDS = 'No meter costs credits, so nobody could spend them.';
const ID = 'An id is 1 to 32 of a to z, 0 to 9 and _, and begins with one of a to z.';
const OBJECT = 'This must be an object, { … }.';
const LIMIT = "This must be 'unlimited' or a whole number from 0 to 1000000000.";
const wholeNumber = (least: number, most: number) =>
  `This must be a whole number from ${String(least)} to ${String(most)}.`;

const EXAMPLES = globSync('examples/*/postage.config.ts', {
  cwd: new URL('../..', import.meta.url).pathname,
});

describe('a file without mistakes', () => {
  it.each(['postage.config.ts', ...EXAMPLES])('is %s', async (file) => {
    const config: unknown = await import(`../../${file}`);
    expect(() => assertConfig(config)).not.toThrow();
  });

  it.each<[string, Written]>([
    ['a catalogue that uses everything', {}],
    ['one without what may be left out', { levels: undefined, features: undefined, plans: [free] }],
    [
      'one without credits',
      {
        meters: { calls },
        credit: undefined,
        features: {},
        plans: [{ ...free, limits: {}, credits: undefined }],
      },
    ],
    [
      '24 meters and levels, 4 of them limited by day',
      {
        meters: { ...many(8, calls), ...many(4, { ...calls, perDay: 1 }), calls, images },
        levels: Object.fromEntries(
          Object.entries(many(14, { title: ['b', 'bs'] })).map(([id, b]) => [`b_${id}`, b]),
        ),
      },
    ],
    ['a plan that is not sold any more', { plans: [free, { ...pro, prices: undefined, retired: true }] }],
    ['credits that nobody gives away', { credit: { title: ['credit', 'credits'], giftable: false } }],
  ])('may be %s', (_, change) => {
    expect(toldWith(change)).toEqual([]);
  });
});

const PAIR = "meters.calls.title: This must be the name for one and for many: ['image', 'images'].";

describe('a mistake in the catalogue is told by its entry', () => {
  it.each<[string, Written, string]>([
    [
      'a name with a typo',
      { trailDays: 1 },
      'trailDays: Nothing of this name is known here. Known are meters, plans, graceDays, trialDays, levels, features, credit, checkout.',
    ],
    ['what is missing', { graceDays: undefined }, 'graceDays: This is missing.'],
    ['no meters', { meters: [] }, `meters: ${OBJECT}`],
    ['a meter without a name', { meters: { calls: {}, images } }, 'meters.calls.title: This is missing.'],
    ['a meter with one name', { meters: { calls: { title: ['call'] }, images } }, PAIR],
    ['a meter whose name is a text', { meters: { calls: { title: 'call' }, images } }, PAIR],
    ['a meter with an empty name', { meters: { calls: { title: ['', 'calls'] }, images } }, PAIR],
    [
      'a meter that costs half a credit',
      { meters: { calls, images: { ...images, credits: 0.5 } } },
      `meters.images.credits: ${wholeNumber(1, 1_000_000_000)}`,
    ],
    [
      'a meter with a negative limit of a day',
      { meters: { calls: { ...calls, perDay: -1 }, images } },
      `meters.calls.perDay: ${wholeNumber(1, 1_000_000_000)}`,
    ],
    [
      'a meter that is suspicious from the first',
      { meters: { calls: { ...calls, suspiciousAbove: 0 }, images } },
      `meters.calls.suspiciousAbove: ${wholeNumber(1, 1_000_000_000)}`,
    ],
    [
      '25 meters and levels',
      { meters: { ...many(22, calls), calls, images } },
      'meters: There are 25 meters and levels. At most 24 fit.',
    ],
    [
      'five limits by day',
      { meters: { ...many(5, { ...calls, perDay: 1 }), calls, images } },
      'meters: 5 meters have a perDay. At most 4 may.',
    ],
    ['an id with a capital', { meters: { calls, images, Fax: calls } }, `meters.Fax: ${ID}`],
    [
      'an id that is too long',
      { meters: { calls, images, [`a${'b'.repeat(32)}`]: calls } },
      `meters.a${'b'.repeat(32)}: ${ID}`,
    ],
    [
      'the prototype',
      {
        meters: JSON.parse(
          '{"calls":{"title":["a","b"]},"images":{"title":["a","b"],"credits":1},"__proto__":{"title":["a","b"]}}',
        ) as unknown,
      },
      `meters.__proto__: ${ID}`,
    ],
    ...['credits', 'constructor', 'today_calls', 'd2_calls'].map((id): [string, Written, string] => [
      `the id ${id}`,
      { meters: { calls, images, [id]: calls } },
      `meters.${id}: Postage itself uses the name "${id}".`,
    ]),
    [
      'a level that is a meter',
      { levels: { calls: { title: ['call', 'calls'] } } },
      'levels.calls: A meter has this id too.',
    ],
    [
      'a level that costs credits',
      { levels: { seats: { title: ['seat', 'seats'], credits: 1 } } },
      'levels.seats.credits: Nothing of this name is known here. Known are title.',
    ],
    ['a feature without a title', { features: { queue: {} } }, 'features.queue.title: This is missing.'],
    [
      'a feature with an empty title',
      { features: { queue: { title: ' ' } } },
      "features.queue.title: This must be a text, such as 'Pro'.",
    ],
    [
      'no plan',
      { plans: [] },
      'plans: There is no plan. The first one is everybody’s who has no subscription.',
    ],
    [
      'no list of plans',
      { plans: { pro } },
      'plans: There is no plan. The first one is everybody’s who has no subscription.',
    ],
    ['a comma too many in a name', { meters: { calls: { title: ['call'].concat(HOLE) }, images } }, PAIR],
    ['a comma too many among plans', { plans: [free].concat(HOLE, pro) }, `plans.1: ${OBJECT}`],
    ['a plan that is none', { plans: [free, 'pro'] }, `plans.1: ${OBJECT}`],
    ['two plans of one id', { plans: [free, pro, pro] }, 'plans.pro: An earlier plan has this id too.'],
    ['a plan without an id', { plans: [{ ...free, id: undefined }] }, 'plans.0.id: This is missing.'],
    ['a plan with an empty id', { plans: [{ ...free, id: '' }] }, `plans.0.id: ${ID}`],
    ['a plan whose id is a number', { plans: [{ ...free, id: 7 }] }, `plans.0.id: ${ID}`],
    [
      'a price of the free plan',
      { plans: [{ ...free, prices: { month: usd(1) } }] },
      'plans.free.prices: The first plan is everybody’s who has no subscription, so it has no price.',
    ],
    [
      'a free plan that is retired',
      { plans: [{ ...free, retired: true }] },
      'plans.free.retired: The first plan is everybody’s who has no subscription, so it can’t be retired.',
    ],
    [
      'a meter that costs credits where there are none',
      { credit: undefined },
      'meters.images.credits: The catalogue has no "credit" that this could cost.',
    ],
    [
      'bundles that nobody can spend',
      { meters: { calls, images: calls }, credit: { title: ['a', 'b'], bundles: { 5: usd(1) } } },
      `credit.bundles: ${NOBODY_SPENDS}`,
    ],
    [
      'gifts that nobody can spend',
      { meters: { calls, images: calls }, credit: { title: ['a', 'b'], giftable: true } },
      `credit.giftable: ${NOBODY_SPENDS}`,
    ],
    [
      'a bundle that costs nothing',
      { credit: { ...CATALOGUE.credit, bundles: { 5: usd(0) } } },
      `credit.bundles.5.amountCents: ${wholeNumber(1, 1_000_000_000)}`,
    ],
    [
      'a bundle without credits',
      { credit: { ...CATALOGUE.credit, bundles: { 0: usd(1) } } },
      'credit.bundles.0: A bundle is a whole number of credits, 1 at least.',
    ],
    [
      'a price in another currency',
      { credit: { ...CATALOGUE.credit, bundles: { 5: { amountCents: 1, currency: 'eur' } } } },
      "credit.bundles.5.currency: This must be 'usd'.",
    ],
    [
      'a word for whether credits may be given away',
      { credit: { ...CATALOGUE.credit, giftable: 'yes' } },
      'credit.giftable: This must be true or false.',
    ],
    ['too much grace', { graceDays: 91 }, `graceDays: ${wholeNumber(0, 90)}`],
    ['a longer trial than Stripe has', { trialDays: 731 }, `trialDays: ${wholeNumber(0, 730)}`],
  ])('%s', (_, change, message) => {
    expect(toldWith(change)).toContain(message);
  });

  it.each<[string, Written, string]>([
    ['an unknown meter', { limits: { fax: 1 } }, 'limits.fax: There is no meter or level "fax".'],
    ['a negative limit', { limits: { calls: -1 } }, `limits.calls: ${LIMIT}`],
    ['a fractional limit', { limits: { seats: 1.5 } }, `limits.seats: ${LIMIT}`],
    ['a limit in words', { limits: { images: 'many' } }, `limits.images: ${LIMIT}`],
    [
      'a number as the limit of a meter that costs credits',
      { limits: { images: 3 } },
      "limits.images: The meter costs credits, which limit it. In this plan it must be 'unlimited'.",
    ],
    [
      'an extra credit that nothing charges',
      { extraCredit: usd(100) },
      'extraCredit: Nothing charges this: no command lets a card pay for a credit that is missing.',
    ],
    ['negative credits', { credits: -1 }, `credits: ${wholeNumber(0, 1_000_000_000)}`],
    [
      'a cap of nothing',
      { carryOver: { cap: 0, periods: 1 } },
      `carryOver.cap: ${wholeNumber(1, 1_000_000_000)}`,
    ],
    ['thirteen periods', { carryOver: { cap: 1, periods: 13 } }, `carryOver.periods: ${wholeNumber(1, 12)}`],
    [
      'no credits to carry over',
      { credits: undefined },
      'carryOver: The plan includes no credits that could be carried over.',
    ],
    ['an unknown feature', { features: ['fax'] }, 'features: There is no feature "fax".'],
    ['a feature twice', { features: ['queue', 'queue'] }, 'features: "queue" is listed twice.'],
    [
      'a feature alone',
      { features: 'queue' },
      "features: This must be a list of features, ['priority_support'].",
    ],
    [
      'no price',
      { prices: undefined },
      'prices: Nobody could buy this plan. It needs a price, or retired: true.',
    ],
    [
      'prices that are none',
      { prices: {} },
      'prices: Nobody could buy this plan. It needs a price, or retired: true.',
    ],
    [
      'a price by the week',
      { prices: { week: usd(1) } },
      'prices.week: Nothing of this name is known here. Known are month, year.',
    ],
    ['a plan that is not retired', { retired: false }, 'retired: This must be true.'],
  ])('of a plan: %s', (_, change, message) => {
    expect(toldOfPro(change)).toContain(`plans.pro.${message}`);
  });

  it('a plan that includes credits where nothing costs any', () => {
    expect(toldWith({ meters: { calls, images: calls } })).toContain(`plans.pro.credits: ${NOBODY_SPENDS}`);
  });
});

describe('a mistake in the rest of the file is told by its entry', () => {
  const config = { catalogue: CATALOGUE, letters: null, stages: STAGES };

  it.each<[string, unknown, string[]]>([
    ['no file at all', undefined, [`: ${OBJECT}`]],
    [
      'nothing exported',
      {},
      ['catalogue: This is missing.', 'letters: This is missing.', 'stages: This is missing.'],
    ],
    ['no catalogue', { ...config, catalogue: null }, [`catalogue: ${OBJECT}`]],
    [
      'something else',
      { ...config, stage: 1 },
      ['stage: Nothing of this name is known here. Known are catalogue, letters, stages.'],
    ],
    ['letters that are no settings', { ...letters, letters: true }, [`letters: ${OBJECT}`]],
    [
      'a setting of letters that is not known',
      { ...letters, letters: { from: 1 } },
      ['letters.from: Nothing of this name is known here. There are none here.'],
    ],
    [
      'the letters app without its meters',
      { ...config, letters: {} },
      ['letters', 'emails', 'mails'].map(
        (id) => `meters.${id}: The letters app counts by this meter. It is missing.`,
      ),
    ],
    ['stages that are none', { ...config, stages: 'dev' }, [`stages: ${OBJECT}`]],
  ])('%s', (_, given, told) => {
    expect(toldOf(given)).toEqual(told);
  });

  it('a mail that costs two credits', () => {
    const { meters } = letters.catalogue;
    const catalogue = { ...letters.catalogue, meters: { ...meters, mails: { ...meters.mails, credits: 2 } } };
    expect(toldOf({ ...letters, catalogue })).toEqual([
      'meters.mails.credits: In the letters app, one costs exactly 1 credit.',
    ]);
  });

  it('an extra credit without the letters app', () => {
    expect(toldOf({ ...letters, letters: null })).toEqual(
      ['pro', 'enterprise'].map(
        (plan) =>
          `plans.${plan}.extraCredit: Nothing charges this: no command lets a card pay for a credit that is missing.`,
      ),
    );
  });
});

describe('a catalogue that was recorded', () => {
  it('is told from what is none', () => {
    const recorded: unknown = JSON.parse(JSON.stringify(letters.catalogue));
    expect(isCatalogueFile(recorded)).toBe(true);
    expect(isCatalogueFile({})).toBe(false);
  });
});

describe('all mistakes', () => {
  it('are told at once', () => {
    const plans = [{ ...free, limits: { fax: 1 }, credits: 1.5 }];
    const wrong = { catalogue: { ...CATALOGUE, plans, trialDays: -1 }, letters: null, stages: STAGES };
    expect(() => assertConfig(wrong)).toThrow(ConfigError);
    expect(() => assertConfig(wrong)).toThrow(
      [
        'plans.free.limits.fax: There is no meter or level "fax".',
        `plans.free.credits: ${wholeNumber(0, 1_000_000_000)}`,
        `trialDays: ${wholeNumber(0, 730)}`,
      ].join('\n'),
    );
  });

  it('are told without an entry where there is no file', () => {
    expect(() => assertConfig(null)).toThrow(OBJECT);
  });
});
