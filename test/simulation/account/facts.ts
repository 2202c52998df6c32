/** What Stripe may say next. Boundaries, endings and repeats come often. */
import { type Account } from '../../../lambdas/domain/account.ts';
import { DAY_MS, type Instant } from '../../../lambdas/domain/instants.ts';
import { boundary } from '../../../lambdas/domain/periods.ts';
import { type LiveFacts, type SubscriptionFacts } from '../../../lambdas/domain/subscriptions.ts';
import { type Random } from '../../support/random.ts';

const PLANS_OF_STRIPE = ['pro', 'enterprise'] as const;
const SUBSCRIPTION_IDS = ['sub_1', 'sub_2'] as const;

function anyAnchor(random: Random, account: Account, now: Instant): Instant {
  const day = Math.floor(now / DAY_MS) * DAY_MS;
  return random.pick([
    account.anchor,
    account.periodStart,
    account.periodEnd,
    // The same series, told from another of its boundaries.
    boundary(account.anchor, random.integer(-3, 3)),
    now,
    now + random.integer(-2, 2),
    day - random.integer(0, 40) * DAY_MS,
    Date.UTC(2026, random.integer(0, 11), random.integer(28, 31)),
  ]);
}

function anyEnd(random: Random, account: Account, now: Instant): Instant {
  return random.pick([
    now + random.integer(1, 4),
    now + random.integer(1, 90) * DAY_MS,
    account.periodEnd,
    account.periodEnd + random.integer(-1, 1),
    now - random.integer(0, 3),
  ]);
}

function anyFacts(random: Random, account: Account, now: Instant): LiveFacts {
  const live = {
    id: random.pick(SUBSCRIPTION_IDS),
    interval: random.pick(['month', 'year'] as const),
    endsAt: random.happens(0.2) ? anyEnd(random, account, now) : null,
  };
  const plan = random.pick(PLANS_OF_STRIPE);
  const anchor = anyAnchor(random, account, now);
  if (random.happens(0.2)) {
    return trialUntil(
      { plan, anchor, subscription: { status: 'active', ...live } },
      anyEnd(random, account, now),
    );
  }
  return random.happens(0.2)
    ? {
        plan,
        anchor,
        subscription: { status: 'past_due', graceEndsAt: anyEnd(random, account, now), ...live },
      }
    : { plan, anchor, subscription: { status: 'active', ...live } };
}

function trialUntil({ plan, subscription }: LiveFacts, trialEndsAt: Instant): LiveFacts {
  const { id, interval, endsAt } = subscription;
  return {
    plan,
    anchor: trialEndsAt,
    subscription: { status: 'trialing', id, interval, endsAt, trialEndsAt },
  };
}

/** The facts with one thing changed. */
function altered(random: Random, facts: LiveFacts, account: Account, now: Instant): LiveFacts {
  const { id, interval } = facts.subscription;
  const live = { id, interval, endsAt: null };
  const end = anyEnd(random, account, now);
  return random.pick<LiveFacts>([
    { ...facts, plan: random.pick(PLANS_OF_STRIPE) },
    { ...facts, plan: random.pick(PLANS_OF_STRIPE) },
    { ...facts, anchor: anyAnchor(random, account, now), subscription: { status: 'active', ...live } },
    { ...facts, subscription: { status: 'active', ...live } },
    { ...facts, subscription: { status: 'active', ...live, endsAt: end } },
    { ...facts, subscription: { status: 'past_due', ...live, graceEndsAt: end } },
    trialUntil(facts, end),
  ]);
}

/** What Stripe says next: the same again, something older, the same but for one thing, the end, or anything. */
export function nextFacts(
  random: Random,
  told: readonly SubscriptionFacts[],
  account: Account,
  now: Instant,
): SubscriptionFacts {
  const any = (): LiveFacts => anyFacts(random, account, now);
  const lastLive = told.findLast((facts) => facts !== null);
  const change = (): LiveFacts => (lastLive === undefined ? any() : altered(random, lastLive, account, now));
  return random.pick<() => SubscriptionFacts>([
    () => null,
    () => told.at(-1) ?? any(),
    () => random.pickAny(told) ?? any(),
    () => lastLive ?? any(),
    change,
    change,
    change,
    any,
  ])();
}
