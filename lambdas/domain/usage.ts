import { type Account, type AccountChange, type AccountState, isOpen } from './account.ts';
import { available, type Movement, useCredits } from './credits.ts';
import { type Instant, nextUtcDay, utcDay } from './instants.ts';
import { MAILS_PER_DAY, nextPlan, PLANS, type Price } from './plans.ts';
import { type Refusal } from './refusals.ts';
import { rollForward } from './roll-forward.ts';

/** What a command consumes; whole numbers, zero where it does not touch a meter. Several meters are all or nothing. */
export interface Use {
  letters: number;
  emails: number;
  mails: number;
}

/** The record of a use by an app that keeps its letters elsewhere. */
export interface Consumption {
  id: string;
  consumed: Use;
}

/** The most of one meter that one command may consume. */
export const MAX_USE_PER_COMMAND = 1_000_000;

/** What a card is to pay, and whose: the customer at Stripe, null for a user who has never been there. */
export interface Charge {
  price: Price;
  customerId: string | null;
}

export type UseDecision =
  | { outcome: 'accepted'; account: Account; movements: readonly Movement[] }
  /** Accepted too: the account with its mail counted among those of the day, and among no others until it is paid. */
  | { outcome: 'to_be_paid'; account: Account; charge: Charge }
  | { outcome: 'not_open' }
  | { outcome: 'refused'; refusal: Refusal };

/**
 * Decides a use on an account as it stands (G1). The deciding write asks the same of DynamoDB, in one condition;
 * this is what explains its refusals, and what serves an account that had to be rolled forward first.
 *
 * Precedence: erased, not open, plan required, letters, emails, mails of the day, credits.
 *
 * @param payAsYouGo whether a card may pay for a mail for which there is no credit left
 */
export function decideUse(
  use: Use,
  state: AccountState,
  now: Instant,
  source: string,
  payAsYouGo = false,
): UseDecision {
  if (state.kind === 'erased') {
    return { outcome: 'refused', refusal: { refusal: 'account_erased' } };
  }
  if (!isOpen(state, now)) {
    return { outcome: 'not_open' };
  }
  const refusal = refuse(use, state, now);
  if (refusal?.refusal === 'insufficient_credits' && refusal.price !== null && payAsYouGo) {
    const { price } = refusal;
    const account = { ...state, mailsByDay: withMailsOfDay(use.mails, state, now) };
    return { outcome: 'to_be_paid', account, charge: { price, customerId: state.customerId } };
  }
  if (refusal !== null) {
    return { outcome: 'refused', refusal };
  }
  const { credits, movements } = useCredits(state.credits, use.mails, source);
  return { outcome: 'accepted', account: { ...counted(use, state, now), credits }, movements };
}

function refuse(use: Use, account: Account, now: Instant): Refusal | null {
  const upgradeTo = nextPlan(account.plan);
  if (use.emails + use.mails > 0 && !PLANS[account.plan].canSchedule) {
    return { refusal: 'plan_required', upgradeTo };
  }
  return (
    refuseMeter('letters', use, account) ??
    refuseMeter('emails', use, account) ??
    refuseMailsOfDay(use.mails, account.mailsByDay[utcDay(now)] ?? 0, now) ??
    refuseCredits(use.mails, account)
  );
}

function refuseMeter(meter: 'letters' | 'emails', use: Use, account: Account): Refusal | null {
  const { used, left } = account[meter];
  if (use[meter] <= left) {
    return null;
  }
  const plan = PLANS[account.plan];
  return {
    refusal: 'quota_exceeded',
    meter,
    limit: meter === 'letters' ? plan.lettersPerPeriod : plan.emailsPerPeriod,
    used,
    resetsAt: account.periodEnd,
    upgradeTo: nextPlan(account.plan),
  };
}

/** More mails than a day allows. With none scheduled yet, this is what refuses a command before anything is written. */
export function refuseMailsOfDay(mails: number, scheduledToday: number, now: Instant): Refusal | null {
  return mails === 0 || scheduledToday + mails <= MAILS_PER_DAY
    ? null
    : { refusal: 'rate_limited', limit: MAILS_PER_DAY, resetsAt: nextUtcDay(now) };
}

function refuseCredits(mails: number, account: Account): Refusal | null {
  if (mails <= available(account.credits)) {
    return null;
  }
  const plan = PLANS[account.plan];
  return {
    refusal: 'insufficient_credits',
    limit: plan.mailCreditsPerPeriod,
    used: account.credits.usedThisPeriod,
    resetsAt: account.periodEnd,
    price: plan.extraMail,
    upgradeTo: nextPlan(account.plan),
  };
}

function counted(use: Use, account: Account, now: Instant): Account {
  const { letters, emails } = account;
  return {
    ...account,
    letters: { used: letters.used + use.letters, left: letters.left - use.letters },
    emails: { used: emails.used + use.emails, left: emails.left - use.emails },
    mailsUsed: account.mailsUsed + use.mails,
    mailsByDay: withMailsOfDay(use.mails, account, now),
  };
}

function withMailsOfDay(mails: number, { mailsByDay }: Account, now: Instant): Account['mailsByDay'] {
  const day = utcDay(now);
  return mails === 0 ? mailsByDay : { ...mailsByDay, [day]: (mailsByDay[day] ?? 0) + mails };
}

/** Counts a mail that a card has paid among those of the period that is open now. */
export function countPaidMail(account: Account, now: Instant): AccountChange {
  const rolled = rollForward(account, now);
  const { mailsUsed, cardMails } = rolled.account;
  return { ...rolled, account: { ...rolled.account, mailsUsed: mailsUsed + 1, cardMails: cardMails + 1 } };
}
