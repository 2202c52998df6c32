import {
  type Account,
  type AccountChange,
  endingOf,
  isLive,
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
  /** Null: it has none of Postage's prices. So it is another product's, or its price has been edited at Stripe. */
  offer: Offer | null;
  /** Its billing cycle anchor. */
  anchor: Instant;
  /** When it will be canceled, whatever has been paid; null: as far as is known, never. */
  cancelAt: Instant | null;
  trialEndsAt: Instant | null;
  /** It ends with its trial, since there is no payment method to go on with. */
  endsWithTrial: boolean;
  /** When the oldest of its open invoices was due, or finalized where it was due at once; null: none is open. */
  unpaidSince: Instant | null;
  /** What its newest paid invoice was for. Null: it is not past due, or none is known that was paid. */
  paidOffer: Offer | null;
}

/** Somebody has to look at this, although the account follows Stripe as far as it can. */
export type Concern =
  /** The account's own subscription has a price that Postage does not know. */
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
  /** Not to be written earlier: a period that opened before its anchor would be granted twice. */
  notBefore: Instant;
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
  notBefore: 0,
};

export type Choice =
  | Chosen
  /** The account's own subscription has an unknown price: what is stored stays, until Postage knows the price. */
  | { outcome: 'unknown_price' }
  /** Past due without an open invoice, and no grace is stored: Stripe is between two states. Ask again later. */
  | { outcome: 'grace_unknown' };

/** What Stripe calls a subscription that somebody pays for, or may have to pay for: nobody may have two. */
export const SUBSCRIBED: readonly string[] = ['trialing', 'active', 'past_due', 'unpaid', 'paused'];

/** Their first payment has never succeeded, so they have never begun. */
export const NEVER_BEGAN: readonly string[] = ['incomplete', 'incomplete_expired'];

/**
 * Chooses the live one of a customer's subscriptions. Trialing and active ones come first, then the larger plan, then
 * the older. A subscription whose grace or scheduled end has passed gives nothing. A paused collection changes nothing.
 * Subscriptions to other products of the owner's are none of Postage's business: a plan ends with its own subscription.
 *
 * @param stored the subscription that the account has
 */
export function chooseSubscription(
  subscriptions: readonly BilledSubscription[],
  stored: Subscription,
  now: Instant,
  catalogue: Catalogue,
): Choice {
  const ours = subscriptions.filter(({ id, offer }) => offer !== null || isOwn(stored, id));
  const hadSubscription = ours.some(({ status }) => !NEVER_BEGAN.includes(status));
  const candidates = ours.map((each) => candidateOf(each, stored, now, catalogue));
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
  const { facts = null, notBefore = 0 } = best ?? {};
  return { outcome: 'chosen', facts, hadSubscription, concerns, notBefore };
}

function isOwn(stored: Subscription, id: string): boolean {
  return isLive(stored) && stored.id === id;
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
  notBefore: Instant;
}

type Candidate = Live | { is: 'over' } | { is: 'unknown price' } | { is: 'of unknown grace' };

function candidateOf(
  billed: BilledSubscription,
  stored: Subscription,
  now: Instant,
  catalogue: Catalogue,
): Candidate {
  const terms = standingOf(billed, stored, catalogue.graceDays * DAY_MS);
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
  const plan =
    terms.status === 'past_due' ? paidPlan(billed.offer, billed.paidOffer, catalogue) : billed.offer.plan;
  const { anchor, createdAt } = billed;
  return { is: 'live', facts: { plan, anchor, subscription }, createdAt, notBefore: anchorReached(billed) };
}

/** An upgrade that is not paid gives nothing: a plan past due is not larger than the one that was paid last. */
function paidPlan(offer: Offer, paid: Offer | null, catalogue: Catalogue): string {
  return paid !== null && rankIn(catalogue, paid.plan) < rankIn(catalogue, offer.plan)
    ? paid.plan
    : offer.plan;
}

/** A trial's end lies ahead. Any other anchor has been reached, whatever a clock says that is behind. */
function anchorReached({ status, anchor, trialEndsAt }: BilledSubscription): Instant {
  return status === 'trialing' || anchor === trialEndsAt ? 0 : anchor;
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
      return stored.status === 'past_due' && stored.id === billed.id
        ? { status: 'past_due', graceEndsAt: stored.graceEndsAt }
        : 'grace unknown';
    }
    default:
      return null;
  }
}

function endOf({ status, cancelAt, trialEndsAt, endsWithTrial }: BilledSubscription): Instant | null {
  const withTrial = status === 'trialing' && endsWithTrial ? trialEndsAt : null;
  return cancelAt === null || withTrial === null ? (cancelAt ?? withTrial) : Math.min(cancelAt, withTrial);
}

function rankIn({ plans }: Catalogue, plan: string): number {
  return plans.findIndex(({ id }) => id === plan);
}

function byRank(catalogue: Catalogue): (one: Live, other: Live) => number {
  const rankOf = ({ facts }: Live): number => rankIn(catalogue, facts.plan);
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
