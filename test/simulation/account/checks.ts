/** What must hold after each step of a walk. A check tells in words what is wrong, and which guarantee that breaks. */
import {
  type Account,
  type AccountChange,
  isOpen,
  dayOf,
  openUntil,
} from '../../../lambdas/domain/account.ts';
import { type Plan } from '../../../lambdas/domain/catalogue.ts';
import { available, type Credits, left } from '../../../lambdas/domain/credits.ts';
import { sumLots } from '../../../lambdas/domain/lots.ts';
import { type Instant } from '../../../lambdas/domain/instants.ts';
import { leftOf, limitAsCount } from '../../../lambdas/domain/terms.ts';
import { type Counts, decideUse } from '../../../lambdas/domain/usage.ts';
import { sumOf } from '../../support/accounts.ts';
import { LETTERS } from '../../support/catalogues.ts';
import { type Step, type World } from './steps.ts';

/** `paid`: nobody gets what nobody paid for. */
export type Guarantee = 'paid' | 'G1' | 'G4' | 'G5' | 'G7' | 'G8' | 'G11';

/** Tells a broken guarantee. */
export type Tell = (guarantee: Guarantee, what: string) => void;

/** Purchased credits that are left, less those that are owed. Paying a debt does not change this. */
function worthOf(credits: Credits): number {
  return left(credits).purchased - credits.owed;
}

function isCount(figure: number): boolean {
  return Number.isSafeInteger(figure) && figure >= 0;
}

/** As the letters app's catalogue has it. */
const MAILS_PER_DAY = 10;

/** The plan by the catalogue, whatever terms stand on the account. */
function planOf({ plan }: Account): Plan {
  const found = LETTERS.plans.find(({ id }) => id === plan);
  if (found === undefined) {
    throw new Error(`No walk gives an account the plan ${plan}.`);
  }
  return found;
}

function usedOf({ meters }: Account, meter: string): number {
  return meters[meter]?.used ?? 0;
}

/** G1: nothing below zero, nothing past its limit. */
export function checkFigures({ account }: World, tell: Tell): void {
  const { credits, meters, usesByDay } = account;
  const { lots, ...others } = credits;
  const counts = Object.values(meters);
  const ofMeters = counts.flatMap((count) => [count.used, count.paid, count.used - count.paid]);
  const figures = [...lots, ...Object.values(others), ...ofMeters, ...Object.values(usesByDay)];
  if (!figures.every(isCount)) {
    tell('G1', `a figure is below zero or no whole number: ${figures.join(' ')}`);
  }
  // A card may pay on whatever plan the account is by then.
  if (counts.some(({ used, paid, limit }) => leftOf({ used: used - paid, limit }) < 0)) {
    tell('G1', `a meter is past its limit: ${JSON.stringify(meters)}`);
  }
  if (available(credits) < 0) {
    tell('G1', `${available(credits)} credits are available`);
  }
  if (credits.used < credits.usedThisPeriod) {
    tell('G1', 'the period has used more than the lifetime');
  }
  const { limits } = planOf(account);
  for (const { id, credits: cost } of LETTERS.meters) {
    const count = meters[id];
    if (count?.limit !== (limits[id] ?? null) || count.credits !== cost) {
      tell('G1', `the meters are not the plan's: ${JSON.stringify(meters)}`);
    }
  }
  if (Object.values(usesByDay).some((mails) => mails > MAILS_PER_DAY)) {
    tell('G1', 'more mails in a day than it allows');
  }
}

/** Past due, no included credit is left, and otherwise none is withheld: whatever was done, and in which order. */
export function checkPaid({ account }: World, tell: Tell): void {
  const { subscription, credits, creditsPerPeriod } = account;
  const isUnpaid = subscription.status === 'past_due';
  const { included } = left(credits);
  if (isUnpaid ? included > 0 : credits.withheld > 0) {
    tell(
      'paid',
      `${subscription.status}, with ${included} included and ${credits.withheld} withheld credits left`,
    );
  }
  if (isUnpaid && credits.withheld > creditsPerPeriod) {
    tell('paid', `${credits.withheld} withheld of ${creditsPerPeriod}`);
  }
}

