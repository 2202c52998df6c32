/**
 * Counts how much of its allowance each subscription has had in its interval, by what accounts look like from outside.
 * This is the walk's own idea of "one allowance per interval", however often a subscription ends in it and returns.
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

/** The interval in which the account's last subscription is, or has ended. */
export type Served = Interval | null;

function allowanceOf({ plan }: Account): number {
  return LETTERS.plans.find(({ id }) => id === plan)?.creditsPerPeriod ?? NaN;
}

function begun(account: Account, earlier: Served): Served {
  const { subscription, anchor, periodStart, periodEnd } = account;
  if (!isLive(subscription)) {
    return earlier;
  }
  const isSame =
    earlier !== null &&
    earlier.id === subscription.id &&
    earlier.anchor === anchor &&
    periodStart < earlier.endsAt;
  // A trial that returns as a paid subscription of the same series has that series' months from there on.
  return isSame
    ? { ...earlier, endsAt: periodEnd, allowance: Math.max(earlier.allowance, allowanceOf(account)) }
    : { id: subscription.id, anchor, endsAt: periodEnd, used: 0, allowance: allowanceOf(account) };
}

/** After the account has been rolled forward. */
export function servedAfterRoll(served: Served, before: Account, rolled: AccountChange): Served {
  const first = rolled.closed[0];
  if (first === undefined || !isLive(before.subscription) || served === null) {
    return served;
  }
  if (first.periodEnd < before.periodEnd) {
    return { ...served, used: served.used + spent(before.credits).included };
  }
  return begun(rolled.account, null);
}

/** After a rolled account has followed its subscription. */
export function servedAfterFollowing(served: Served, rolled: Account, account: Account): Served {
  const [from, to] = [rolled.subscription, account.subscription];
  if (!isLive(from)) {
    return begun(account, served);
  }
  const isOver = served === null || account.periodStart >= rolled.periodEnd;
  const ended = isOver ? null : { ...served, used: served.used + spent(rolled.credits).included };
  if (!isLive(to)) {
    return ended;
  }
  if (to.id !== from.id) {
    return begun(account, ended);
  }
  // Kept: the same interval, though its anchor and end may be told anew. Closed: the anchor has moved, or it is over.
  return served !== null && account.periodStart === rolled.periodStart
    ? {
        ...served,
        anchor: account.anchor,
        endsAt: account.periodEnd,
        allowance: Math.max(served.allowance, allowanceOf(account)),
      }
    : begun(account, null);
}

/** What the interval has been granted beyond one allowance. */
export function grantedTwice(served: Served, { subscription, credits }: Account): number {
  return isLive(subscription) && served !== null
    ? Math.max(0, served.used + credits.included + credits.withheld - served.allowance)
    : 0;
}
