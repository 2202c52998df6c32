import { type BillingInterval, type Catalogue, freePlan, nextPlan, type Plan, planOf } from './catalogue.ts';
import { type Credits, type Movement, NO_CREDITS } from './credits.ts';
import { type Lots } from './lots.ts';
import { type Instant, toIso, utcDay } from './instants.ts';
import { boundaryAfter, boundaryAtOrBefore, CALENDAR_ANCHOR } from './periods.ts';
import { type MeterCount, type Terms, termsUnder } from './terms.ts';

export const SUBSCRIPTION_STATUSES = ['none', 'trialing', 'active', 'past_due', 'canceled'] as const;

export type SubscriptionStatus = (typeof SUBSCRIPTION_STATUSES)[number];

/** Where an account stands with its subscription. `endsAt` is the scheduled end, if one is known. */
export type Subscription =
  | { status: 'none' }
  | { status: 'canceled' }
  | {
      status: 'trialing';
      id: string;
      interval: BillingInterval;
      trialEndsAt: Instant;
      endsAt: Instant | null;
    }
  | { status: 'active'; id: string; interval: BillingInterval; endsAt: Instant | null }
  | {
      status: 'past_due';
      id: string;
      interval: BillingInterval;
      graceEndsAt: Instant;
      endsAt: Instant | null;
    };

/** A subscription that gives its plan; the others leave the free one. */
export type LiveSubscription = Extract<Subscription, { id: string }>;

/**
 * What an interval has used before its open period, so that nobody gets its allowance twice: a plan that returns within the
 * interval in which it ended (a late payment, an un-cancel, two subscriptions that take turns), or one whose anchor has
 * moved, so that Stripe has credited time.
 */
export interface ServedInterval {
  subscriptionId: string;
  anchor: Instant;
  /** The interval's end: afterwards this no longer matters. */
  endsAt: Instant;
  /** Included credits used in the interval over all its endings, and what a moved anchor has brought along. */
  includedUsed: number;
  /** Carried credits that the last ending expired, and that a return brings back. */
  expiredLots: Lots;
}

/** One user's account: what the deciding write looks at. It is open while `periodStart <= now < openUntil(account)`. */
export interface Account extends Terms {
  kind: 'account';
  userId: string;
  /** Raised by every write. */
  version: number;
  /** Raised by who follows Stripe, by who settles a change there, and by the command that replaces a customer. */
  billingVersion: number;
  createdAt: Instant;
  /** The customer at Stripe who pays for it, once there is one. */
  customerId: string | null;
  /** One that the catalogue may no longer have. */
  plan: string;
  subscription: Subscription;
  /**
   * When Stripe last told of the subscription: periods also open without its word. Null: it never has, or Postage did not
   * keep it.
   */
  toldAt: Instant | null;
  anchor: Instant;
  periodStart: Instant;
  periodEnd: Instant;
  /** Uses by meter and UTC day (`dayOf`): today's and yesterday's, and older ones that no use has removed yet. */
  usesByDay: Readonly<Record<string, number>>;
  credits: Credits;
  /** One per subscription: usually none. */
  servedIntervals: readonly ServedInterval[];
  /** The id of the change of its subscription that is under way; null: there is none. Two at once are one. */
  openChange: string | null;
}

/** What is left of an erased user: a tombstone that refuses every later command. */
export interface ErasedAccount {
  kind: 'erased';
  userId: string;
  version: number;
  erasedAt: Instant;
}

export type AccountState = Account | ErasedAccount;

/** What a closed period has counted of a meter. */
export type PeriodCount = Omit<MeterCount, 'credits'>;

/** A closed period, with the credit movements of its close and of the opening that followed. */
export interface ClosedPeriod {
  periodStart: Instant;
  periodEnd: Instant;
  /** The anchor whose series the period belonged to. */
  anchor: Instant;
  plan: string;
  meters: Readonly<Record<string, PeriodCount>>;
  creditsPerPeriod: number;
  creditsUsed: number;
  /** Credits of every kind that were unspent when it closed, whatever became of them then. */
  creditsLeft: number;
  /** How many of the credits used were purchased and have not been returned since. */
  purchasedOutstanding: number;
  movements: readonly Movement[];
}

