/** Changes of a subscription that its user asks for: another plan, cancelling, and taking either back. */
import { BILLING_INTERVALS, type Catalogue, planOf } from './catalogue.ts';
import { HOUR_MS, type Instant } from './instants.ts';
import { type Offer, SUBSCRIBED } from './live-subscription.ts';

export const CHANGE_KINDS = [
  'plan_change',
  'plan_change_taken_back',
  'cancellation',
  'cancellation_taken_back',
] as const;

export type ChangeKind = (typeof CHANGE_KINDS)[number];

/** What somebody asks for. */
export interface AskedChange {
  kind: ChangeKind;
  /** The plan that is to hold. Null, unless it is a plan change, or one that was taken back: then it is the plan that goes on. */
  offer: Offer | null;
}

/** Whether two requests want the same. Only a plan change says more than its kind. */
export function asksForSame(one: AskedChange, other: AskedChange): boolean {
  return one.kind === other.kind && (one.kind !== 'plan_change' || isSameOffer(one.offer, other.offer));
}

/** `price_only`: in a trial, which goes on as it is. */
export const CHANGE_WAYS = ['at_once', 'at_period_end', 'price_only'] as const;

export type ChangeWay = (typeof CHANGE_WAYS)[number];

/** How far the payment of an update has come that holds once it is paid. */
export const UPDATE_PAYMENTS = ['needs_holder', 'declined', 'under_way'] as const;

/** An update that Stripe keeps until its invoice is paid. */
export interface PendingUpdate {
  /** Null: the catalogue does not know its price. */
  offer: Offer | null;
  invoiceId: string;
  payment: (typeof UPDATE_PAYMENTS)[number];
  /** With it the card's holder can authenticate; null where there is nothing to authenticate. */
  clientSecret: string | null;
  declineCode: string | null;
  expiresAt: Instant;
}

/** A subscription at Stripe, as far as a change of it has to know. */
export interface ChangeableSubscription {
  id: string;
  /** As Stripe names it. */
  status: string;
  /** Null: the catalogue does not know its price. */
  offer: Offer | null;
  periodEndsAt: Instant;
  cancelAt: Instant | null;
  /** The first phase of its schedule that is yet to come. */
  scheduled: { offer: Offer | null; at: Instant } | null;
  pending: PendingUpdate | null;
  /** It is paid by invoices that are sent, and not by a method that is charged. */
  isInvoiced: boolean;
  /** The type of the method that is charged, `card`; null: there is none. */
  methodType: string | null;
}

/**
 * Why a change is not possible. Where several hold, the one that stands first here is given, so that nobody is asked to
 * mend what would not help. Only its owner can change a subscription of an unknown price, one by invoice, and one by a method for
 * which Stripe has no pending updates.
 */
export const CHANGE_REFUSALS = [
  /** No subscription gives a plan. */
  'not_subscribed',
  /** Another change is under way. */
  'change_open',
  'unknown_price',
  'by_invoice',
  /** The user has this plan by this interval. */
  'same_plan',
  /** It will end: cancelling once more changes nothing, and no plan comes after it. */
  'cancelled',
  /** This is what the schedule says already. */
  'already_scheduled',
  /** The last invoice has to be paid before a larger one can be. */
  'past_due',
  /** Stripe can't hold a larger plan back until this type of method has paid. */
  'method',
  /** A larger plan waits for its payment. */
  'pending',
  /** There is nothing to take back. */
  'nothing_scheduled',
] as const;

export type ChangeRefusal = (typeof CHANGE_REFUSALS)[number];

export type ChangeDecision =
  | { outcome: 'accepted'; way: ChangeWay; effectiveAt: Instant | null }
  | { outcome: 'refused'; refusal: ChangeRefusal };

/** What Stripe calls a subscription that gives a plan. */
export const GIVING: readonly string[] = ['trialing', 'active', 'past_due'];

/** One that gives no plan any more, and keeps its user from beginning another one. They can end it. */
function isStalled({ status }: ChangeableSubscription): boolean {
  return SUBSCRIBED.includes(status) && !GIVING.includes(status);
}

/**
 * The types of methods for which Stripe has pending updates and that confirm at once
 * (https://docs.stripe.com/billing/subscriptions/pending-updates: all but bank debits).
 */
const PENDING_METHODS: readonly string[] = ['card', 'link'];

