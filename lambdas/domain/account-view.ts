/** What an account shows to its user, and to the owner's backend: all that a usage page needs. */
import { type Account, dayOf, planOfAccount, type SubscriptionStatus } from './account.ts';
import { type Catalogue, type Limit, meterOf, type Price } from './catalogue.ts';
import { available, left } from './credits.ts';
import { sumLots } from './lots.ts';
import { type Instant, toIso } from './instants.ts';
import { leftOf, type LimitedCount, type MeterCount } from './terms.ts';

interface LimitView {
  /** Null: not in the plan. */
  limit: Limit | null;
  left: Limit;
}

export interface MeterView extends LimitView {
  used: number;
  /** 0 to 100, rounded down, so that 100 means reached; null: there is no number to reach. */
  percent: number | null;
  /** How many credits one costs. */
  credits?: number;
  /** What is used of the limit of a UTC day. */
  today?: { used: number; limit: number };
}

export interface LevelView extends LimitView {
  held: number;
}

export interface AccountView {
  userId: string;
  plan: string;
  status: SubscriptionStatus;
  period: { startsAt: string; endsAt: string };
  meters: Record<string, MeterView>;
  levels: Record<string, LevelView>;
  features: string[];
  credits: {
    available: number;
    included: number;
    /** Of the period's allowance, waiting for a failed payment to be made good. */
    withheld: number;
    carried: number;
    purchased: number;
    perPeriod: number;
    /** What one more costs when none is left; null: none is sold so. */
    extra: Price | null;
  };
  trialEndsAt?: string;
  /** When the subscription is scheduled to end. */
  endsAt?: string;
  /** Until when the user can make a failed payment good. */
  graceEndsAt?: string;
}

/** @param account rolled forward to now (G7) */
export function viewAccount(account: Account, now: Instant, catalogue: Catalogue): AccountView {
  const { credits, subscription } = account;
  const { included, lots, purchased } = left(credits);
  const plan = planOfAccount(account, catalogue);
  return {
    userId: account.userId,
    plan: account.plan,
    status: subscription.status,
    period: { startsAt: toIso(account.periodStart), endsAt: toIso(account.periodEnd) },
    meters: Object.fromEntries(
      inOrder(account.meters, catalogue.meters).map(([id, count]) => [
        id,
        viewMeter(id, count, account, now, catalogue),
      ]),
    ),
    levels: Object.fromEntries(
      inOrder(account.levels, catalogue.levels).map(([id, count]) => [
        id,
        { held: count.used, ...viewLimit(count) },
      ]),
    ),
    features: [...(plan?.features ?? [])],
    credits: {
      available: available(credits),
      included,
      withheld: credits.withheld,
      carried: sumLots(lots),
      purchased,
      perPeriod: account.creditsPerPeriod,
      extra: plan?.extraCredit ?? null,
    },
    ...endings(account),
  };
}

/** In the order of the catalogue, and at the end what it has no more. The table's maps keep no order. */
export function inOrder<Count>(
  counts: Readonly<Record<string, Count>>,
  known: readonly { id: string }[],
): [string, Count][] {
  const places = new Map(known.map(({ id }, place) => [id, place]));
  const placeOf = (id: string): number => places.get(id) ?? known.length;
  return Object.entries(counts).sort(([one], [other]) => placeOf(one) - placeOf(other));
}

function viewMeter(
  id: string,
  count: MeterCount,
  account: Account,
  now: Instant,
  catalogue: Catalogue,
): MeterView {
  const { used, limit, credits } = count;
  const perDay = meterOf(catalogue, id)?.perDay ?? null;
  return {
    used,
    ...viewLimit(count),
    percent: typeof limit === 'number' ? percentOf(used, limit) : null,
    ...(credits === 0 ? {} : { credits }),
    ...(perDay === null ? {} : { today: { used: account.usesByDay[dayOf(id, now)] ?? 0, limit: perDay } }),
  };
}

function viewLimit(count: LimitedCount): LimitView {
  const { limit } = count;
  return { limit, left: limit === 'unlimited' ? limit : Math.max(0, leftOf(count)) };
}

/** How much of a limit is used, of 100. Of a limit of 0, nothing is. */
export function percentOf(used: number, limit: number): number {
  return limit === 0 ? 0 : Math.min(100, Math.floor((used * 100) / limit));
}

function endings({ subscription }: Account): Pick<AccountView, 'trialEndsAt' | 'endsAt' | 'graceEndsAt'> {
  switch (subscription.status) {
    case 'none':
    case 'canceled':
      return {};
    case 'trialing':
      return { ...scheduledEnd(subscription.endsAt), trialEndsAt: toIso(subscription.trialEndsAt) };
    case 'active':
      return scheduledEnd(subscription.endsAt);
    case 'past_due':
      return { ...scheduledEnd(subscription.endsAt), graceEndsAt: toIso(subscription.graceEndsAt) };
  }
}

function scheduledEnd(endsAt: Instant | null): Pick<AccountView, 'endsAt'> {
  return endsAt === null ? {} : { endsAt: toIso(endsAt) };
}