/** G4: three ways to one balance, and what was taken back is accounted for. */
export function checkBooks(world: World, ledger: number, tell: Tell): void {
  const { credits } = world.account;
  const { granted, used, expired, takenBack, owed } = credits;
  const rest = left(credits);
  const balances = [
    available(credits),
    granted - used - expired - takenBack,
    ledger,
    sumLots(rest.lots) + rest.included + rest.purchased,
  ];
  if (new Set(balances).size !== 1) {
    tell('G4', `the balances differ: ${balances.join(' ')}`);
  }
  const clawed = world.purchases.reduce((sum, { creditsTaken }) => sum + creditsTaken, 0);
  const given = world.gifts.reduce((sum, count) => sum + count, world.givenAway);
  if (takenBack + owed !== clawed + given + world.adjustedDown) {
    tell('G4', `taken back ${takenBack}, owed ${owed}, but clawed ${clawed}, given ${given}`);
  }
  if (owed > 0 && rest.purchased > 0) {
    tell('G4', `${owed} are owed while ${rest.purchased} purchased credits are free`);
  }
  if (world.repaid !== null && !isCount(world.repaid.purchasedOutstanding)) {
    tell('G4', 'a closed period has been repaid more than it spent');
  }
}

/** G5: periods follow one another without gap, none of them empty, and each step tells all that it moved. */
export function checkPeriods(before: Account, { account, closed }: AccountChange, tell: Tell): void {
  const starts = [...closed.map(({ periodStart }) => periodStart), account.periodStart];
  const ends = closed.map(({ periodEnd }) => periodEnd);
  if (starts[0] !== before.periodStart || ends.some((end, index) => end !== starts[index + 1])) {
    tell('G5', `periods have a gap: ${starts.join(' ')}`);
  }
  if (closed.some(({ periodStart, periodEnd }) => periodEnd <= periodStart)) {
    tell('G5', 'a closed period is empty');
  }
  if (!closed.every(({ purchasedOutstanding }) => isCount(purchasedOutstanding))) {
    tell('G4', 'a period has been repaid more than it spent');
  }
  if (openUntil(account) <= account.periodStart) {
    tell('G5', 'the open period is empty');
  }
}

/** G4: each closed period tells what was used in it and what was left. Nothing is used between the closes of one step. */
export function checkClosed(before: Account, { closed, movements }: AccountChange, tell: Tell): void {
  let balance = available(before.credits);
  let used = { credits: before.credits.usedThisPeriod, byCard: before.meters['mails']?.paid };
  for (const period of closed) {
    // A change of the plan may come between two closes.
    const balances = [balance, balance + sumOf(movements)];
    if (
      !balances.includes(period.creditsLeft) ||
      period.creditsUsed !== used.credits ||
      period.meters['mails']?.paid !== used.byCard
    ) {
      tell('G4', `a closed period does not tell what was used and left: ${JSON.stringify(period)}`);
    }
    balance = period.creditsLeft + sumOf(period.movements);
    used = { credits: 0, byCard: 0 };
  }
}

/** G4: a step's movements explain the new balance. */
export function checkMovements(
  before: Account,
  { account, closed, movements }: AccountChange,
  tell: Tell,
): void {
  const moved = [...closed.flatMap((period) => period.movements), ...movements];
  if (available(account.credits) - available(before.credits) !== sumOf(moved)) {
    tell('G4', `the movements don't explain the balance: ${JSON.stringify(moved)}`);
  }
  if (moved.some(({ amount }) => amount === 0)) {
    tell('G4', 'a movement moves nothing');
  }
}

