/** Changes of a subscription that its user asks for: another plan, cancelling, and taking either back. */
import { BILLING_INTERVALS, type Catalogue, planOf } from './catalogue.ts';
import { type Instant } from './instants.ts';
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

/** How far the payment for an update has come. The update holds once it is paid. */
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
export function isStalled({ status }: ChangeableSubscription): boolean {
  return SUBSCRIBED.includes(status) && !GIVING.includes(status);
}

/** Its last invoice should have been paid, and is not. */
export function isUnpaid({ status }: ChangeableSubscription): boolean {
  return status === 'past_due' || status === 'unpaid';
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
