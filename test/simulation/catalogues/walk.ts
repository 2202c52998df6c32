/** One account that lives under changing catalogues, and what must hold of it after each step. */
import { expect } from '@jest/globals';
import {
  type Account,
  type AccountChange,
  firstMovements,
  isOpen,
  newAccount,
} from '../../../lambdas/domain/account.ts';
import { applyCatalogue } from '../../../lambdas/domain/apply-catalogue.ts';
import { viewAccount } from '../../../lambdas/domain/account-view.ts';
import { type Catalogue } from '../../../lambdas/domain/catalogue.ts';
import { type RecordedConsumption } from '../../../lambdas/domain/changes.ts';
import { changeCredits } from '../../../lambdas/domain/credit-commands.ts';
import { available, grantPurchased, left } from '../../../lambdas/domain/credits.ts';
import { giveBack } from '../../../lambdas/domain/give-back.ts';
import { DAY_MS, type Instant } from '../../../lambdas/domain/instants.ts';
import { type StoredPeriod } from '../../../lambdas/domain/returns.ts';
import { rollForward } from '../../../lambdas/domain/roll-forward.ts';
import { followSubscription, type SubscriptionFacts } from '../../../lambdas/domain/subscriptions.ts';
import { leftOf } from '../../../lambdas/domain/terms.ts';
import { decideUse, levelsIn, type Use } from '../../../lambdas/domain/usage.ts';
import { sumOf } from '../../support/accounts.ts';
import { expectNothingUnpaid, expectSoundCredits } from '../../support/books.ts';
import { type Act, BEGIN } from './arbitraries.ts';

interface World {
  account: Account;
  now: Instant;
  /** What all movements so far add up to. */
  balance: number;
  periods: StoredPeriod[];
  consumptions: RecordedConsumption[];
  anchor: Instant | null;
}

/** How a step may change the account beside rolling it forward. */
type Kind = 'use' | 'plan' | 'apply' | 'credits' | 'none';

export function walk(catalogues: readonly Catalogue[], acts: readonly Act[]): void {
  const [first] = catalogues;
  if (first === undefined) {
    return;
  }
  const account = newAccount('user', BEGIN, first);
  const balance = sumOf(firstMovements(account, first));
  const world: World = { account, now: BEGIN, balance, periods: [], consumptions: [], anchor: null };
  expectSoundCredits(account.credits);
  for (const { afterMs, isOlderFunction, act } of acts) {
    world.now += afterMs;
    const inForce = catalogues.filter(({ since }) => since <= world.now);
    const catalogue = inForce.at(isOlderFunction ? -2 : -1) ?? first;
    step(world, act, catalogue);
    expectCounted(world);
  }
}

function step(world: World, act: Act['act'], catalogue: Catalogue): void {
  const { account, now } = world;
  expectRollingInTwo(account, now, catalogue);
  switch (act.do) {
    case 'consume':
    case 'release':
      use(
        world,
        'consume' in act ? { consume: act.consume, release: {} } : { consume: {}, release: act.release },
        catalogue,
      );
      return;
    case 'give back': {
      giveOneBack(world, act.which, catalogue);
      return;
    }
    case 'subscribe':
      world.anchor ??= Math.floor(now / 1_000) * 1_000;
      {
        follow(world, catalogue, {
          plan: act.plan,
          anchor: world.anchor,
          subscription: {
            ...(act.isPaid ? { status: 'active' } : { status: 'past_due', graceEndsAt: now + 7 * DAY_MS }),
            id: 'sub_1',
            interval: 'month',
            endsAt: null,
          },
        });
        return;
      }
    case 'end':
      world.anchor = null;
      {
        follow(world, catalogue, null);
        return;
      }
    case 'buy': {
      take(
        world,
        changeCredits(account, now, catalogue, (credits) =>
          grantPurchased(credits, act.count, 'purchase', 'buy'),
        ),
        'credits',
        catalogue,
      );
      return;
    }
    case 'apply': {
      const change = applyCatalogue(account, catalogue, now);
      if (change !== null) {
        take(world, change, 'apply', catalogue);
        expect(applyCatalogue(world.account, catalogue, now)).toBeNull();
      }
      return;
    }
    case 'roll': {
      take(world, rollForward(account, now, catalogue), 'none', catalogue);
      return;
    }
  }
}

