/** What accounts gain or lose by another catalogue, and when. Both are evaluated side by side, in memory. */
import { type Account, openUntil, planOfAccount } from './account.ts';
import { applyCatalogue } from './apply-catalogue.ts';
import { type CarryOver, type Catalogue, type Limit, meterOf } from './catalogue.ts';
import { available } from './credits.ts';
import { type Instant } from './instants.ts';
import { rollForward } from './roll-forward.ts';
import { limitAsCount, type LimitedCount, type Terms } from './terms.ts';

/** When a change holds: features and limits of a day at once, terms from the next period, or at once by `apply`. */
export const MOMENTS = ['once deployed', 'next period', 'by apply'] as const;

export type Moment = (typeof MOMENTS)[number];

export interface CatalogueChange {
  when: Moment;
  /** `gains` and `loses` are the user's; `differs` is neither alone. */
  effect: 'gains' | 'loses' | 'differs';
  what: string;
  from: string;
  to: string;
}

export interface AccountDiff {
  userId: string;
  plan: string;
  /** When its next period opens. */
  nextAt: Instant;
  changes: readonly CatalogueChange[];
  /** Credits that `apply` would add to what is available; below zero: that it would take. */
  creditsByApply: number;
}

export interface Catalogues {
  /** The one in force. */
  from: Catalogue;
  /** The one that would hold. */
  to: Catalogue;
}

type Difference = Omit<CatalogueChange, 'when'>;

/** Compares one account under two catalogues, at its next period's start and at once. */
export function diffAccount(account: Account, { from, to }: Catalogues, now: Instant): AccountDiff {
  const open = rollForward(account, now, from).account;
  const nextAt = openUntil(open);
  const next = {
    from: rollForward(account, nextAt, from).account,
    to: rollForward(account, nextAt, to).account,
  };
  const applied = applyCatalogue(account, to, now)?.account ?? open;
  const holdAt = (when: Moment, differences: readonly Difference[]): CatalogueChange[] =>
    differences.map((difference) => ({ when, ...difference }));
  return {
    userId: account.userId,
    plan: open.plan,
    nextAt,
    changes: [
      ...holdAt('once deployed', [...offersOf(open, { from, to }), ...limitsOfADay(open, { from, to })]),
      ...holdAt('next period', [...plansOf(next.from, next.to), ...termsOf(next.from, next.to)]),
      ...holdAt('by apply', termsOf(open, applied)),
    ],
    creditsByApply: available(applied.credits) - available(open.credits),
  };
}

function difference(what: string, from: string, to: string, gain: number): Difference[] {
  const effect = gain > 0 ? 'gains' : gain < 0 ? 'loses' : 'differs';
  return from === to ? [] : [{ effect, what, from, to }];
}

function offersOf(account: Account, { from, to }: Catalogues): Difference[] {
  const plan = planOfAccount(account, to);
  if (plan === null) {
    return difference('plan', account.plan, 'not in the catalogue, so its terms stay', 0);
  }
  const had = planOfAccount(account, from)?.features ?? [];
  return [...new Set([...had, ...plan.features])].flatMap((feature) => {
    const [before, after] = [had.includes(feature), plan.features.includes(feature)];
    return difference(`feature ${feature}`, yesOrNo(before), yesOrNo(after), Number(after) - Number(before));
  });
}

function yesOrNo(has: boolean): string {
  return has ? 'yes' : 'no';
}

function limitsOfADay({ meters }: Account, { from, to }: Catalogues): Difference[] {
  return Object.keys(meters).flatMap((id) => {
    const [before, after] = [meterOf(from, id), meterOf(to, id)];
    // Of a meter that comes or goes, its limit tells.
    return before === null || after === null
      ? []
      : limit(`${id} a day`, before.perDay ?? 'unlimited', after.perDay ?? 'unlimited');
  });
}

/** Free accounts follow the free plan, whatever it is called. */
function plansOf(from: Account, to: Account): Difference[] {
  return difference('plan', from.plan, to.plan, 0);
}

function termsOf(from: Terms, to: Terms): Difference[] {
  return [
    ...limitsOf(from.meters, to.meters),
    ...limitsOf(from.levels, to.levels),
    ...costsOf(from, to),
    ...difference(
      'credits per period',
      String(from.creditsPerPeriod),
      String(to.creditsPerPeriod),
      to.creditsPerPeriod - from.creditsPerPeriod,
    ),
    ...carryOvers(from.carryOver, to.carryOver),
  ];
}

function limitsOf(before: Readonly<Record<string, LimitedCount>>, after: typeof before): Difference[] {
  return Object.keys({ ...before, ...after }).flatMap((id) =>
    limit(id, before[id]?.limit ?? null, after[id]?.limit ?? null),
  );
}

function limit(what: string, from: Limit | null, to: Limit | null): Difference[] {
  const shown = (each: Limit | null): string => (each === null ? 'not in the plan' : String(each));
  return difference(what, shown(from), shown(to), limitAsCount(to) - limitAsCount(from));
}

