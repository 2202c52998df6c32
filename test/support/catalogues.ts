import fc from 'fast-check';
import { catalogue } from '../../examples/letters/postage.config.ts';
import {
  type Catalogue,
  catalogueOf,
  defineCatalogue,
  findBundle,
  type PlanEntry,
  type Price,
  type Title,
  usd,
} from '../../lambdas/domain/catalogue.ts';
import { type Instant } from '../../lambdas/domain/instants.ts';

/** The letters app's catalogue, in force from the beginning. */
export const LETTERS = catalogueOf(catalogue, 0);

/** What so many credits cost in the letters app. */
export function bundlePrice(credits: number): Price {
  const bundle = findBundle(LETTERS, credits);
  if (bundle === null) {
    throw new Error(`There is no bundle of ${String(credits)} credits.`);
  }
  return bundle.price;
}

/** The letters app, whose plans grant three credits more, in force since an instant. */
export function lettersWithMore(since: Instant): Catalogue {
  const [free, ...sold] = LETTERS.plans;
  const plans = sold.map((plan) => ({ ...plan, creditsPerPeriod: plan.creditsPerPeriod + 3 }));
  return { ...LETTERS, since, plans: [free, ...plans] };
}

/** What the letters app has not: levels, a free plan with credits, a plan that is no longer sold. */
export const STUDIO_FILE = defineCatalogue({
  meters: {
    exports: { title: ['export', 'exports'] },
    pictures: { title: ['picture', 'pictures'], credits: 2, perDay: 20 },
  },
  levels: { seats: { title: ['seat', 'seats'] } },
  features: { api: { title: 'API access' } },
  plans: [
    { id: 'free', title: 'Free', limits: { exports: 3, pictures: 'unlimited', seats: 1 }, credits: 4 },
    {
      id: 'duo',
      title: 'Duo',
      limits: { exports: 20, seats: 2 },
      prices: { month: usd(500) },
      retired: true,
    },
    {
      id: 'team',
      title: 'Team',
      limits: { exports: 100, pictures: 'unlimited', seats: 5 },
      credits: 40,
      carryOver: { cap: 20, periods: 2 },
      prices: { month: usd(2_000) },
      features: ['api'],
    },
  ],
  credit: { title: ['token', 'tokens'] },
  graceDays: 3,
  trialDays: 14,
});

export const STUDIO = catalogueOf(STUDIO_FILE, 0);

const METERS = ['exports', 'pictures', 'texts'];
const LEVELS = ['projects', 'seats'];

const anyLimits = fc.dictionary(
  fc.constantFrom(...METERS, ...LEVELS),
  fc.oneof(fc.nat({ max: 9 }), fc.constant('unlimited' as const)),
);

const anyCarryOver = fc.record({
  cap: fc.integer({ min: 1, max: 9 }),
  periods: fc.integer({ min: 1, max: 4 }),
});

function anyPlan(id: string): fc.Arbitrary<PlanEntry> {
  return fc
    .record({
      limits: anyLimits,
      credits: fc.nat({ max: 5 }),
      carryOver: fc.option(anyCarryOver, { nil: undefined }),
    })
    .map(({ carryOver, ...plan }) => ({
      id,
      title: id,
      ...plan,
      ...(carryOver === undefined ? {} : { carryOver }),
    }));
}

/** Any catalogue as an owner may write it. The free plan has one of two names; Pro and Enterprise are there, or not. */
export function anyCatalogue(since: Instant): fc.Arbitrary<Catalogue> {
  return fc
    .record({
      costs: fc.dictionary(fc.constantFrom(...METERS), fc.nat({ max: 2 })),
      levels: fc.subarray(LEVELS),
      free: fc.constantFrom('none', 'free').chain(anyPlan),
      sold: fc.tuple(anyPlan('pro'), anyPlan('enterprise')),
      isSold: fc.tuple(fc.boolean(), fc.boolean()),
    })
    .map(({ costs, levels, free, sold, isSold }) => {
      // What costs credits has no number as its limit, and what the catalogue lacks has none at all.
      const withLimits = (plan: PlanEntry): PlanEntry => ({
        ...plan,
        limits: Object.fromEntries(
          Object.entries(plan.limits)
            .filter(([id]) => id in costs || levels.includes(id))
            .map(([id, limit]) => [id, (costs[id] ?? 0) > 0 ? 'unlimited' : limit]),
        ),
      });
      const titled = (id: string): { title: Title } => ({ title: [id, id] });
      return catalogueOf(
        {
          meters: Object.fromEntries(
            Object.entries(costs).map(([id, credits]) => [
              id,
              { ...titled(id), ...(credits > 0 ? { credits } : {}) },
            ]),
          ),
          levels: Object.fromEntries(levels.map((id) => [id, titled(id)])),
          plans: [withLimits(free), ...sold.filter((_, index) => isSold[index]).map(withLimits)],
          graceDays: 7,
          trialDays: 0,
        },
        since,
      );
    });
}