/** G7: rolling to one time and then to another equals rolling to the last. */
function expectRollingInTwo(account: Account, now: Instant, catalogue: Catalogue): void {
  const middle = Math.floor((account.periodStart + now) / 2);
  const half = rollForward(account, middle, catalogue);
  const whole = rollForward(half.account, now, catalogue);
  const atOnce = rollForward(account, now, catalogue);
  expect([...half.closed, ...whole.closed]).toEqual(atOnce.closed);
  expect(whole.account).toEqual(atOnce.account);
}

function use(world: World, asked: Use, catalogue: Catalogue): void {
  // The route refuses what the catalogue lacks, before anything is decided.
  const known = new Set([...catalogue.meters, ...catalogue.levels].map(({ id }) => id));
  if (![...Object.keys(asked.consume), ...Object.keys(asked.release)].every((id) => known.has(id))) {
    return;
  }
  const rolled = rollForward(world.account, world.now, catalogue);
  const at = Math.max(world.now, rolled.account.periodStart);
  const decision = decideUse(asked, rolled.account, catalogue, at, 'use');
  expect(decision.outcome).not.toBe('not_current');
  if (decision.outcome === 'refused') {
    expectToldAlike(rolled.account, decision.refusal, catalogue, at);
  }
  if (decision.outcome !== 'accepted') {
    return;
  }
  const { account, movements, credits } = decision;
  take(world, { account, closed: rolled.closed, movements }, 'use', catalogue);
  for (const id of Object.keys(asked.consume)) {
    // G1: what was let in leaves nothing below zero.
    expect(
      leftOf(account.meters[id] ?? account.levels[id] ?? { used: 1, limit: null }),
    ).toBeGreaterThanOrEqual(0);
  }
  world.consumptions.push({
    id: `use-${world.consumptions.length}`,
    consumed: asked.consume,
    released: asked.release,
    credits,
    levels: levelsIn(asked, catalogue),
    createdAt: at,
    givenBackAt: null,
  });
}

/** G14: the refusal and the summary tell the same figures. */
function expectToldAlike(account: Account, refusal: object, catalogue: Catalogue, now: Instant): void {
  const view = viewAccount(account, now, catalogue);
  if ('meter' in refusal && 'used' in refusal && 'limit' in refusal) {
    const shown = view.meters[String(refusal.meter)];
    const held = view.levels[String(refusal.meter)];
    expect(refusal).toMatchObject({
      limit: shown?.limit ?? held?.limit,
      used: shown?.used ?? held?.held,
    });
  }
}

function giveOneBack(world: World, which: number, catalogue: Catalogue): void {
  const index = which % Math.max(1, world.consumptions.length);
  const consumption = world.consumptions[index];
  if (consumption?.givenBackAt !== null) {
    return;
  }
  const stored =
    world.periods.find(
      ({ periodStart, periodEnd }) =>
        periodStart <= consumption.createdAt && consumption.createdAt < periodEnd,
    ) ?? null;
  const decision = giveBack(world.account, consumption, stored, world.now, catalogue);
  if (decision.outcome === 'refused') {
    return;
  }
  if (decision.repaid !== null && stored !== null) {
    stored.purchasedOutstanding = decision.repaid.purchasedOutstanding;
  }
  take(world, decision, 'credits', catalogue);
  world.consumptions[index] = { ...consumption, givenBackAt: world.now };
}

function follow(world: World, catalogue: Catalogue, facts: SubscriptionFacts): void {
  const isSold = facts === null || catalogue.plans.some(({ id }) => id === facts.plan);
  if (isSold) {
    take(world, followSubscription(world.account, facts, world.now, catalogue), 'plan', catalogue);
  }
}

