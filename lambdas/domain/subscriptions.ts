import {
  type Account,
  type AccountChange,
  endingOf,
  isLive,
  type LiveSubscription,
  type ServedInterval,
} from './account.ts';
import { type Catalogue, planOf } from './catalogue.ts';
import {
  changeAllowance,
  type Close,
  type Credits,
  type CreditsChange,
  inTurn,
  payOwed,
  restoreLots,
  spent,
} from './credits.ts';
import { NO_LOTS } from './lots.ts';
import { type Instant } from './instants.ts';
import { boundaryAfter, boundaryAtOrBefore, isBoundary } from './periods.ts';
import { endAt, openAt, type Opening, rollForward } from './roll-forward.ts';
import { servedBefore, servedOf, withoutServed, withServed } from './served-intervals.ts';
import { isInForce, repeatedTerms, type Terms, termsOfNewPeriod, termsOfOpenPeriod } from './terms.ts';
import { countClosedUnpaid, expireUnpaid, isOpenUnpaid, toldUntil } from './unpaid-periods.ts';
import { withholdUnlessPaid } from './withheld.ts';

/** What Stripe says of the live subscription now. */
export interface LiveFacts {
  plan: string;
  /** Its billing cycle anchor. A trial's periods are counted from the trial's end instead. */
  anchor: Instant;
  subscription: LiveSubscription;
}

/** Null when no subscription gives a plan. */
export type SubscriptionFacts = LiveFacts | null;

/**
 * Brings an account to what Stripe says, whatever it said before (G10): begins, changes, moves or ends its
 * subscription. What can't keep the open period takes effect 1 ms after it is learnt, since the starts of two periods
 * must differ. Rolls forward first, withholds or gives back what a failed payment takes, and pays what is owed.
 */
export function followSubscription(
  account: Account,
  facts: SubscriptionFacts,
  now: Instant,
  catalogue: Catalogue,
): AccountChange {
  const rolled = rollForward(account, now, catalogue);
  const at = Math.max(now, rolled.account.periodStart) + 1;
  const followed = stepToward(rolled.account, livingAt(facts, at), at, catalogue);
  // The new series may have a boundary between the period's start and now.
  const settled = rollForward(followed.account, now, catalogue);
  return {
    account: settled.account,
    closed: [...rolled.closed, ...followed.closed, ...settled.closed],
    movements: followed.movements,
  };
}

/** Facts whose end has passed give nothing any more, and a trial that is over is a paid subscription (G7). */
function livingAt(facts: SubscriptionFacts, at: Instant): SubscriptionFacts {
  if (facts === null) {
    return null;
  }
  const { subscription } = facts;
  const ending = endingOf(subscription);
  if (ending !== null && ending <= at) {
    return null;
  }
  if (subscription.status === 'trialing' && subscription.trialEndsAt <= at) {
    const { id, interval, endsAt } = subscription;
    return {
      plan: facts.plan,
      anchor: subscription.trialEndsAt,
      subscription: { status: 'active', id, interval, endsAt },
    };
  }
  return facts;
}

/** From where the account stands to the facts: at most one ending and one beginning, or a change of what goes on. */
function stepToward(
  account: Account,
  facts: SubscriptionFacts,
  at: Instant,
  catalogue: Catalogue,
): AccountChange {
  const { subscription } = account;
  if (!isLive(subscription)) {
    return facts === null ? { account, closed: [], movements: [] } : begin(account, facts, at, catalogue);
  }
  if (facts?.subscription.id === subscription.id) {
    return change(account, facts, at, catalogue);
  }
  const ended = endAt(account, subscription, at, catalogue);
  const begun = stepToward(ended.account, livingAt(facts, at + 1), at + 1, catalogue);
  return { ...begun, closed: [ended.closed, ...begun.closed] };
}

/** A subscription begins, or one that had ended returns within the interval in which it ended. */
function begin(account: Account, facts: LiveFacts, at: Instant, catalogue: Catalogue): AccountChange {
  const served = servedAlready(account, facts, at);
  // Its carried credits come back once.
  const rest = served === null ? null : { ...served, expiredLots: NO_LOTS };
  const begun = withInterval(account, facts, rest, at);
  return isBoundary(seriesOf(facts), account.periodStart)
    ? changePlan(begun, facts, catalogue, served)
    : movePeriod(begun, facts, at, catalogue, served, closing(account, seriesOf(facts), 0));
}

