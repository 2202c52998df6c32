import {
  type Account,
  type AccountChange,
  type AccountState,
  dayOf,
  isOpen,
  planOfAccount,
  upgradeOf,
} from './account.ts';
import { type Catalogue, meterOf, type Price } from './catalogue.ts';
import { available, type Movement, useCredits } from './credits.ts';
import { type Instant, nextUtcDay } from './instants.ts';
import { type Refusal } from './refusals.ts';
import { rollForward } from './roll-forward.ts';
import { leftOf, limitAsCount, type LimitedCount, type MeterCount } from './terms.ts';

/** Numbers by meter or level, each 1 or more. */
export type Counts = Readonly<Record<string, number>>;

/** What a command consumes of meters and levels, and what it releases of levels: all of it or nothing. */
export interface Use {
  consume: Counts;
  release: Counts;
}

/** The record of a use that the owner's backend has reported. */
export interface Consumption {
  id: string;
  consumed: Counts;
  released: Counts;
  /** What it cost. */
  credits: number;
  /** Those of what it consumed that are levels: the catalogue may have forgotten them when it is given back. */
  levels: readonly string[];
}

/** Which of what a use consumes are levels. */
export function levelsIn({ consume }: Use, { levels }: Catalogue): string[] {
  return levels.map(({ id }) => id).filter((id) => id in consume);
}

/** The most meters and levels that one command may touch: DynamoDB's expressions have 4 kB. */
export const MAX_PARTS_PER_COMMAND = 8;

/** The most of one meter that one command may consume. */
export const MAX_USE_PER_COMMAND = 1_000_000;

/** What a card is to pay, and whose: the customer at Stripe, null for a user who has never been there. */
export interface Charge {
  price: Price;
  customerId: string | null;
}

export type UseDecision =
  | { outcome: 'accepted'; account: Account; credits: number; movements: readonly Movement[] }
  /** Accepted too: the account with its use counted among those of the day, and nowhere else until it is paid. */
  | { outcome: 'to_be_paid'; account: Account; charge: Charge }
  /** The account is not open, or does not know what is used: it is rolled forward first. */
  | { outcome: 'not_current' }
  | { outcome: 'refused'; refusal: Refusal };

/** What an account must show for a use to count: asked of the account by `decideUse`, and of its item by DynamoDB. */
export type Demand = CurrentDemand | RefusedDemand;

/** What a second write brings about, if it is not met. */
type CurrentDemand =
  | { demand: 'open'; at: Instant }
  /** It knows the meter or the level. */
  | { demand: 'known'; kind: Limited; id: string }
  /** One of the meter costs what the write deducts. */
  | { demand: 'cost'; meter: string; credits: number };

/** What the user is refused for, if it is not met. */
type RefusedDemand =
  | { demand: 'left'; kind: Limited; id: string; atLeast: number }
  | { demand: 'held'; level: string; atLeast: number }
  /** The user has used no more than this of the meter on that day; below zero where it is more at once than a day allows. */
  | { demand: 'room'; meter: string; perDay: number; on: Instant; atMost: number }
  | { demand: 'credits'; atLeast: number };

/** Where an account keeps what is limited. */
export type Limited = 'meters' | 'levels';

/** What is asked of one thing that a use consumes or releases. */
export interface Part {
  kind: Limited;
  id: string;
  /** How many it takes off what is left: below zero for a release. */
  count: number;
}

/** The parts of a use in the order of the catalogue. Something that the catalogue lacks is no part of it. */
export function partsOf({ consume, release }: Use, { meters, levels }: Catalogue): Part[] {
  const parts = [
    ...meters.map(({ id }): Part => ({ kind: 'meters', id, count: consume[id] ?? 0 })),
    ...levels.map(({ id }): Part => ({ kind: 'levels', id, count: (consume[id] ?? 0) - (release[id] ?? 0) })),
  ];
  return parts.filter(({ count }) => count !== 0);
}

