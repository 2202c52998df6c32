/** Builders for the domain's tests: given an account, when something happens to it, then what it shows. */
import {
  type Account,
  type AccountChange,
  type ClosedPeriod,
  newAccount,
} from '../../lambdas/domain/account.ts';
import { available, type Credits, left, type Movement } from '../../lambdas/domain/credits.ts';
import { type Lots, NO_LOTS, sumLots } from '../../lambdas/domain/lots.ts';
import { type Instant, toIso } from '../../lambdas/domain/instants.ts';
import { followChoice } from '../../lambdas/domain/live-subscription.ts';
import { boundaryAtOrBefore } from '../../lambdas/domain/periods.ts';
import { type BillingInterval } from '../../lambdas/domain/catalogue.ts';
import { rollForward } from '../../lambdas/domain/roll-forward.ts';
import { type LiveFacts } from '../../lambdas/domain/subscriptions.ts';
import { limitAsCount, type LimitedCount, type MeterCount } from '../../lambdas/domain/terms.ts';
import { type Counts, decideUse } from '../../lambdas/domain/usage.ts';
import { LETTERS } from './catalogues.ts';

/** An instant from its ISO form; a day alone is its midnight in UTC. */
export function at(text: string): Instant {
  const instant = Date.parse(text);
  if (Number.isNaN(instant)) {
    throw new Error(`${text} is no instant`);
  }
  return instant;
}

/** The day, where the instant is a midnight; else the whole instant. */
export function shown(instant: Instant): string {
  return toIso(instant).replace('T00:00:00.000Z', '');
}

interface FactsOptions {
  plan?: string;
  id?: string;
  interval?: BillingInterval;
  anchor?: string;
  endsAt?: string | null;
}

function liveFacts(options: FactsOptions): {
  plan: string;
  id: string;
  interval: BillingInterval;
  endsAt: Instant | null;
} {
  const { plan = 'pro', id = 'sub_1', interval = 'month', endsAt = null } = options;
  return { plan, id, interval, endsAt: endsAt === null ? null : at(endsAt) };
}

export function active(options: FactsOptions): LiveFacts {
  const { plan, ...live } = liveFacts(options);
  return { plan, anchor: at(options.anchor ?? '2026-01-31'), subscription: { status: 'active', ...live } };
}

export function pastDue(options: FactsOptions & { graceEndsAt: string }): LiveFacts {
  const { plan, ...live } = liveFacts(options);
  const graceEndsAt = at(options.graceEndsAt);
  const anchor = at(options.anchor ?? '2026-01-31');
  return { plan, anchor, subscription: { status: 'past_due', graceEndsAt, ...live } };
}

/** Stripe's anchor of a trial is its end. */
export function trial(options: Omit<FactsOptions, 'anchor'> & { trialEndsAt: string }): LiveFacts {
  const { plan, ...live } = liveFacts(options);
  const trialEndsAt = at(options.trialEndsAt);
  return { plan, anchor: trialEndsAt, subscription: { status: 'trialing', trialEndsAt, ...live } };
}

/** A free user of whose subscription a worker learns as the period that holds `now` begins. It takes effect 1 ms later. */
export function givenSubscriber(facts: LiveFacts, now: string): Account {
  const start = boundaryAtOrBefore(facts.anchor, at(now));
  const change = followChoice(
    newAccount('user', start, LETTERS),
    { facts, hadSubscription: true },
    start - 1,
    LETTERS,
  );
  return { ...change.account, billingVersion: 1 };
}

type Pots = Partial<
  Pick<Credits, 'lots' | 'included' | 'purchased' | 'usedThisPeriod' | 'owed' | 'withheld'>
>;

/** Credits whose books are closed (G4): what is held has been granted, and what is used has been used now. */
export function givenCredits(pots: Pots): Credits {
  const { lots = NO_LOTS, included = 0, purchased = 0, usedThisPeriod = 0, owed = 0, withheld = 0 } = pots;
  return {
    lots,
    included,
    purchased,
    usedThisPeriod,
    owed,
    withheld,
    granted: sumLots(lots) + included + purchased,
    used: usedThisPeriod,
    expired: 0,
    takenBack: 0,
  };
}

export function withCredits(account: Account, pots: Pots): Account {
  return { ...account, credits: givenCredits(pots) };
}

/** The account after a use, rolled forward first. The test is wrong where the use is refused. */
export function used(account: Account, consume: Counts, now: string): Account {
  const { account: rolled } = rollForward(account, at(now), LETTERS);
  const decision = decideUse({ consume, release: {} }, rolled, LETTERS, at(now), 'test');
  if (decision.outcome !== 'accepted') {
    throw new Error(`The use was not accepted: ${JSON.stringify(decision)}`);
  }
  return decision.account;
}

/** What the open period has counted, by meter. */
export function usesOf({ meters }: { meters: Readonly<Record<string, { used: number }>> }): Counts {
  return Object.fromEntries(Object.entries(meters).map(([id, { used: count }]) => [id, count]));
}

/** What is left of each meter's limit, below zero where a smaller plan has come after the use. */
export function restsOf({ meters }: { meters: Readonly<Record<string, LimitedCount>> }): Counts {
  return Object.fromEntries(
    Object.entries(meters).map(([id, { used: count, limit }]) => [id, limitAsCount(limit) - count]),
  );
}

/** The account, whose meters have counted so much. */
export function withUses(account: Account, uses: Readonly<Record<string, Partial<MeterCount>>>): Account {
  const meters = Object.entries(account.meters).map(([id, count]): [string, MeterCount] => [
    id,
    { ...count, ...uses[id] },
  ]);
  return { ...account, meters: Object.fromEntries(meters) };
}

export function periodOf(account: Pick<Account, 'periodStart' | 'periodEnd'>): [string, string] {
  return [shown(account.periodStart), shown(account.periodEnd)];
}

export function periodsOf(change: { closed: readonly ClosedPeriod[] }): [string, string][] {
  return change.closed.map(periodOf);
}

/** What is left of each kind, as one line of a table. */
export function leftOf({ credits }: { credits: Credits }): {
  lots: Lots;
  included: number;
  purchased: number;
} {
  return left(credits);
}

export function availableTo({ credits }: { credits: Credits }): number {
  return available(credits);
}

/** Every movement of a change, in the order in which it happened. */
export function movementsOf({
  closed = [],
  movements,
}: Pick<AccountChange, 'movements'> & Partial<AccountChange>): [string, number][] {
  return [...closed.flatMap((period) => period.movements), ...movements].map(({ kind, amount }) => [
    kind,
    amount,
  ]);
}

/** What movements add to the balance. */
export function sumOf(movements: readonly Movement[]): number {
  return movements.reduce((sum, { amount }) => sum + amount, 0);
}

/** Two carried lots, included and purchased credits: eleven in all. */
export const MIXED = { lots: [1, 2, 0] as Lots, included: 4, purchased: 4 };

export function potsOf({ lots, included, purchased, usedThisPeriod, owed }: Credits): object {
  return { lots, included, purchased, usedThisPeriod, owed };
}
