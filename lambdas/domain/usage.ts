import { type Account, type AccountChange, type AccountState, isOpen } from './account.ts';
import { available, type Movement, useCredits } from './credits.ts';
import { type Instant, nextUtcDay, utcDay } from './instants.ts';
import { MAILS_PER_DAY, nextPlan, PLAN_ORDER, type PlanId, type Plans, type Price } from './plans.ts';
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

/** What an account must show for a use to count: asked of the account by `decideUse`, and of its item by DynamoDB. */
export type Demand =
  | { demand: 'open'; at: Instant }
  /** Deliveries can be scheduled, which these plans don't offer, purchased credits or not. */
  | { demand: 'scheduling'; notOn: readonly PlanId[] }
  | { demand: 'left'; of: 'letters' | 'emails'; atLeast: number }
  /** The user has scheduled no more mails than these on that day. */
  | { demand: 'room'; on: Instant; atMost: number }
  | { demand: 'credits'; atLeast: number };

/** The demands of a use, in the order in which they are refused. A meter that it does not touch makes no demand. */
export function demandsOf({ letters, emails, mails }: Use, plans: Plans, now: Instant): Demand[] {
  const notOn = PLAN_ORDER.filter((plan) => !plans[plan].canSchedule);
  const demands: (Demand | false)[] = [
    { demand: 'open', at: now },
    emails + mails > 0 && notOn.length > 0 && { demand: 'scheduling', notOn },
    letters > 0 && { demand: 'left', of: 'letters', atLeast: letters },
    emails > 0 && { demand: 'left', of: 'emails', atLeast: emails },
    mails > 0 && { demand: 'room', on: now, atMost: MAILS_PER_DAY - mails },
    mails > 0 && { demand: 'credits', atLeast: mails },
  ];
  return demands.filter((demand) => demand !== false);
}

/**
 * Decides a use on an account as it stands (G1). The deciding write puts the same demands to DynamoDB in one condition;
 * this explains what they refuse, and serves an account that had to be rolled forward first.
 *
 * An erased account comes before all demands.
 *
 * @param payAsYouGo whether a card may pay for a mail for which there is no credit left
 */
export function decideUse(
  use: Use,
  state: AccountState,
  plans: Plans,
  now: Instant,
  source: string,
  payAsYouGo = false,
): UseDecision {
  if (state.kind === 'erased') {
    return { outcome: 'refused', refusal: { refusal: 'account_erased' } };
  }
  const unmet = demandsOf(use, plans, now).find((demand) => !isMet(demand, state));
  if (unmet === undefined) {
    const { credits, movements } = useCredits(state.credits, use.mails, source);
    return { outcome: 'accepted', account: { ...counted(use, state, now), credits }, movements };
  }
  if (unmet.demand === 'open') {
    return { outcome: 'not_open' };
  }
  const { extraMail: price } = plans[state.plan];
  if (unmet.demand === 'credits' && price !== null && payAsYouGo) {
    const account = { ...state, mailsByDay: withMailsOfDay(use.mails, state, now) };
    return { outcome: 'to_be_paid', account, charge: { price, customerId: state.customerId } };
  }
  return { outcome: 'refused', refusal: refusalOf(unmet, state, plans) };
}

function isMet(demand: Demand, account: Account): boolean {
  switch (demand.demand) {
    case 'open':
      return isOpen(account, demand.at);
    case 'scheduling':
      return !demand.notOn.includes(account.plan);
    case 'left':
      return account[demand.of].left >= demand.atLeast;
    case 'room':
      return (account.mailsByDay[utcDay(demand.on)] ?? 0) <= demand.atMost;
    case 'credits':
      return available(account.credits) >= demand.atLeast;
  }
}

function refusalOf(unmet: Exclude<Demand, { demand: 'open' }>, account: Account, plans: Plans): Refusal {
  const plan = plans[account.plan];
  const resetsAt = account.periodEnd;
  const upgradeTo = nextPlan(account.plan);
  switch (unmet.demand) {
    case 'scheduling':
      return { refusal: 'plan_required', upgradeTo };
    case 'left': {
      const limit = unmet.of === 'letters' ? plan.lettersPerPeriod : plan.emailsPerPeriod;
      const { used } = account[unmet.of];
      return { refusal: 'quota_exceeded', meter: unmet.of, limit, used, resetsAt, upgradeTo };
    }
    case 'room':
      return rateLimited(unmet.on);
    case 'credits': {
      const { mailCreditsPerPeriod: limit, extraMail: price } = plan;
      const used = account.credits.usedThisPeriod;
      return { refusal: 'insufficient_credits', limit, used, resetsAt, price, upgradeTo };
    }
  }
}

/** More mails at once than a day allows: no account can meet that, so it is refused before anything is written. */
export function refuseMailsAtOnce({ mails }: Use, now: Instant): Refusal | null {
  return mails <= MAILS_PER_DAY ? null : rateLimited(now);
}

function rateLimited(now: Instant): Refusal {
  return { refusal: 'rate_limited', limit: MAILS_PER_DAY, resetsAt: nextUtcDay(now) };
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
