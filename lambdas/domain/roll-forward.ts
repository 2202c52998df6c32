import {
  type Account,
  type AccountChange,
  type ClosedPeriod,
  endingOf,
  isLive,
  type LiveSubscription,
  openUntil,
  planOfAccount,
  type ServedInterval,
} from './account.ts';
import { type Catalogue, freePlan } from './catalogue.ts';
import {
  available,
  type Close,
  closeCredits,
  grantIncluded,
  inTurn,
  type Movement,
  payOwed,
  restoreLots,
  spent,
} from './credits.ts';
import { agedLots, type Lots, NO_LOTS } from './lots.ts';
import { type Instant, toIso } from './instants.ts';
import { boundaryAfter, CALENDAR_ANCHOR } from './periods.ts';
import { servedAfter, servedBefore, withServed } from './served-intervals.ts';
import { isInForce, knowsAll, repeatedTerms, termsOfNewPeriod, withUnknown } from './terms.ts';
import { paidLots } from './unpaid-periods.ts';
import { withholdUnlessPaid } from './withheld.ts';

/** What a period opens with. */
export interface Opening {
  allowance: number;
  /** Carried credits that an ending had expired, when its plan returns. */
  restored: Lots;
}

/** One period closed and the next one opened. */
export interface Step {
  account: Account;
  closed: ClosedPeriod;
}

/**
 * Closes every period that has ended by `now`, and every ending that has passed, one after the other (G5, G7).
 *
 * It grants nothing past a scheduled end or the end of grace, and rolling to one time and then to a later one equals
 * rolling to the later one at once. An account that is still open comes back as it is, but for meters and levels of the
 * catalogue that it does not know yet.
 */
export function rollForward(account: Account, now: Instant, catalogue: Catalogue): AccountChange {
  const closed: ClosedPeriod[] = [];
  let current = knowsAll(account, catalogue)
    ? account
    : { ...account, ...withUnknown(account, planOfAccount(account, catalogue), catalogue) };
  while (now >= openUntil(current)) {
    const step = closeNext(current, catalogue);
    closed.push(step.closed);
    current = step.account;
  }
  return { account: current, closed, movements: [] };
}

/** The next close that is known: an ending wins over a boundary at the same instant. */
function closeNext(account: Account, catalogue: Catalogue): Step {
  const { subscription } = account;
  const ending = endingOf(subscription);
  return isLive(subscription) && ending !== null && ending <= account.periodEnd
    ? endAt(account, subscription, Math.max(ending, account.periodStart), catalogue)
    : rollOver(account, catalogue);
}

/** Closes a period at its boundary and opens the next of the same series. */
function rollOver(account: Account, catalogue: Catalogue): Step {
  const at = account.periodEnd;
  const { subscription } = account;
  const plan = isInForce(account, catalogue, at) ? planOfAccount(account, catalogue) : null;
  const terms = plan === null ? repeatedTerms(account) : termsOfNewPeriod(account, plan, catalogue);
  return openAt(
    {
      ...account,
      ...terms,
      plan: plan?.id ?? account.plan,
      periodEnd: boundaryAfter(account.anchor, at),
      // A trial that ends with its payment settled has become a paid period, whether or not Stripe's word has come.
      subscription:
        subscription.status === 'trialing'
          ? {
              status: 'active',
              id: subscription.id,
              interval: subscription.interval,
              endsAt: subscription.endsAt,
            }
          : subscription,
      servedIntervals: servedAfter(account, at),
    },
    account,
    at,
    { at: 'boundary', carryOver: account.carryOver },
    { allowance: terms.creditsPerPeriod, restored: NO_LOTS },
  );
}

/** "The free period after an ending opens without allowance; the month's start brings it." */
const ENDED_ALLOWANCE = 0;

/** Ends the subscription at an instant: the period closes there, and a free one runs to the month's end. */
export function endAt(
  account: Account,
  subscription: LiveSubscription,
  at: Instant,
  catalogue: Catalogue,
): Step {
  const plan = freePlan(catalogue);
  return openAt(
    {
      ...account,
      ...termsOfNewPeriod(account, plan, catalogue),
      plan: plan.id,
      subscription: { status: 'canceled' },
      anchor: CALENDAR_ANCHOR,
      periodEnd: boundaryAfter(CALENDAR_ANCHOR, at),
      servedIntervals: withServed(account, servedBy(account, subscription, at), at),
    },
    account,
    at,
    { at: 'ending' },
    { allowance: ENDED_ALLOWANCE, restored: NO_LOTS },
  );
}

/**
 * Closes `before`'s period at an instant and opens the period that `next` describes there. The movements of both
 * stand in the closed period, so that a rollover writes two items.
 */
export function openAt(next: Account, before: Account, at: Instant, close: Close, opening: Opening): Step {
  const source = `period:${toIso(before.periodStart)}`;
  const opened = `period:${toIso(at)}`;
  const { credits, movements } = inTurn(
    before.credits,
    (current) => closeCredits(current, close, source),
    (current) => grantIncluded(current, opening.allowance, opened),
    (current) => restoreLots(current, opening.restored, opened),
    withholdUnlessPaid(next.subscription, opened),
    (current) => payOwed(current, source),
  );
  return {
    account: { ...next, periodStart: at, credits },
    closed: closedPeriod(before, at, movements),
  };
}

function closedPeriod(account: Account, at: Instant, movements: readonly Movement[]): ClosedPeriod {
  return {
    periodStart: account.periodStart,
    periodEnd: at,
    anchor: account.anchor,
    plan: account.plan,
    meters: Object.fromEntries(
      Object.entries(account.meters).map(([id, { used, limit, paid }]) => [id, { used, limit, paid }]),
    ),
    creditsPerPeriod: account.creditsPerPeriod,
    creditsUsed: account.credits.usedThisPeriod,
    creditsLeft: available(account.credits),
    purchasedOutstanding: spent(account.credits).purchased,
    movements,
  };
}

/** Whether a closed period says anything: one without use and without movement writes no item, and is shown as zeros. */
export function isWorthKeeping(period: ClosedPeriod): boolean {
  const isUsed = Object.values(period.meters).some(({ used }) => used > 0);
  return isUsed || period.creditsUsed > 0 || period.movements.length > 0;
}

/** What the ended subscription has had of its interval, added to what earlier endings in the same interval left. */
function servedBy(account: Account, { id }: LiveSubscription, at: Instant): ServedInterval {
  const expiredLots = paidLots(account);
  const begun = { subscriptionId: id, anchor: account.anchor };
  // At a boundary the closed period belongs to the interval before: nothing of the new one has been used, and the
  // carried credits would have grown older there.
  if (at === account.periodEnd) {
    const aged = agedLots(expiredLots, account.carryOver);
    return { ...begun, endsAt: boundaryAfter(account.anchor, at), includedUsed: 0, expiredLots: aged };
  }
  // The period's end, and not the series' next boundary: a trial is one interval, however long.
  const earlier = servedBefore(account)?.includedUsed ?? 0;
  const includedUsed = earlier + spent(account.credits).included;
  return { ...begun, endsAt: account.periodEnd, includedUsed, expiredLots };
}