/** Only of what is in the plan before and after. */
function costsOf(from: Terms, to: Terms): Difference[] {
  return Object.entries(to.meters).flatMap(([id, after]) => {
    const before = from.meters[id] ?? after;
    return before.limit === null || after.limit === null
      ? []
      : difference(
          `credits for one of ${id}`,
          String(before.credits),
          String(after.credits),
          before.credits - after.credits,
        );
  });
}

const NOTHING_CARRIED: CarryOver = { cap: 0, periods: 0 };

function carryOvers(from: CarryOver | null, to: CarryOver | null): Difference[] {
  const [before, after] = [from ?? NOTHING_CARRIED, to ?? NOTHING_CARRIED];
  const shown = ({ cap, periods }: CarryOver): string =>
    cap === 0 ? 'none' : `${String(cap)} credits for ${String(periods)} periods`;
  const byCap = Math.sign(after.cap - before.cap);
  const byPeriods = Math.sign(after.periods - before.periods);
  return difference('carry-over', shown(before), shown(after), byCap + byPeriods);
}

/** A few users by name, among how many. */
export interface Some {
  accounts: number;
  users: readonly string[];
}

const FEW = 3;
export const NOBODY: Some = { accounts: 0, users: [] };

export function addUser({ accounts, users }: Some, userId: string): Some {
  return { accounts: accounts + 1, users: users.length < FEW ? [...users, userId] : users };
}

export interface ChangeSummary extends Some {
  change: CatalogueChange;
  /** The earliest and the latest of the next periods. */
  firstAt: Instant;
  lastAt: Instant;
}

export interface PlanSummary {
  plan: string;
  /** `unchanged` and those with a change are all of them. */
  accounts: number;
  unchanged: number;
  changes: Map<string, ChangeSummary>;
  /** What `apply` would add to accounts and take from them, in credits. */
  given: { credits: number } & Some;
  taken: { credits: number } & Some;
}

/** Its size depends on how many plans and changes there are, and not on how many accounts. */
export type DiffSummary = Map<string, PlanSummary>;

/** Adds an account to a summary. */
export function addToSummary(summary: DiffSummary, diff: AccountDiff): void {
  const { userId, plan, nextAt, changes, creditsByApply } = diff;
  const of = summary.get(plan) ?? emptyPlan(plan);
  const isChanged = changes.length > 0 || creditsByApply !== 0;
  for (const change of changes) {
    const key = JSON.stringify(change);
    const known = of.changes.get(key) ?? { ...NOBODY, change, firstAt: nextAt, lastAt: nextAt };
    of.changes.set(key, {
      change,
      ...addUser(known, userId),
      firstAt: Math.min(known.firstAt, nextAt),
      lastAt: Math.max(known.lastAt, nextAt),
    });
  }
  const withCredits = (sum: PlanSummary['given'], credits: number): PlanSummary['given'] =>
    credits > 0 ? { ...addUser(sum, userId), credits: sum.credits + credits } : sum;
  summary.set(plan, {
    ...of,
    accounts: of.accounts + 1,
    unchanged: of.unchanged + (isChanged ? 0 : 1),
    given: withCredits(of.given, creditsByApply),
    taken: withCredits(of.taken, -creditsByApply),
  });
}

/** How many accounts were compared, and how many of them gain or lose something. One may do both. */
export interface DiffFigures {
  accounts: number;
  gaining: number;
  losing: number;
}

export const NOTHING_COMPARED: DiffFigures = { accounts: 0, gaining: 0, losing: 0 };

export function addToFigures(
  { accounts, gaining, losing }: DiffFigures,
  { changes, creditsByApply }: AccountDiff,
): DiffFigures {
  const has = (effect: CatalogueChange['effect']): boolean =>
    changes.some((change) => change.effect === effect);
  return {
    accounts: accounts + 1,
    gaining: gaining + Number(has('gains') || creditsByApply > 0),
    losing: losing + Number(has('loses') || creditsByApply < 0),
  };
}

function emptyPlan(plan: string): PlanSummary {
  const nothing = { ...NOBODY, credits: 0 };
  return { plan, accounts: 0, unchanged: 0, changes: new Map(), given: nothing, taken: nothing };
}

/** What an account has that a catalogue lacks, by entry: `plan gold`, `meter faxes`. It works on by the terms that stand. */
export function lackedBy(catalogue: Catalogue, account: Account): string[] {
  const lacked = (kind: string, ids: readonly string[], known: readonly { id: string }[]): string[] =>
    ids.filter((id) => !known.some((each) => each.id === id)).map((id) => `${kind} ${id}`);
  return [
    ...(planOfAccount(account, catalogue) === null ? [`plan ${account.plan}`] : []),
    ...lacked('meter', Object.keys(account.meters), catalogue.meters),
    ...lacked('level', Object.keys(account.levels), catalogue.levels),
  ];
}