/** Decides whether and how a change happens. */
export function decideChange(
  { kind, offer }: AskedChange,
  facts: ChangeableSubscription,
  catalogue: Catalogue,
): ChangeDecision {
  if (!GIVING.includes(facts.status)) {
    // Its period may have been over for long, or end in a year.
    return kind === 'cancellation' && isStalled(facts) ? accepted('at_once') : refused('not_subscribed');
  }
  switch (kind) {
    case 'plan_change':
      return offer === null ? refused('unknown_price') : decidePlanChange(offer, facts, catalogue);
    case 'plan_change_taken_back':
      return facts.scheduled === null && facts.pending === null
        ? refused('nothing_scheduled')
        : accepted('at_once');
    case 'cancellation':
      return facts.cancelAt === null ? accepted('at_period_end', facts.periodEndsAt) : refused('cancelled');
    case 'cancellation_taken_back':
      return facts.cancelAt === null ? refused('nothing_scheduled') : accepted('at_once');
  }
}

function decidePlanChange(
  wanted: Offer,
  facts: ChangeableSubscription,
  catalogue: Catalogue,
): ChangeDecision {
  const { offer: present, scheduled, pending, status } = facts;
  if (present === null) {
    return refused('unknown_price');
  }
  if (facts.isInvoiced) {
    return refused('by_invoice');
  }
  if (isSameOffer(wanted, present)) {
    return refused('same_plan');
  }
  if (facts.cancelAt !== null) {
    return refused('cancelled');
  }
  if (status === 'trialing') {
    return pending === null ? accepted('price_only') : refused('pending');
  }
  if (!isLarger(wanted, present, catalogue)) {
    return scheduled !== null && isSameOffer(wanted, scheduled.offer)
      ? refused('already_scheduled')
      : accepted('at_period_end', facts.periodEndsAt);
  }
  if (status === 'past_due') {
    return refused('past_due');
  }
  if (facts.methodType !== null && !PENDING_METHODS.includes(facts.methodType)) {
    return refused('method');
  }
  return pending === null ? accepted('at_once') : refused('pending');
}

function accepted(way: ChangeWay, effectiveAt: Instant | null = null): ChangeDecision {
  return { outcome: 'accepted', way, effectiveAt };
}

function refused(refusal: ChangeRefusal): ChangeDecision {
  return { outcome: 'refused', refusal };
}

/** Whether a plan is sold by the interval. */
export function isSold({ plan, interval }: Offer, catalogue: Catalogue): boolean {
  const found = planOf(catalogue, plan);
  return found !== null && !found.isRetired && found.prices[interval] !== undefined;
}

/** The plan decides. Only between prices of one plan, the interval does. */
export function isLarger(wanted: Offer, present: Offer, { plans }: Catalogue): boolean {
  const rankOf = (plan: string): number => plans.findIndex(({ id }) => id === plan);
  const difference = rankOf(wanted.plan) - rankOf(present.plan);
  return difference === 0 ? lengthOf(wanted) > lengthOf(present) : difference > 0;
}

function lengthOf({ interval }: Offer): number {
  return BILLING_INTERVALS.indexOf(interval);
}

export function isSameOffer(one: Offer | null, other: Offer | null): boolean {
  return one?.plan === other?.plan && one?.interval === other?.interval;
}

/**
 * `asked`: it may have reached Stripe or not. `sent`: Stripe has it, and waits for its payment. `done` and `refused` are
 * for good.
 */
export const CHANGE_STATUSES = ['asked', 'sent', 'done', 'refused'] as const;

/** Why a change that was recorded did not happen. */
export const CHANGE_FAILURES = [
  /** Nobody has paid for it: the card was declined, or its holder did not answer in time. */
  'payment_failed',
  /** Stripe does not allow it. */
  'rejected',
  /** Stripe has not heard of it within an hour, or too late: what it was about has ended. */
  'lapsed',
  /** Its user took it back while it waited for its payment. */
  'taken_back',
  /** Another change has taken its place. */
  'replaced',
] as const;

export type ChangeFailure = (typeof CHANGE_FAILURES)[number];

/** A change as the table keeps it. */
export interface BillingChange extends AskedChange {
  id: string;
  /** Raised by every write. */
  version: number;
  way: ChangeWay;
  status: (typeof CHANGE_STATUSES)[number];
  subscriptionId: string;
  /** The later phases of the schedule that it has put aside, as the adapter of Stripe writes them; null: none. */
  aside: string | null;
  /** Why it is refused, or will be unless Stripe says that it has happened; and the bank's reason where a card was declined. */
  failure: ChangeFailure | null;
  declineCode: string | null;
  /** From when it holds, as far as is known. */
  effectiveAt: Instant | null;
  createdAt: Instant;
  settledAt: Instant | null;
}