/** How many credits a use costs, where a meter costs as many as given. */
export function creditsFor({ consume }: Use, costs: (meter: string) => number): number {
  return Object.entries(consume).reduce((sum, [id, count]) => sum + count * costs(id), 0);
}

/** What one of each meter costs by the catalogue. */
export function offeredCosts(catalogue: Catalogue): (meter: string) => number {
  return (meter) => meterOf(catalogue, meter)?.credits ?? 0;
}

/** What one of each meter costs in the open period of an account. */
export function standingCosts({ meters }: Account): (meter: string) => number {
  return (meter) => meters[meter]?.credits ?? 0;
}

/**
 * The demands of a use, in the order in which they are refused. What it does not touch makes no demand.
 *
 * @param costs the account may stand under other costs than the catalogue's: then the first write is refused, and the
 * second one asks for those of the account
 */
export function demandsOf(
  use: Use,
  catalogue: Catalogue,
  now: Instant,
  costs: (meter: string) => number,
): Demand[] {
  const parts = partsOf(use, catalogue);
  const credits = creditsFor(use, costs);
  return [
    { demand: 'open', at: now },
    ...parts.map(({ kind, id }): Demand => ({ demand: 'known', kind, id })),
    ...parts.flatMap(({ kind, id }): Demand[] =>
      kind === 'meters' ? [{ demand: 'cost', meter: id, credits: costs(id) }] : [],
    ),
    ...parts.map(({ kind, id, count }): Demand =>
      count > 0
        ? { demand: 'left', kind, id, atLeast: count }
        : { demand: 'held', level: id, atLeast: -count },
    ),
    ...parts.flatMap(({ id, count }): Demand[] => {
      const perDay = meterOf(catalogue, id)?.perDay ?? null;
      return perDay === null ? [] : [{ demand: 'room', meter: id, perDay, on: now, atMost: perDay - count }];
    }),
    ...(credits === 0 ? [] : [{ demand: 'credits', atLeast: credits } as const]),
  ];
}

/**
 * Decides a use on an account as it stands (G1). The deciding write puts the same demands to DynamoDB in one condition;
 * this explains what they refuse, and serves an account that had to be rolled forward first.
 *
 * An erased account comes before all demands.
 *
 * @param payAsYouGo whether a card may pay for a use for which there is no credit left
 */
export function decideUse(
  use: Use,
  state: AccountState,
  catalogue: Catalogue,
  now: Instant,
  source: string,
  payAsYouGo = false,
): UseDecision {
  if (state.kind === 'erased') {
    return { outcome: 'refused', refusal: { refusal: 'account_erased' } };
  }
  const costs = standingCosts(state);
  const unmet = demandsOf(use, catalogue, now, costs).filter((demand) => !isMet(demand, state));
  const refused = unmet.filter((demand): demand is RefusedDemand => !asksForCurrent(demand));
  if (refused.length < unmet.length) {
    return { outcome: 'not_current' };
  }
  // Somebody who needs another plan is told so, whatever else is used up.
  const first = refused.find((demand) => isOutsidePlan(demand, state)) ?? refused[0];
  const cost = creditsFor(use, costs);
  if (first === undefined) {
    const { credits, movements } = useCredits(state.credits, cost, source);
    const account = { ...counted(partsOf(use, catalogue), state), credits };
    return {
      outcome: 'accepted',
      account: withUsesOfDay(use, account, catalogue, now),
      credits: cost,
      movements,
    };
  }
  const price = planOfAccount(state, catalogue)?.extraCredit ?? null;
  if (first.demand === 'credits' && price !== null && payAsYouGo) {
    const account = withUsesOfDay(use, state, catalogue, now);
    const charged = { ...price, amountCents: price.amountCents * cost };
    return { outcome: 'to_be_paid', account, charge: { price: charged, customerId: state.customerId } };
  }
  return { outcome: 'refused', refusal: refusalOf(first, state, catalogue) };
}

function asksForCurrent(demand: Demand): demand is CurrentDemand {
  return demand.demand === 'open' || demand.demand === 'known' || demand.demand === 'cost';
}