/** The same subscription with another plan, anchor, status or end. */
function change(account: Account, facts: LiveFacts, at: Instant, catalogue: Catalogue): AccountChange {
  const series = seriesOf(facts);
  // A trial is one period, however often its end is moved.
  const isSameTrial = account.subscription.status === 'trialing' && facts.subscription.status === 'trialing';
  const isSameSeries = series === account.anchor || isSameTrial;
  // Under the same plan and anchor, all that the account has opened is taken to be paid for.
  const isAsBefore = isSameSeries && !isSmaller(facts, account, catalogue);
  const paidUntil = isAsBefore ? Infinity : Math.min(movedAt(facts, account), toldUntil(account));
  return isSameSeries || beginsIn(series, account, at)
    ? changeInPeriod(account, facts, catalogue, paidUntil)
    : moveAnchor(account, facts, at, catalogue, paidUntil);
}

/** When the anchor has moved, as far as it tells: an earlier one does not. */
function movedAt(facts: LiveFacts, { anchor }: Account): Instant {
  const series = seriesOf(facts);
  return series > anchor ? series : Infinity;
}

/** Whether a subscription brings fewer credits than it did. */
function isSmaller(facts: LiveFacts, { plan, creditsPerPeriod }: Account, catalogue: Catalogue): boolean {
  const next = facts.plan === plan ? null : planOf(catalogue, facts.plan);
  return next !== null && next.creditsPerPeriod < creditsPerPeriod;
}

function changeInPeriod(
  account: Account,
  facts: LiveFacts,
  catalogue: Catalogue,
  paidUntil: Instant,
): AccountChange {
  const paid = expireUnpaid(account, paidUntil, sourceOf(facts));
  const changed =
    account.plan === facts.plan
      ? keepPeriod(paid.account, facts, account, NO_CHANGE)
      : changePlan(paid.account, facts, catalogue, servedBefore(account));
  return { ...changed, movements: [...paid.movements, ...changed.movements] };
}

function moveAnchor(
  account: Account,
  facts: LiveFacts,
  at: Instant,
  catalogue: Catalogue,
  paidUntil: Instant,
): AccountChange {
  const served = cutShort(account, facts, at, paidUntil);
  const close = closing(account, paidUntil, countClosedUnpaid(account, paidUntil));
  return movePeriod(withInterval(account, facts, served, at), facts, at, catalogue, served, close);
}

/**
 * Whether the open period is one of a series. If the series was begun within the period, it is not, although a boundary may
 * lie where the period began, since months differ in length:
 *
 *     series of the 31st   |31 Jan        |28 Feb                |31 Mar
 *     one of 28 March      |28 Jan        |28 Feb            |28 Mar: begun here
 */
function beginsIn(series: Instant, { periodStart }: Account, at: Instant): boolean {
  const isBegunSince = series > periodStart && series <= at;
  return isBoundary(series, periodStart) && !isBegunSince;
}

/** A plan's allowance, less what the interval has used already; and what an ending expired of the carried credits. */
function openingOf({ creditsPerPeriod }: Terms, served: ServedInterval | null): Opening {
  return {
    allowance: Math.max(0, creditsPerPeriod - (served?.includedUsed ?? 0)),
    restored: served?.expiredLots ?? NO_LOTS,
  };
}

/** Another plan in the open period, which keeps its counters; the new limits hold at once. */
function changePlan(
  account: Account,
  facts: LiveFacts,
  catalogue: Catalogue,
  served: ServedInterval | null,
): AccountChange {
  const terms = termsOfOpenPeriod(account, planOf(catalogue, facts.plan), catalogue);
  const { allowance, restored } = openingOf(terms, served);
  const source = sourceOf(facts);
  return keepPeriod(account, facts, terms, (credits) =>
    inTurn(
      credits,
      (current) => changeAllowance(current, allowance, source),
      (current) => restoreLots(current, restored, source),
    ),
  );
}

const NO_CHANGE = (credits: Credits): CreditsChange => ({ credits, movements: [] });

function keepPeriod(
  account: Account,
  facts: LiveFacts,
  terms: Terms,
  changeCredits: (credits: Credits) => CreditsChange,
): AccountChange {
  const source = sourceOf(facts);
  const { credits, movements } = inTurn(
    account.credits,
    changeCredits,
    withholdUnlessPaid(facts.subscription, source),
    (current) => payOwed(current, source),
  );
  return {
    account: { ...withFacts(account, facts, account.periodStart), ...termsOnly(terms), credits },
    closed: [],
    movements,
  };
}

