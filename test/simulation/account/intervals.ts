/**
 * Counts how much of its allowance each subscription has had in its interval, by what accounts look like from outside.
 * This is the walk's own idea of "one allowance per interval", however often a subscription ends in it and returns, and
 * whichever other one has the plan meanwhile.
 */
import { type Account, type AccountChange, isLive } from '../../../lambdas/domain/account.ts';
import { spent } from '../../../lambdas/domain/credits.ts';
import { type Instant } from '../../../lambdas/domain/instants.ts';
import { LETTERS } from '../../support/catalogues.ts';

interface Interval {
  id: string;
  anchor: Instant;
  endsAt: Instant;
  /** Included credits used in periods of it that have closed. */
  used: number;
  /** The largest allowance of the plans that it had. */
  allowance: number;
}

/** The latest interval of each subscription, by its id. */
export type Served = ReadonlyMap<string, Interval>;

function allowanceOf({ plan }: Account): number {
  return LETTERS.plans.find(({ id }) => id === plan)?.creditsPerPeriod ?? NaN;
}

function withInterval(served: Served, interval: Interval): Served {
  return new Map(served).set(interval.id, interval);
}

function without(served: Served, id: string): Served {
  return new Map([...served].filter(([other]) => other !== id));
}

function begun(account: Account, served: Served): Served {
  const { subscription, anchor, periodStart, periodEnd } = account;
  if (!isLive(subscription)) {
    return served;
  }
  const { id } = subscription;
  const earlier = served.get(id);
  const isSame = earlier?.anchor === anchor && periodStart < earlier.endsAt;
  const allowance = allowanceOf(account);
  // A trial that returns as a paid subscription of the same series has that series' months from there on.
  return withInterval(
    served,
    isSame
      ? { ...earlier, endsAt: periodEnd, allowance: Math.max(earlier.allowance, allowance) }
      : { id, anchor, endsAt: periodEnd, used: 0, allowance },
  );
}

/** After the account has been rolled forward. */
export function servedAfterRoll(served: Served, before: Account, rolled: AccountChange): Served {
  const first = rolled.closed[0];
  const current = isLive(before.subscription) ? served.get(before.subscription.id) : undefined;
  if (first === undefined || current === undefined) {
    return served;
  }
  if (first.periodEnd < before.periodEnd) {
    return withInterval(served, { ...current, used: current.used + spent(before.credits).included });
  }
  return begun(rolled.account, without(served, current.id));
}

/** After a rolled account has followed its subscription. */
export function servedAfterFollowing(served: Served, rolled: Account, account: Account): Served {
  const [from, to] = [rolled.subscription, account.subscription];
  if (!isLive(from)) {
    return begun(account, served);
  }
  const current = served.get(from.id);
  const isOver = current === undefined || account.periodStart >= rolled.periodEnd;
  const ended = isOver
    ? without(served, from.id)
    : withInterval(served, { ...current, used: current.used + spent(rolled.credits).included });
  if (!isLive(to)) {
    return ended;
  }
  if (to.id !== from.id) {
    return begun(account, ended);
  }
  // Kept: the same interval, though its anchor and end may be told anew. Closed: the anchor has moved, or it is over.
  return current !== undefined && account.periodStart === rolled.periodStart
    ? withInterval(served, {
        ...current,
        anchor: account.anchor,
        endsAt: account.periodEnd,
        allowance: Math.max(current.allowance, allowanceOf(account)),
      })
    : begun(account, without(served, from.id));
}

/** What the interval has been granted beyond one allowance. */
export function grantedTwice(served: Served, { subscription, credits }: Account): number {
  const current = isLive(subscription) ? served.get(subscription.id) : undefined;
  return current === undefined
    ? 0
    : Math.max(0, current.used + credits.included + credits.withheld - current.allowance);
}