function isOutsidePlan(demand: RefusedDemand, account: Account): boolean {
  return demand.demand === 'left' && countOf(account, demand).limit === null;
}

function isMet(demand: Demand, account: Account): boolean {
  switch (demand.demand) {
    case 'open':
      return isOpen(account, demand.at);
    case 'known':
      return demand.id in account[demand.kind];
    case 'cost':
      return account.meters[demand.meter]?.credits === demand.credits;
    case 'left':
      return leftOf(countOf(account, demand)) >= demand.atLeast;
    case 'held':
      return heldOf(account, demand.level) >= demand.atLeast;
    case 'room':
      return (account.usesByDay[dayOf(demand.meter, demand.on)] ?? 0) <= demand.atMost;
    case 'credits':
      return available(account.credits) >= demand.atLeast;
  }
}

function countOf(account: Account, { kind, id }: { kind: Limited; id: string }): LimitedCount {
  return account[kind][id] ?? { used: 0, limit: null };
}

function heldOf(account: Account, level: string): number {
  return countOf(account, { kind: 'levels', id: level }).used;
}

function refusalOf(unmet: RefusedDemand, account: Account, catalogue: Catalogue): Refusal {
  const plan = planOfAccount(account, catalogue);
  const resetsAt = account.periodEnd;
  switch (unmet.demand) {
    case 'left': {
      const { used, limit } = countOf(account, unmet);
      const upgradeTo = upgradeOf(
        account,
        catalogue,
        ({ limits }) => limitAsCount(limits[unmet.id] ?? null) > limitAsCount(limit),
      );
      if (limit === null) {
        return { refusal: 'plan_required', meter: unmet.id, upgradeTo };
      }
      const isReset = unmet.kind === 'meters';
      return {
        refusal: 'quota_exceeded',
        meter: unmet.id,
        limit,
        used,
        resetsAt: isReset ? resetsAt : null,
        upgradeTo,
      };
    }
    case 'held':
      return { refusal: 'not_held', level: unmet.level, held: heldOf(account, unmet.level) };
    case 'room':
      return rateLimited(unmet.meter, unmet.perDay, unmet.on);
    case 'credits': {
      const { usedThisPeriod: used } = account.credits;
      const limit = account.creditsPerPeriod;
      return {
        refusal: 'insufficient_credits',
        limit,
        used,
        resetsAt,
        price: plan?.extraCredit ?? null,
        upgradeTo: upgradeOf(account, catalogue, ({ creditsPerPeriod }) => creditsPerPeriod > limit),
      };
    }
  }
}

function rateLimited(meter: string, limit: number, now: Instant): Refusal {
  return { refusal: 'rate_limited', meter, limit, resetsAt: nextUtcDay(now) };
}

function counted(parts: readonly Part[], account: Account): Account {
  return parts.reduce<Account>((current, { kind, id, count }) => {
    const { used } = countOf(current, { kind, id });
    return { ...current, [kind]: { ...current[kind], [id]: { ...current[kind][id], used: used + count } } };
  }, account);
}

function withUsesOfDay({ consume }: Use, account: Account, catalogue: Catalogue, now: Instant): Account {
  const usesByDay = { ...account.usesByDay };
  for (const [id, count] of Object.entries(consume)) {
    const perDay = meterOf(catalogue, id)?.perDay ?? null;
    if (perDay !== null) {
      usesByDay[dayOf(id, now)] = (usesByDay[dayOf(id, now)] ?? 0) + count;
    }
  }
  return { ...account, usesByDay };
}

/** Counts uses that a card has paid for among those of the period that is open now. */
export function countPaid(account: Account, paid: Counts, now: Instant, catalogue: Catalogue): AccountChange {
  const rolled = rollForward(account, now, catalogue);
  const meters = Object.entries(rolled.account.meters).map(([id, meter]): [string, MeterCount] => {
    const count = paid[id] ?? 0;
    return [id, { ...meter, used: meter.used + count, paid: meter.paid + count }];
  });
  return { ...rolled, account: { ...rolled.account, meters: Object.fromEntries(meters) } };
}