function termsOnly({ meters, levels, creditsPerPeriod, carryOver, catalogueSince }: Terms): Terms {
  return { meters, levels, creditsPerPeriod, carryOver, catalogueSince };
}

function sourceOf({ subscription }: LiveFacts): string {
  return `subscription:${subscription.id}`;
}

/** How a moved anchor closes the open period: what is left of one that nobody has paid for is not carried. */
function closing(account: Account, paidUntil: Instant, unpaidLots: number): Close {
  const carryOver = isOpenUnpaid(account, paidUntil) ? null : account.carryOver;
  return { at: 'moved anchor', carryOver, unpaidLots };
}

/** Closes the open period where the move was learnt and opens one there, up to the new series' next boundary. */
function movePeriod(
  account: Account,
  facts: LiveFacts,
  at: Instant,
  catalogue: Catalogue,
  served: ServedInterval | null,
  close: Close,
): AccountChange {
  const isRepeated = facts.plan === account.plan && !isInForce(account, catalogue, at);
  const terms = isRepeated
    ? repeatedTerms(account)
    : termsOfNewPeriod(account, planOf(catalogue, facts.plan), catalogue);
  const moved = openAt(
    { ...withFacts(account, facts, at), ...terms },
    account,
    at,
    close,
    openingOf(terms, served),
  );
  return { account: moved.account, closed: [moved.closed], movements: [] };
}

/**
 * What a moved anchor brings along into the interval that it begins. Stripe credits the time that is left of the interval
 * before, whatever was used of its allowance. So that share of the use counts in the new interval. What a trial used was
 * free, and counts nothing. What was used of a period that nobody has paid for counts whole.
 */
function cutShort(
  account: Account,
  facts: LiveFacts,
  at: Instant,
  paidUntil: Instant,
): ServedInterval | null {
  const { anchor, periodStart, periodEnd } = account;
  // Only a trial's period begins before its anchor, the trial's end.
  const isOfTrial = periodStart < anchor;
  const used = (servedBefore(account)?.includedUsed ?? 0) + spent(account.credits).included;
  if (isOfTrial || used === 0) {
    return null;
  }
  const start = boundaryAtOrBefore(anchor, periodStart);
  // Stripe moved the anchor then, or the open period lies in the new series already.
  const begun = facts.subscription.status === 'trialing' ? at : boundaryAtOrBefore(facts.anchor, at);
  const unused = periodEnd - (isOpenUnpaid(account, paidUntil) ? start : Math.max(start, begun));
  return {
    subscriptionId: facts.subscription.id,
    anchor: seriesOf(facts),
    endsAt: periodEndOf(account, facts, at),
    includedUsed: Math.ceil((used * unused) / (periodEnd - start)),
    expiredLots: NO_LOTS,
  };
}

function withFacts(account: Account, facts: LiveFacts, periodStart: Instant): Account {
  const { plan, subscription } = facts;
  return {
    ...account,
    plan,
    subscription,
    anchor: seriesOf(facts),
    periodStart,
    periodEnd: periodEndOf(account, facts, periodStart),
  };
}

/** A period that goes on under the same series keeps its end, and a trial is one period up to its end, however long. */
function periodEndOf(account: Account, facts: LiveFacts, periodStart: Instant): Instant {
  if (facts.subscription.status === 'trialing') {
    return facts.subscription.trialEndsAt;
  }
  const isSamePeriod = facts.anchor === account.anchor && periodStart === account.periodStart;
  return isSamePeriod ? account.periodEnd : boundaryAfter(facts.anchor, periodStart);
}

/** The anchor that the periods are counted from: a trial's paid series begins where the trial ends. */
function seriesOf(facts: LiveFacts): Instant {
  return facts.subscription.status === 'trialing' ? facts.subscription.trialEndsAt : facts.anchor;
}

/** What the subscription has had of the interval in which it returns. */
function servedAlready(account: Account, facts: LiveFacts, at: Instant): ServedInterval | null {
  const interval = servedOf(account, facts.subscription.id);
  return interval?.anchor === seriesOf(facts) && at < interval.endsAt ? interval : null;
}

/** The account with an interval in place of the one that its subscription had; null: with none. */
function withInterval(
  account: Account,
  { subscription }: LiveFacts,
  interval: ServedInterval | null,
  at: Instant,
): Account {
  const servedIntervals =
    interval === null ? withoutServed(account, subscription.id) : withServed(account, interval, at);
  return { ...account, servedIntervals };
}