function take(world: World, change: AccountChange, kind: Kind, catalogue: Catalogue): void {
  const before = world.account;
  const { account, closed, movements } = change;
  expectSoundCredits(account.credits);
  expectNothingUnpaid(account);
  expectClosedOnce(before, account, closed);
  // G4: the balance is what all movements add up to.
  world.balance += sumOf([...closed.flatMap((period) => period.movements), ...movements]);
  expect(available(account.credits)).toBe(world.balance);
  expectNothingLost(before, account, closed.length === 0);
  if (kind !== 'use') {
    // G8: nothing but a use takes a purchased credit.
    expect(left(account.credits).purchased).toBeGreaterThanOrEqual(left(before.credits).purchased);
  }
  const isOfSamePlan = kind !== 'plan' && kind !== 'apply' && account.plan === before.plan;
  const isBehind = before.catalogueSince > catalogue.since;
  const isOfBefore = account.periodStart < catalogue.since;
  if (isOfSamePlan && (closed.length === 0 || isBehind || isOfBefore)) {
    expectSameTerms(before, account);
  }
  world.account = { ...account, version: before.version + 1 };
  world.periods.push(
    ...closed.map(({ periodStart, periodEnd, purchasedOutstanding }) => ({
      periodStart,
      periodEnd,
      purchasedOutstanding,
    })),
  );
  expect(isOpen(world.account, Math.max(world.now, account.periodStart))).toBe(true);
  expect(catalogue.meters.every(({ id }) => id in account.meters) || kind === 'plan').toBe(true);
}

/** What is counted and held is what the consumptions say, whatever became of catalogue and plan. */
function expectCounted({ account, consumptions }: World): void {
  const counting = consumptions.filter(({ givenBackAt }) => givenBackAt === null);
  const inPeriod = counting.filter(({ createdAt }) => createdAt >= account.periodStart);
  const sum = (of: readonly RecordedConsumption[], id: string): number =>
    of.reduce((total, { consumed, released }) => total + (consumed[id] ?? 0) - (released[id] ?? 0), 0);
  const meters = Object.entries(account.meters).map(([id, { used }]) => [id, used]);
  expect(meters).toEqual(Object.keys(account.meters).map((id) => [id, sum(inPeriod, id)]));
  const levels = Object.entries(account.levels).map(([id, { used }]) => [id, used]);
  expect(levels).toEqual(Object.keys(account.levels).map((id) => [id, sum(counting, id)]));
}

/** G5: periods follow each other without a gap, and each closes once. */
function expectClosedOnce(before: Account, after: Account, closed: AccountChange['closed']): void {
  let start = before.periodStart;
  for (const period of closed) {
    expect(period.periodStart).toBe(start);
    expect(period.periodEnd).toBeGreaterThan(period.periodStart);
    start = period.periodEnd;
  }
  expect(after.periodStart).toBe(start);
}

/** An open period keeps its meters, and a level of which something is held is never dropped. */
function expectNothingLost(before: Account, after: Account, isSamePeriod: boolean): void {
  const gone = Object.keys(before.meters).filter((id) => isSamePeriod && !(id in after.meters));
  expect(gone).toEqual([]);
  const lost = Object.entries(before.levels).filter(([id, { used }]) => used > 0 && !(id in after.levels));
  expect(lost).toEqual([]);
}

/** G14: an open period keeps the terms that it opened with, whichever function meets it. */
function expectSameTerms(before: Account, after: Account): void {
  for (const [id, { limit, credits }] of Object.entries(before.meters)) {
    expect({ id, ...after.meters[id] }).toMatchObject({ id, limit, credits });
  }
  for (const [id, { limit }] of Object.entries(before.levels)) {
    expect({ id, ...after.levels[id] }).toMatchObject({ id, limit });
  }
  const { creditsPerPeriod, carryOver, catalogueSince } = before;
  expect(after).toMatchObject({ creditsPerPeriod, carryOver, catalogueSince });
}
