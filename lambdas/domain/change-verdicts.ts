/** What becomes of a change once it is recorded, by what Stripe says of the subscription. */
import { type Catalogue } from './catalogue.ts';
import { HOUR_MS, type Instant } from './instants.ts';
import { type Offer } from './live-subscription.ts';
import {
  type AskedChange,
  type ChangeableSubscription,
  type ChangeWay,
  GIVING,
  isLarger,
  isSameOffer,
  isStalled,
  type PendingUpdate,
} from './plan-changes.ts';

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

/** From when a change holds that has happened. Asked for once more, it may have come a period later than it was meant. */
export function effectiveAtOf(
  { kind, way, effectiveAt }: BillingChange,
  { cancelAt, scheduled }: ChangeableSubscription,
): Instant | null {
  if (way !== 'at_period_end') {
    return effectiveAt;
  }
  const told = kind === 'cancellation' ? cancelAt : (scheduled?.at ?? null);
  return told ?? effectiveAt;
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
