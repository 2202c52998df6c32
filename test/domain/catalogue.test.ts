import { describe, expect, it } from '@jest/globals';
import {
  findBundle,
  catalogueOf,
  defineCatalogue,
  freePlan,
  meterOf,
  nextPlan,
  planOf,
  plansOnSale,
  usd,
} from '../../lambdas/domain/catalogue.ts';
import { isCatalogueFile } from '../../lambdas/domain/catalogue-mistakes.ts';
import { at } from '../support/accounts.ts';
import { LETTERS, STUDIO, STUDIO_FILE } from '../support/catalogues.ts';

describe('what the owner leaves out', () => {
  it('of the whole', () => {
    const smallest = defineCatalogue({
      meters: { steps: { title: ['step', 'steps'] } },
      plans: [{ id: 'free', title: 'Free', limits: {} }],
      graceDays: 7,
      trialDays: 0,
    });
    expect(catalogueOf(smallest, at('2026-11-24'))).toEqual({
      since: at('2026-11-24'),
      meters: [{ id: 'steps', title: ['step', 'steps'], credits: 0, perDay: null, suspiciousAbove: null }],
      levels: [],
      features: [],
      plans: [
        {
          id: 'free',
          title: 'Free',
          limits: {},
          creditsPerPeriod: 0,
          extraCredit: null,
          carryOver: null,
          prices: {},
          features: [],
          isRetired: false,
        },
      ],
      credit: null,
      checkout: {
        tax: null,
        takesCodes: false,
        termsUrl: null,
        privacyUrl: null,
        statementDescriptor: null,
        makesInvoices: false,
      },
      graceDays: 7,
      trialDays: 0,
    });
  });

  it('is filled in, and what they write stays', () => {
    expect(STUDIO).toMatchObject({
      meters: [{ id: 'exports' }, { id: 'pictures', credits: 2, perDay: 20, suspiciousAbove: null }],
      levels: [{ id: 'seats', title: ['seat', 'seats'] }],
      features: [{ id: 'api', title: 'API access' }],
      credit: { title: ['token', 'tokens'], bundles: [], isGiftable: false },
      graceDays: 3,
      trialDays: 14,
    });
    expect(planOf(STUDIO, 'team')).toEqual({
      id: 'team',
      title: 'Team',
      limits: { exports: 100, pictures: 'unlimited', seats: 5 },
      creditsPerPeriod: 40,
      extraCredit: null,
      carryOver: { cap: 20, periods: 2 },
      prices: { month: usd(2_000) },
      features: ['api'],
      isRetired: false,
    });
  });

  it('of a plan’s limits is not in the plan, also where it is left out by its value', () => {
    const [free] = STUDIO_FILE.plans;
    const without = { ...free, limits: { ...free.limits, seats: undefined } };
    expect(freePlan(catalogueOf({ ...STUDIO_FILE, plans: [without] }, 0)).limits).toEqual({
      exports: 3,
      pictures: 'unlimited',
    });
    expect(planOf(LETTERS, 'none')?.limits).toEqual({ letters: 5 });
  });
});

describe('plans', () => {
  it('are ordered from the smallest to the largest, which is how upgrades are proposed', () => {
    expect(LETTERS.plans.map(({ id }) => [id, nextPlan(LETTERS, id)])).toEqual([
      ['none', 'pro'],
      ['pro', 'enterprise'],
      ['enterprise', null],
    ]);
  });

  it('that are no longer sold are not proposed, and those who have one are proposed the next', () => {
    expect(STUDIO.plans.map(({ id }) => [id, nextPlan(STUDIO, id)])).toEqual([
      ['free', 'team'],
      ['duo', 'team'],
      ['team', null],
    ]);
    expect(planOf(STUDIO, 'duo')).toMatchObject({ isRetired: true });
  });

  it('are sold but for the free one and the retired', () => {
    expect(plansOnSale(LETTERS)).toEqual(['pro', 'enterprise']);
    expect(plansOnSale(STUDIO)).toEqual(['team']);
  });

  it('that the catalogue lacks are none, and lead to no other', () => {
    expect([planOf(LETTERS, 'team'), nextPlan(LETTERS, 'team')]).toEqual([null, null]);
  });

  it('that cannot schedule anything are those that name no channel of the letters app', () => {
    const unable = LETTERS.plans.filter(({ limits }) => !('emails' in limits) && !('mails' in limits));
    expect(unable.map(({ id }) => id)).toEqual(['none']);
  });
});

describe('a catalogue that was recorded', () => {
  it('is told from what is none', () => {
    expect([STUDIO_FILE, {}, null].map(isCatalogueFile)).toEqual([true, false, false]);
  });
});

describe('meters and bundles', () => {
  it('are found by what they are', () => {
    expect(meterOf(LETTERS, 'mails')).toMatchObject({ credits: 1, perDay: 10, suspiciousAbove: 20 });
    expect(meterOf(LETTERS, 'faxes')).toBeNull();
    expect([5, 10, 25].map((credits) => findBundle(LETTERS, credits)?.price.amountCents)).toEqual([
      1_400, 2_700, 6_250,
    ]);
    expect(LETTERS.credit?.isGiftable).toBe(true);
  });

  it('that are not sold are none', () => {
    expect(findBundle(LETTERS, 7)).toBeNull();
    expect(findBundle({ ...LETTERS, credit: null }, 5)).toBeNull();
  });
});
