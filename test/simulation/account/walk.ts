/** A walk at random through everything that can happen to an account, judged after each step. */
import { type Account, newAccount, openUntil } from '../../../lambdas/domain/account.ts';
import { DAY_MS, type Instant, toIso } from '../../../lambdas/domain/instants.ts';
import { isWorthKeeping, rollForward } from '../../../lambdas/domain/roll-forward.ts';
import { sumOf } from '../../support/accounts.ts';
import { type Random, seededRandom } from '../../support/random.ts';
import {
  checkBooks,
  checkClosed,
  checkDecisions,
  checkFigures,
  checkMovements,
  checkPeriods,
  checkPurchased,
  type Guarantee,
} from './checks.ts';
import { grantedTwice, type Served, servedAfterFollowing, servedAfterRoll } from './intervals.ts';
import { takeStep, type World } from './steps.ts';

export interface Broken {
  guarantee: Guarantee;
  what: string;
  seed: number;
  /** What led there, newest last. */
  trace: string[];
}

/** How the walks went: what broke, and how often each kind of step was taken. */
export interface WalkLog {
  broken: Broken[];
  steps: number;
  taken: Map<string, number>;
}

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

/** Carries one walk out, and tells in the log what broke. */
export function walk(seed: number, steps: number, log: WalkLog): void {
  const random = seededRandom(seed);
  let now = Date.UTC(2024, 0, 1) + random.integer(0, 800 * DAY_MS);
  const world: World = {
    account: newAccount('user', now),
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
  let served: Served = null;
  const trace: { told: Instant; label: string; account: Account }[] = [];
  const tell = (guarantee: Guarantee, what: string): void => {
    const led = trace
      .slice(-8)
      .map(({ told, label, account }) => `${toIso(told)} ${label}: ${JSON.stringify(account)}`);
    log.broken.push({ guarantee, what, seed, trace: led });
  };
  for (let index = 0; index < steps; index += 1) {
    now = nextInstant(random, world, now);
    // Clocks need not agree to the millisecond: some commands come with an earlier now.
    const told = random.happens(0.1) ? now - random.integer(1, 2_000) : now;
    const before = world.account;
    const rolled = rollForward(before, told);
    if (index % 3 === 0) {
      checkDecisions(rolled.account, told, tell);
    }
    const step = takeStep(random, world, told);
    log.steps += 1;
    const label = step?.label ?? 'refused';
    log.taken.set(label, (log.taken.get(label) ?? 0) + 1);
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
    world.account = change.account;
    world.stored.push(...change.closed.filter(isWorthKeeping));
    step.remember(world);
    ledger += sumOf([...change.closed.flatMap((period) => period.movements), ...change.movements]);
    checkFigures(world, tell);
    checkBooks(world, ledger, tell);
    if (grantedTwice(served, world.account) > 0) {
      tell('G5', `${grantedTwice(served, world.account)} credits of an interval were granted twice`);
    }
    if (world.account.subscription.status === 'trialing') {
      log.taken.set('in a trial', (log.taken.get('in a trial') ?? 0) + 1);
    }
    if (world.account.credits.owed > 0) {
      log.taken.set('owing', (log.taken.get('owing') ?? 0) + 1);
    }
  }
}
