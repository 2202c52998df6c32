/** What must hold after each step of a walk. A check tells in words what is wrong, and which guarantee that breaks. */
import {
  type Account,
  type AccountChange,
  isOpen,
  limitAsCount,
  openUntil,
} from '../../../lambdas/domain/account.ts';
import { available, type Credits, left, sumLots } from '../../../lambdas/domain/credits.ts';
import { type Instant, utcDay } from '../../../lambdas/domain/instants.ts';
import { MAILS_PER_DAY, PLANS } from '../../../lambdas/domain/plans.ts';
import { decideUse, type Use } from '../../../lambdas/domain/usage.ts';
import { sumOf } from '../../support/accounts.ts';
import { type Step, type World } from './steps.ts';

export type Guarantee = 'G1' | 'G4' | 'G5' | 'G7' | 'G8';

/** Tells a broken guarantee. */
export type Tell = (guarantee: Guarantee, what: string) => void;

/** Purchased credits that are left, less those that are owed. Paying a debt does not change this. */
function worthOf(credits: Credits): number {
  return left(credits).purchased - credits.owed;
}

function isCount(figure: number): boolean {
  return Number.isSafeInteger(figure) && figure >= 0;
}

/** G1: nothing below zero, nothing past its limit. */
export function checkFigures({ account }: World, tell: Tell): void {
  const { credits, letters, emails, mailsUsed, cardMails, mailsByDay } = account;
  const { lots, ...others } = credits;
  const figures = [...lots, ...Object.values(others), letters.used, letters.left, emails.used, emails.left];
  if (!figures.every(isCount) || !isCount(mailsUsed) || !isCount(cardMails)) {
    tell('G1', `a figure is below zero or no whole number: ${figures.join(' ')}`);
  }
  if (cardMails > mailsUsed) {
    tell('G1', `cards have paid for ${cardMails} of ${mailsUsed} mails`);
  }
  if (available(credits) < 0) {
    tell('G1', `${available(credits)} credits are available`);
  }
  if (credits.used < credits.usedThisPeriod) {
    tell('G1', 'the period has used more than the lifetime');
  }
  const { lettersPerPeriod, emailsPerPeriod } = PLANS[account.plan];
  const isWithin =
    letters.used + letters.left === limitAsCount(lettersPerPeriod) &&
    emails.used + emails.left === limitAsCount(emailsPerPeriod);
  if (!isWithin) {
    tell('G1', `the meters are not the plan's: ${JSON.stringify({ letters, emails })}`);
  }
  if (Object.values(mailsByDay).some((mails) => mails > MAILS_PER_DAY)) {
    tell('G1', 'more mails in a day than it allows');
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
  let used = { credits: before.credits.usedThisPeriod, byCard: before.cardMails };
  for (const period of closed) {
    // A change of the plan may come between two closes.
    const balances = [balance, balance + sumOf(movements)];
    if (
      !balances.includes(period.creditsLeft) ||
      period.creditsUsed !== used.credits ||
      period.cardMails !== used.byCard
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
function allows(account: Account, use: Use, mailsToday: number): boolean {
  const plan = PLANS[account.plan];
  return (
    (use.emails + use.mails === 0 || plan.canSchedule) &&
    account.letters.used + use.letters <= limitAsCount(plan.lettersPerPeriod) &&
    account.emails.used + use.emails <= limitAsCount(plan.emailsPerPeriod) &&
    (use.mails === 0 || mailsToday + use.mails <= MAILS_PER_DAY) &&
    use.mails <= available(account.credits)
  );
}

/** Uses that lie on both sides of what is left. */
function probes(account: Account): Use[] {
  const all = available(account.credits);
  return [
    { letters: account.letters.left, emails: 0, mails: 0 },
    { letters: account.letters.left + 1, emails: 0, mails: 0 },
    { letters: 0, emails: 1, mails: 0 },
    { letters: 0, emails: 0, mails: all },
    { letters: 0, emails: 0, mails: all + 1 },
    { letters: 0, emails: 0, mails: 1 },
  ];
}

/** G7: a rolled account is open, and decides by its figures. */
export function checkDecisions(rolled: Account, now: Instant, tell: Tell): void {
  const at = Math.max(now, rolled.periodStart);
  if (!isOpen(rolled, at)) {
    tell('G7', 'the account is not open after it was rolled forward');
  }
  const mailsToday = rolled.mailsByDay[utcDay(at)] ?? 0;
  for (const use of probes(rolled)) {
    const decision = decideUse(use, rolled, PLANS, at, 'probe');
    if ((decision.outcome === 'accepted') !== allows(rolled, use, mailsToday)) {
      tell('G1', `${JSON.stringify(use)} was ${decision.outcome}`);
    }
  }
}
