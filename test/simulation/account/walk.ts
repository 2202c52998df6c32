/** A random walk through everything that can happen to an account, with checks after each step. */
import fc from 'fast-check';
import { type Account, newAccount, openUntil } from '../../../lambdas/domain/account.ts';
import { DAY_MS, type Instant, toIso } from '../../../lambdas/domain/instants.ts';
import { isWorthKeeping, rollForward } from '../../../lambdas/domain/roll-forward.ts';
import { sumOf } from '../../support/accounts.ts';
import { anyDraws, type Draws, type Random, randomFrom } from '../../support/random.ts';
import {
  checkBooks,
  checkCarried,
  checkClosed,
  checkDecisions,
  checkFigures,
  checkMovements,
  checkPaid,
  checkPeriods,
  checkPurchased,
  checkReturned,
  type Guarantee,
} from './checks.ts';
import { grantedTwice, type Served, servedAfterFollowing, servedAfterRoll } from './intervals.ts';
import { takeStep, type World } from './steps.ts';
import { LETTERS } from '../../support/catalogues.ts';

export class BrokenGuaranteeError extends Error {
  override name = 'BrokenGuaranteeError';
  readonly guarantee: Guarantee;

  /** The trace tells what led there, newest last. */
  constructor(guarantee: Guarantee, what: string, trace: readonly string[]) {
    super(`${guarantee}: ${what}\n${trace.join('\n')}`);
    this.guarantee = guarantee;
  }
}

/** How often each kind of step was taken. */
export type Taken = Map<string, number>;

export interface Walk {
  begin: Instant;
  steps: readonly Draws[];
}

/** Up to 120 steps, 60 on average. */
export const anyWalk: fc.Arbitrary<Walk> = fc.noBias(
  fc.record({
    begin: fc.integer({ min: Date.UTC(2024, 0, 1), max: Date.UTC(2024, 0, 1) + 800 * DAY_MS }),
    steps: fc.array(anyDraws(24), { maxLength: 120, size: 'max' }),
  }),
);

/** From milliseconds to years, and to the very instants at which something closes. */
function nextInstant(random: Random, { account }: World, now: Instant): Instant {
  const jump = random.pick<() => number>([
    () => 0,
    () => random.integer(0, 3),
    () => random.integer(0, DAY_MS),
    () => random.integer(0, 12 * DAY_MS),
    () => random.integer(0, 12 * DAY_MS),
    () => Math.max(0, openUntil(account) + random.integer(-2, 2) - now),
    () => (random.happens(0.3) ? random.integer(0, 70 * DAY_MS) : 0),
    () => (random.happens(0.02) ? random.integer(0, 4_000 * DAY_MS) : 0),
  ]);
  return now + jump();
}

/** Takes all steps, or throws at the first broken guarantee. */
export function walk({ begin, steps }: Walk, taken: Taken): void {
  const count = (label: string): unknown => taken.set(label, (taken.get(label) ?? 0) + 1);
  let now = begin;
  const world: World = {
    account: newAccount('user', now, LETTERS),
    stored: [],
    mails: [],
    purchases: [],
    gifts: [],
    repaid: null,
    givenAway: 0,
    adjustedDown: 0,
    told: [],
  };
  let ledger = 0;
  let served: Served = new Map();
  const trace: { told: Instant; label: string; account: Account }[] = [];
  const tell = (guarantee: Guarantee, what: string): void => {
    const led = trace
      .slice(-8)
      .map(({ told, label, account }) => `${toIso(told)} ${label}: ${JSON.stringify(account)}`);
    throw new BrokenGuaranteeError(guarantee, what, led);
  };
  for (const [index, draws] of steps.entries()) {
    const random = randomFrom(draws);
    now = nextInstant(random, world, now);
    // Clocks need not agree to the millisecond: some commands come with an earlier now.
    const told = random.happens(0.1) ? now - random.integer(1, 2_000) : now;
    const before = world.account;
    const rolled = rollForward(before, told, LETTERS);
    if (index % 3 === 0) {
      checkDecisions(rolled.account, told, tell);
    }
    const step = takeStep(random, world, told);
    const label = step?.label ?? 'refused';
    count(label);
    if (step === null) {
      continue;
    }
    const { change } = step;
    trace.push({ told, label, account: change.account });
    served = servedAfterRoll(served, before, rolled);
    if (step.label.startsWith('subscription')) {
      served = servedAfterFollowing(served, rolled.account, change.account);
    }
    checkPeriods(before, change, tell);
    checkClosed(before, change, tell);
    checkMovements(before, change, tell);
    checkPurchased(before, rolled.account, step, tell);
    checkReturned(step, tell);
    checkCarried(rolled, tell);
    world.account = change.account;
    world.stored.push(...change.closed.filter(isWorthKeeping));
    step.remember(world);
    ledger += sumOf([...change.closed.flatMap((period) => period.movements), ...change.movements]);
    checkFigures(world, tell);
    checkBooks(world, ledger, tell);
    checkPaid(world, tell);
    if (grantedTwice(served, world.account) > 0) {
      tell('G5', `${grantedTwice(served, world.account)} credits of an interval were granted twice`);
    }
    if (world.account.subscription.status === 'trialing') {
      count('in a trial');
    }
    for (const { kind } of change.movements) {
      if (kind === 'withheld' || kind === 'made_good') {
        count(kind);
      }
    }
    if (world.account.credits.owed > 0) {
      count('owing');
    }
  }
}
