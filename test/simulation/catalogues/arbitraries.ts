/** Random catalogues, and what may happen to an account under them. */
import fc from 'fast-check';
import {
  catalogueOf,
  type Catalogue,
  type CatalogueFile,
  type PlanEntry,
} from '../../../lambdas/domain/catalogue.ts';
import { DAY_MS, HOUR_MS } from '../../../lambdas/domain/instants.ts';

/** Few ids, so that catalogues share some, and others come and go. */
const METERS = ['images', 'exports', 'calls'];
const LEVELS = ['seats', 'projects'];
const PLANS = ['free', 'small', 'large'] as const;

const few = fc.nat({ max: 6 });
const anyLimit = fc.oneof(few, fc.constant('unlimited' as const));

const anyCosts = fc.record(Object.fromEntries(METERS.map((id) => [id, fc.constantFrom(0, 0, 1, 2)])));

function anyPlan(id: string, costs: Readonly<Record<string, number>>): fc.Arbitrary<PlanEntry> {
  const limits = [...METERS, ...LEVELS].map((each) => {
    const limit = (costs[each] ?? 0) > 0 ? fc.constant('unlimited' as const) : anyLimit;
    return [each, fc.option(limit, { freq: 4, nil: undefined })] as const;
  });
  return fc
    .record({
      limits: fc.record(Object.fromEntries(limits)),
      credits: few,
      carryOver: fc.option(fc.record({ cap: few, periods: fc.integer({ min: 1, max: 3 }) }), {
        nil: undefined,
      }),
    })
    .map(({ limits: drawn, credits, carryOver }) => ({
      id,
      title: id,
      limits: drawn,
      credits,
      ...(carryOver === undefined ? {} : { carryOver }),
    }));
}

const anyFile: fc.Arbitrary<CatalogueFile> = fc
  .record({
    costs: anyCosts,
    meters: fc.subarray(METERS, { minLength: 1 }),
    levels: fc.subarray(LEVELS),
    sold: fc.subarray(PLANS.slice(1)),
    perDay: fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined }),
  })
  .chain(({ costs, meters, levels, sold, perDay }) =>
    fc.tuple(...['free', ...sold].map((id) => anyPlan(id, costs))).map(([free, ...others]) => ({
      meters: Object.fromEntries(
        meters.map((id) => [
          id,
          {
            title: [id, id] as const,
            ...((costs[id] ?? 0) > 0 ? { credits: costs[id] ?? 0 } : {}),
            ...(perDay === undefined || id !== 'calls' ? {} : { perDay }),
          },
        ]),
      ),
      levels: Object.fromEntries(levels.map((id) => [id, { title: [id, id] as const }])),
      plans: [free ?? NO_PLAN, ...others] as const,
      credit: { title: ['credit', 'credits'] as const },
      graceDays: 7,
      trialDays: 0,
    })),
  );

const NO_PLAN: PlanEntry = { id: 'free', title: 'free', limits: {} };

/** Up to three catalogues, one after the other. Functions with the one before go on for a while. */
export const anyCatalogues: fc.Arbitrary<Catalogue[]> = fc
  .array(fc.tuple(anyFile, fc.integer({ min: 1, max: 80 })), { minLength: 1, maxLength: 3 })
  .map((drawn) => {
    let since = 0;
    return drawn.map(([file, days], index) => {
      since = index === 0 ? 0 : Math.max(since, BEGIN) + days * DAY_MS;
      return catalogueOf(file, since);
    });
  });

export const BEGIN = Date.UTC(2026, 0, 10);

const counts = (ids: readonly string[]) =>
  fc.dictionary(fc.constantFrom(...ids), fc.integer({ min: 1, max: 3 }), { minKeys: 1, maxKeys: 2 });

/** Time goes on by minutes, days or months. Each act comes from the newest function, or from an older one. */
export const anyAct = fc.record({
  afterMs: fc.oneof(
    fc.integer({ min: 0, max: 10 * HOUR_MS }),
    fc.integer({ min: 0, max: 40 }).map((days) => days * DAY_MS),
    fc.constantFrom(0, 1, 100 * DAY_MS),
  ),
  isOlderFunction: fc.constantFrom(false, false, true),
  act: fc.oneof(
    {
      weight: 5,
      arbitrary: counts([...METERS, ...LEVELS]).map((consume) => ({ do: 'consume' as const, consume })),
    },
    { weight: 2, arbitrary: counts(LEVELS).map((release) => ({ do: 'release' as const, release })) },
    { weight: 2, arbitrary: fc.nat({ max: 20 }).map((which) => ({ do: 'give back' as const, which })) },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constant('subscribe' as const),
        plan: fc.constantFrom('small', 'large'),
        isPaid: fc.constantFrom(true, true, false),
      }),
    },
    { weight: 1, arbitrary: fc.constant({ do: 'end' as const }) },
    { weight: 1, arbitrary: few.map((count) => ({ do: 'buy' as const, count })) },
    { weight: 1, arbitrary: fc.constant({ do: 'apply' as const }) },
    { weight: 1, arbitrary: fc.constant({ do: 'roll' as const }) },
  ),
});

export type Act = typeof anyAct extends fc.Arbitrary<infer Value> ? Value : never;
