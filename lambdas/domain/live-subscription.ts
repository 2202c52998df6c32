import {
  type Account,
  type AccountChange,
  endingOf,
  type LiveSubscription,
  type Subscription,
} from './account.ts';
import { DAY_MS, type Instant } from './instants.ts';
import { type BillingInterval, type Catalogue } from './catalogue.ts';
import { followSubscription, type LiveFacts, type SubscriptionFacts } from './subscriptions.ts';

/** What a price at Stripe stands for. */
export interface Offer {
  plan: LiveFacts['plan'];
  interval: BillingInterval;
}

/** A customer's subscription at Stripe, as far as it matters here. */
export interface BilledSubscription {
  id: string;
  /** As Stripe names it. Trialing, active and past due may give a plan; no other does, nor any that is added later. */
  status: string;
  createdAt: Instant;
  /** Null: the configuration does not know its price. */
  offer: Offer | null;
  /** Its billing cycle anchor. */
  anchor: Instant;
  /** When it will be canceled, whatever has been paid; null: as far as is known, never. */
  cancelAt: Instant | null;
  trialEndsAt: Instant | null;
  /** It ends with its trial, since there is no payment method to go on with. */
  endsWithTrial: boolean;
  /** When the oldest of its open invoices was finalized; null: none is open. */
  unpaidSince: Instant | null;
}

/** Somebody has to look at this, although the account follows Stripe as far as it can. */
export type Concern =
  /** A live subscription has a price that the configuration does not know. */
  | 'unknown_price'
  /** Two subscriptions give a plan, and the customer pays for both. */
  | 'two_subscriptions';

/** What a customer's subscriptions come to. */
export interface Chosen {
  outcome: 'chosen';
  facts: SubscriptionFacts;
  /** Whether there has ever been one that began. */
  hadSubscription: boolean;
  concerns: readonly Concern[];
}

/**
 * A customer was deleted, and their subscriptions have ended. Stripe no longer tells whether they had any. The answer must
 * not depend on what Postage heard before the deletion (G10), so it says that they had one.
 */
export const ENDED_WITH_CUSTOMER: Chosen = {
  outcome: 'chosen',
  facts: null,
  hadSubscription: true,
  concerns: [],
};

export type Choice =
  | Chosen
  /** The only live subscription has an unknown price: what is stored stays, until the configuration knows it. */
  | { outcome: 'unknown_price' }
  /** Past due without an open invoice, and no grace is stored: Stripe is between two states. Ask again later. */
  | { outcome: 'grace_unknown' };

/** Their first payment has never succeeded, so they have never begun. */
export const NEVER_BEGAN: readonly string[] = ['incomplete', 'incomplete_expired'];

/**
 * Chooses the live one of a customer's subscriptions. Trialing and active ones come first, then the larger plan, then
 * the older. A subscription whose grace or scheduled end has passed gives nothing. A paused collection changes nothing.
 *
 * @param stored the subscription that the account has
 */
export function chooseSubscription(
  subscriptions: readonly BilledSubscription[],
  stored: Subscription,
  now: Instant,
  catalogue: Catalogue,
): Choice {
  const hadSubscription = subscriptions.some(({ status }) => !NEVER_BEGAN.includes(status));
  const candidates = subscriptions.map((each) => candidateOf(each, stored, now, catalogue));
  const live = candidates.filter((each): each is Live => each.is === 'live').sort(byRank(catalogue));
  const hasUnknownPrice = candidates.some(({ is }) => is === 'unknown price');
  const [best] = live;
  const isPaid = best !== undefined && !isUnpaid(best);
  if (!isPaid && candidates.some(({ is }) => is === 'of unknown grace')) {
    return { outcome: 'grace_unknown' };
  }
  if (best === undefined && hasUnknownPrice) {
    return { outcome: 'unknown_price' };
  }
  const concerns: Concern[] = [];
  if (hasUnknownPrice) {
    concerns.push('unknown_price');
  }
  if (live.length > 1) {
    concerns.push('two_subscriptions');
  }
  return { outcome: 'chosen', facts: best?.facts ?? null, hadSubscription, concerns };
}

/**
 * Brings an account to the chosen subscription. If a subscription has come and gone before Postage heard of it, the account
 * still keeps that there was one, as if Stripe had told each step in time (G10).
 */
export function followChoice(
  account: Account,
  { facts, hadSubscription }: Pick<Chosen, 'facts' | 'hadSubscription'>,
  now: Instant,
  catalogue: Catalogue,
): AccountChange {
  const change = followSubscription(account, facts, now, catalogue);
  return hadSubscription && change.account.subscription.status === 'none'
    ? { ...change, account: { ...change.account, subscription: { status: 'canceled' } } }
    : change;
}

interface Live {
  is: 'live';
  facts: LiveFacts;
  createdAt: Instant;
}

type Candidate = Live | { is: 'over' } | { is: 'unknown price' } | { is: 'of unknown grace' };

function candidateOf(
  billed: BilledSubscription,
  stored: Subscription,
  now: Instant,
  { graceDays }: Catalogue,
): Candidate {
  const terms = standingOf(billed, stored, graceDays * DAY_MS);
  if (terms === null || terms === 'grace unknown') {
    return terms === null ? { is: 'over' } : { is: 'of unknown grace' };
  }
  const interval = billed.offer?.interval ?? 'month';
  const subscription: LiveSubscription = { ...terms, id: billed.id, interval, endsAt: endOf(billed) };
  const ending = endingOf(subscription);
  if (ending !== null && ending <= now) {
    return { is: 'over' };
  }
  if (billed.offer === null) {
    return { is: 'unknown price' };
  }
  const facts = { plan: billed.offer.plan, anchor: billed.anchor, subscription };
  return { is: 'live', facts, createdAt: billed.createdAt };
}

type Standing =
  | { status: 'active' }
  | { status: 'trialing'; trialEndsAt: Instant }
  | { status: 'past_due'; graceEndsAt: Instant };

/** Null: it gives no plan. */
function standingOf(
  billed: BilledSubscription,
  stored: Subscription,
  graceMs: number,
): Standing | 'grace unknown' | null {
  switch (billed.status) {
    case 'active':
      return { status: 'active' };
    case 'trialing':
      return { status: 'trialing', trialEndsAt: billed.trialEndsAt ?? billed.anchor };
    case 'past_due': {
      if (billed.unpaidSince !== null) {
        return { status: 'past_due', graceEndsAt: billed.unpaidSince + graceMs };
      }
      const isStored = stored.status === 'past_due' && stored.id === billed.id;
      return isStored ? { status: 'past_due', graceEndsAt: stored.graceEndsAt } : 'grace unknown';
    }
    default:
      return null;
  }
}

function endOf({ status, cancelAt, trialEndsAt, endsWithTrial }: BilledSubscription): Instant | null {
  const withTrial = status === 'trialing' && endsWithTrial ? trialEndsAt : null;
  return cancelAt === null || withTrial === null ? (cancelAt ?? withTrial) : Math.min(cancelAt, withTrial);
}

function byRank({ plans }: Catalogue): (one: Live, other: Live) => number {
  const rankOf = ({ facts }: Live): number => plans.findIndex(({ id }) => id === facts.plan);
  return (one, other) =>
    Number(isUnpaid(one)) - Number(isUnpaid(other)) ||
    rankOf(other) - rankOf(one) ||
    one.createdAt - other.createdAt ||
    // Both began within the same second: any order will do that is always the same.
    (one.facts.subscription.id < other.facts.subscription.id ? -1 : 1);
}

function isUnpaid({ facts }: Live): boolean {
  return facts.subscription.status === 'past_due';
}