/** G11: a credit comes back once, and as what the walk expects: a failed one into the youngest lot. */
export function checkReturned({ returned, change }: Step, tell: Tell): void {
  if (returned === undefined) {
    return;
  }
  const { before, because, as, expected } = returned;
  const { credits } = change.account;
  if (as.length !== 1 || as[0] !== expected) {
    tell('G11', `a credit returned as ${as.join(' ')}, expected ${expected}`);
  }
  // What pays a debt has come back too, and so has what is withheld.
  const heldOf = (held: Credits): number => available(held) + held.withheld - held.owed;
  const gained = heldOf(credits) - heldOf(before.credits);
  if (gained !== (expected === 'expired' ? 0 : 1)) {
    tell('G11', `a credit returned as ${expected} and moved the balance by ${gained}`);
  }
  const joined = (credits.lots.at(-1) ?? 0) - (before.credits.lots.at(-1) ?? 0);
  const joins = expected === 'carried' && (because === 'failed' || credits.lots.length === 1);
  if (joined !== (joins ? 1 : 0)) {
    tell('G11', `a credit that was ${because} added ${joined} to the youngest lot`);
  }
  if (expected === 'carried' && because === 'cancelled' && credits.lots.length < (LOTS[before.plan] ?? 1)) {
    tell('G11', 'a cancelled credit outlives the open period');
  }
}

/** How many lots a plan has. */
const LOTS: Readonly<Record<string, number>> = { none: 1, pro: 1, enterprise: 3 };
/** The most that it carries over a boundary. */
const CAPS: Readonly<Record<string, number>> = { none: 0, pro: 0, enterprise: 10 };

/** G11: over a boundary a plan carries what it says, however much came back before. */
export function checkCarried({ account, closed }: AccountChange, tell: Tell): void {
  const last = closed.at(-1);
  if (last !== undefined && sumLots(account.credits.lots) > (CAPS[last.plan] ?? 0)) {
    tell('G11', `${last.plan} carries ${account.credits.lots.join(' ')} over a boundary`);
  }
}

/** G8: rolling forward keeps every purchased credit, and a step changes them by what it is for. */
export function checkPurchased(before: Account, rolled: Account, step: Step, tell: Tell): void {
  if (worthOf(rolled.credits) !== worthOf(before.credits)) {
    tell(
      'G8',
      `rolling forward moved ${worthOf(rolled.credits) - worthOf(before.credits)} purchased credits`,
    );
  }
  const worth = worthOf(step.change.account.credits) - worthOf(rolled.credits);
  if (worth !== step.worth) {
    tell('G8', `${step.label} moved ${worth} purchased credits, expected ${step.worth}`);
  }
}

/** What an account's figures allow, without asking `decideUse`. */
function allows(account: Account, use: Counts, mailsToday: number): boolean {
  const { limits } = planOf(account);
  const { mails = 0 } = use;
  return (
    Object.entries(use).every(
      ([id, count]) => count === 0 || usedOf(account, id) + count <= limitAsCount(limits[id] ?? null),
    ) &&
    (mails === 0 || mailsToday + mails <= MAILS_PER_DAY) &&
    mails <= available(account.credits)
  );
}

/** Uses that lie on both sides of what is left. */
function probes(account: Account): Counts[] {
  const all = available(account.credits);
  const letters = limitAsCount(planOf(account).limits['letters'] ?? null) - usedOf(account, 'letters');
  return [
    { letters },
    { letters: letters + 1 },
    { emails: 1 },
    { mails: all },
    { mails: all + 1 },
    { mails: 1 },
  ];
}

/** G7: a rolled account is open, and decides by its figures. */
export function checkDecisions(rolled: Account, now: Instant, tell: Tell): void {
  const at = Math.max(now, rolled.periodStart);
  if (!isOpen(rolled, at)) {
    tell('G7', 'the account is not open after it was rolled forward');
  }
  const mailsToday = rolled.usesByDay[dayOf('mails', at)] ?? 0;
  for (const use of probes(rolled)) {
    const decision = decideUse({ consume: use, release: {} }, rolled, LETTERS, at, 'probe');
    if ((decision.outcome === 'accepted') !== allows(rolled, use, mailsToday)) {
      tell('G1', `${JSON.stringify(use)} was ${decision.outcome}`);
    }
  }
}
