/** What a pricing page shows of a catalogue. */
import {
  type Bundle,
  type CarryOver,
  type Catalogue,
  type Feature,
  type Limit,
  type Plan,
  type Title,
} from './catalogue.ts';

interface TitleView {
  one: string;
  many: string;
}

export interface CatalogueView {
  meters: { id: string; title: TitleView; credits: number; perDay: number | null }[];
  levels: { id: string; title: TitleView }[];
  features: Feature[];
  plans: (Pick<Plan, 'id' | 'title' | 'extraCredit' | 'prices'> & {
    limits: Record<string, Limit>;
    credits: number;
    carryOver: CarryOver | null;
    features: string[];
  })[];
  credit: { title: TitleView; bundles: Bundle[]; isGiftable: boolean } | null;
  graceDays: number;
  trialDays: number;
}

/** Plans that are no longer sold are not shown. */
export function viewCatalogue(catalogue: Catalogue): CatalogueView {
  const { meters, levels, features, plans, credit, graceDays, trialDays } = catalogue;
  return {
    meters: meters.map(({ id, title, credits, perDay }) => ({ id, title: named(title), credits, perDay })),
    levels: levels.map(({ id, title }) => ({ id, title: named(title) })),
    features: [...features],
    plans: plans.filter(({ isRetired }) => !isRetired).map(viewPlan),
    credit: credit === null ? null : { ...credit, title: named(credit.title), bundles: [...credit.bundles] },
    graceDays,
    trialDays,
  };
}

function viewPlan(plan: Plan): CatalogueView['plans'][number] {
  const { id, title, limits, creditsPerPeriod: credits, extraCredit, carryOver, prices, features } = plan;
  return {
    ...{ id, title, credits, extraCredit, carryOver, prices },
    limits: { ...limits },
    features: [...features],
  };
}

function named([one, many]: Title): TitleView {
  return { one, many };
}