/** An account after a computed step: the periods that it closed on the way, and the movements that belong to no close. */
export interface AccountChange {
  account: Account;
  closed: readonly ClosedPeriod[];
  movements: readonly Movement[];
}

/** Under which name a meter's uses of a UTC day are counted: `images:2026-11-24`. */
export function dayOf(meter: string, instant: Instant): string {
  return `${meter}:${utcDay(instant)}`;
}

/** A free account, in the calendar month of its first use. */
export function newAccount(userId: string, now: Instant, catalogue: Catalogue): Account {
  const plan = freePlan(catalogue);
  return {
    kind: 'account',
    userId,
    version: 0,
    billingVersion: 0,
    createdAt: now,
    customerId: null,
    plan: plan.id,
    subscription: { status: 'none' },
    toldAt: null,
    anchor: CALENDAR_ANCHOR,
    periodStart: boundaryAtOrBefore(CALENDAR_ANCHOR, now),
    periodEnd: boundaryAfter(CALENDAR_ANCHOR, now),
    ...termsUnder(plan, catalogue),
    usesByDay: {},
    credits: { ...NO_CREDITS, included: plan.creditsPerPeriod, granted: plan.creditsPerPeriod },
    servedIntervals: [],
    openChange: null,
  };
}

/** The movements that led to a new account: the allowance of its first period. Whoever writes it first writes them too. */
export function firstMovements({ createdAt }: Account, catalogue: Catalogue): Movement[] {
  const amount = freePlan(catalogue).creditsPerPeriod;
  const source = `period:${toIso(boundaryAtOrBefore(CALENDAR_ANCHOR, createdAt))}`;
  return amount === 0 ? [] : [{ kind: 'allowance', amount, source }];
}

export function isLive(subscription: Subscription): subscription is LiveSubscription {
  switch (subscription.status) {
    case 'none':
    case 'canceled':
      return false;
    case 'trialing':
    case 'active':
    case 'past_due':
      return true;
  }
}

/**
 * The plan of an account in a catalogue; null for a subscription's plan that the catalogue lacks. An account without
 * a subscription has the free plan, whatever that was called before.
 */
export function planOfAccount({ plan, subscription }: Account, catalogue: Catalogue): Plan | null {
  return isLive(subscription) ? planOf(catalogue, plan) : freePlan(catalogue);
}

/** The next larger plan on sale that has more; null where there is none, and for a plan that the catalogue lacks. */
export function upgradeOf(
  account: Account,
  catalogue: Catalogue,
  hasMore: (larger: Plan) => boolean,
): string | null {
  const plan = planOfAccount(account, catalogue);
  return plan === null ? null : nextPlan(catalogue, plan.id, hasMore);
}

/** Whether the plan has anything that costs credits. */
export function canSpendCredits({ meters }: Account): boolean {
  return Object.values(meters).some(({ limit, credits }) => limit !== null && credits > 0);
}

/** When the subscription will end as far as is known: its scheduled end or the end of grace, whichever comes first. */
export function endingOf(subscription: Subscription): Instant | null {
  if (!isLive(subscription)) {
    return null;
  }
  const graceEndsAt = subscription.status === 'past_due' ? subscription.graceEndsAt : Infinity;
  const ending = Math.min(subscription.endsAt ?? Infinity, graceEndsAt);
  return ending === Infinity ? null : ending;
}

/** Until when the account may be used as it stands; from then on it is rolled forward first (G7). */
export function openUntil(account: Account): Instant {
  return Math.min(account.periodEnd, endingOf(account.subscription) ?? Infinity);
}

export function isOpen(account: Account, now: Instant): boolean {
  return account.periodStart <= now && now < openUntil(account);
}