/** A change that Stripe does not know for so long has not reached it. Stripe keeps the keys of requests for longer. */
const LAPSES_AFTER_MS = HOUR_MS;

export type ChangeVerdict =
  | { verdict: 'done' }
  /** `pending`: what Stripe still keeps of it, and has to drop first. */
  | { verdict: 'refused'; failure: ChangeFailure; pending: PendingUpdate | null }
  /** Stripe waits for its payment. */
  | { verdict: 'waiting'; pending: PendingUpdate }
  /** Stripe does not know it. It may be on its way. */
  | { verdict: 'unknown' };

/**
 * What has become of a change, by what Stripe says now.
 *
 * @param facts null: Stripe does not know the subscription any more
 */
export function judgeChange(
  change: BillingChange,
  facts: ChangeableSubscription | null,
  now: Instant,
): ChangeVerdict {
  if (facts !== null && hasHappened(change, facts)) {
    return { verdict: 'done' };
  }
  if (facts === null || isOverFor(change, facts)) {
    return refuse('lapsed');
  }
  const { pending } = facts;
  if (isOf(change, pending)) {
    return pending.payment === 'declined' || change.failure !== null
      ? refuse(change.failure ?? 'payment_failed', pending)
      : { verdict: 'waiting', pending };
  }
  if (change.status === 'sent') {
    return refuse(change.failure ?? lossOf(change));
  }
  return now - change.createdAt < LAPSES_AFTER_MS ? { verdict: 'unknown' } : refuse('lapsed');
}

function refuse(failure: ChangeFailure, pending: PendingUpdate | null = null): ChangeVerdict {
  return { verdict: 'refused', failure, pending };
}

/** Why a change is gone that Stripe has had. */
function lossOf({ kind, way }: BillingChange): ChangeFailure {
  return kind === 'plan_change' && way === 'at_once' ? 'payment_failed' : 'rejected';
}

export function isSettled({ status }: BillingChange): boolean {
  return status === 'done' || status === 'refused';
}

function hasHappened({ kind, offer, way }: BillingChange, facts: ChangeableSubscription): boolean {
  if (kind === 'cancellation') {
    return facts.status === 'canceled' || (way === 'at_period_end' && facts.cancelAt !== null);
  }
  if (!GIVING.includes(facts.status)) {
    return false;
  }
  const { scheduled } = facts;
  switch (kind) {
    case 'plan_change':
      // What was scheduled for the end of a period holds once the period is over.
      return (
        isSameOffer(offer, facts.offer) ||
        (way === 'at_period_end' && scheduled !== null && isSameOffer(offer, scheduled.offer))
      );
    case 'plan_change_taken_back':
      return scheduled === null && isSameOffer(offer, facts.offer);
    case 'cancellation_taken_back':
      return facts.cancelAt === null;
  }
}

/** It can't happen any more. */
function isOverFor({ kind, way }: BillingChange, facts: ChangeableSubscription): boolean {
  if (kind === 'plan_change_taken_back' && facts.scheduled === null) {
    return true;
  }
  return (
    !GIVING.includes(facts.status) && !(kind === 'cancellation' && way === 'at_once' && isStalled(facts))
  );
}

function isOf({ kind, way, offer }: BillingChange, pending: PendingUpdate | null): pending is PendingUpdate {
  return kind === 'plan_change' && way === 'at_once' && pending !== null && isSameOffer(offer, pending.offer);
}

/** What becomes of a larger plan that waits for its payment when this is asked for; null: it goes on waiting. */
export function endingOfWaiting(
  { kind, offer }: AskedChange,
  present: Offer | null,
  catalogue: Catalogue,
): ChangeFailure | null {
  switch (kind) {
    case 'plan_change': {
      const isSmaller =
        offer !== null &&
        present !== null &&
        !isSameOffer(offer, present) &&
        !isLarger(offer, present, catalogue);
      return isSmaller ? 'replaced' : null;
    }
    case 'plan_change_taken_back':
      return 'taken_back';
    case 'cancellation':
      return 'replaced';
    case 'cancellation_taken_back':
      return null;
  }
}
