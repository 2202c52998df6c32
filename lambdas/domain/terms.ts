/** The terms of an account's open period: where they come from, and when they change (G14). */
import { type CarryOver, type Catalogue, type Limit, type Meter, type Plan } from './catalogue.ts';
import { type Instant } from './instants.ts';

/** What is used of a limit. The limit is the open period's own; null: the plan does not have the meter or the level. */
export interface LimitedCount {
  used: number;
  limit: Limit | null;
}

/** What a meter has counted in the open period, and the terms under which it counts. */
export interface MeterCount extends LimitedCount {
  /** How many credits one costs. */
  credits: number;
  /** Those of the uses that money has paid for, for want of credits. */
  paid: number;
}

export type Meters = Readonly<Record<string, MeterCount>>;
/** What is held of each level. */
export type Levels = Readonly<Record<string, LimitedCount>>;

/**
 * The terms of the open period, with what it has counted. They are written when a period opens, when the plan changes
 * and when the owner applies a catalogue, and by nothing else. So the condition, the refusal, the summary and the events
 * never disagree.
 */
export interface Terms {
  meters: Meters;
  levels: Levels;
  creditsPerPeriod: number;
  carryOver: CarryOver | null;
  /** From when the newest catalogue holds that has written any of them. */
  catalogueSince: Instant;
}

/** "Unlimited" as a number that no count reaches: DynamoDB's conditions compare, and know no infinity. */
export const UNLIMITED = 1_000_000_000_000;

export function limitAsCount(limit: Limit | null): number {
  return limit === 'unlimited' ? UNLIMITED : (limit ?? 0);
}

/** What is left of a limit; below zero where a smaller limit has been passed already. */
export function leftOf({ used, limit }: LimitedCount): number {
  return limitAsCount(limit) - used;
}

type Counts = Pick<Terms, 'meters' | 'levels'>;

const NOTHING: Counts = { meters: {}, levels: {} };

/** The terms of a plan, with what an account has counted and holds of it so far. */
export function termsUnder(plan: Plan, catalogue: Catalogue, counts: Counts = NOTHING): Terms {
  return {
    ...countsUnder(plan, catalogue, counts),
    creditsPerPeriod: plan.creditsPerPeriod,
    carryOver: plan.carryOver,
    catalogueSince: catalogue.since,
  };
}

/** @param plan null for one that the catalogue lacks: nothing is in it */
function countsUnder(plan: Plan | null, { meters, levels }: Catalogue, counts: Counts): Counts {
  return {
    meters: Object.fromEntries(
      meters.map((meter) => [meter.id, meterUnder(plan, meter, counts.meters[meter.id])]),
    ),
    levels: Object.fromEntries(levels.map(({ id }) => [id, levelUnder(plan, id, counts.levels[id])])),
  };
}

function meterUnder(plan: Plan | null, { id, credits }: Meter, count?: MeterCount): MeterCount {
  return { used: count?.used ?? 0, limit: plan?.limits[id] ?? null, credits, paid: count?.paid ?? 0 };
}

function levelUnder(plan: Plan | null, id: string, count?: LimitedCount): LimitedCount {
  return { used: count?.used ?? 0, limit: plan?.limits[id] ?? null };
}

/** Whether a catalogue is in force for a period that opens at an instant: it holds by then, and no newer one stands. */
export function isInForce(standing: Terms, catalogue: Catalogue, opensAt: Instant): boolean {
  return opensAt >= catalogue.since && !isBehind(standing, catalogue);
}

/** Whether a newer function, with a newer catalogue, has written the terms that stand. */
function isBehind(standing: Terms, catalogue: Catalogue): boolean {
  return standing.catalogueSince > catalogue.since;
}

/** The terms that stand, for a period that opens: its meters begin at nothing, and levels stay. */
export function repeatedTerms(standing: Terms): Terms {
  const { levels, creditsPerPeriod, carryOver, catalogueSince } = standing;
  const unused = Object.entries(standing.meters).map(([id, meter]): [string, MeterCount] => [
    id,
    { ...meter, used: 0, paid: 0 },
  ]);
  return { meters: Object.fromEntries(unused), levels, creditsPerPeriod, carryOver, catalogueSince };
}

/**
 * The terms of a period that opens under a plan. It drops meters that the catalogue no longer has, and levels of which
 * nothing is held. An older function drops nothing.
 */
export function termsOfNewPeriod(standing: Terms, plan: Plan | null, catalogue: Catalogue): Terms {
  const unused = repeatedTerms(standing);
  if (plan === null) {
    return unused;
  }
  const terms = termsUnder(plan, catalogue, unused);
  if (isBehind(standing, catalogue)) {
    return carriedAlong(unused, terms);
  }
  const held = Object.entries(standing.levels).filter(([, { used }]) => used > 0);
  return { ...terms, levels: { ...Object.fromEntries(held), ...terms.levels } };
}

/** The terms of another plan, or of another catalogue, for the period that is open: what it has counted stays. */
export function termsOfOpenPeriod(standing: Terms, plan: Plan | null, catalogue: Catalogue): Terms {
  return plan === null ? standing : carriedAlong(standing, termsUnder(plan, catalogue, standing));
}

/**
 * What the catalogue does not know stays as it stands: a function of another version may know it. So does the mark of a
 * newer catalogue, or the next boundary that an older function meets would drop what it lacks.
 */
function carriedAlong(standing: Terms, terms: Terms): Terms {
  return {
    ...terms,
    meters: { ...standing.meters, ...terms.meters },
    levels: { ...standing.levels, ...terms.levels },
    catalogueSince: Math.max(standing.catalogueSince, terms.catalogueSince),
  };
}

/** Whether an account knows every meter and level of a catalogue. */
export function knowsAll({ meters, levels }: Counts, catalogue: Catalogue): boolean {
  return catalogue.meters.every(({ id }) => id in meters) && catalogue.levels.every(({ id }) => id in levels);
}

/** Adds the meters and levels that an account does not know yet, with nothing used. */
export function withUnknown({ meters, levels }: Counts, plan: Plan | null, catalogue: Catalogue): Counts {
  const unused = countsUnder(plan, catalogue, NOTHING);
  return { meters: { ...unused.meters, ...meters }, levels: { ...unused.levels, ...levels } };
}
