import { type Account, type ClosedPeriod, isLive, type Subscription } from './account.ts';
import { type BillingInterval, type Catalogue, freePlan } from './catalogue.ts';
import { arrived, type Change, type RecordChange } from './changes.ts';
import { available, type Credits, NO_CREDITS } from './credits.ts';
import { type CoreEvent, event, THRESHOLD_PERCENTS } from './events.ts';
import { eventsOfGift } from './gift-events.ts';
import { type Instant, toIso } from './instants.ts';
import { type LimitedUse, limitedUses } from './limited-meters.ts';
import { eventsOfPurchase } from './purchase-events.ts';

/**
 * The events that follow from a change. The same change gives the same events, with the same ids, however often it is told.
 * Items that vanish, as all of an erased user's do, give none.
 */
export function eventsOf(change: RecordChange, catalogue: Catalogue): CoreEvent[] {
  switch (change.kind) {
    case 'account':
      return eventsOfAccount(change, catalogue);
    case 'period':
      return eventsOfPeriod(change);
    case 'consumption':
      return eventsOfConsumption(change);
    case 'purchase':
      return eventsOfPurchase(change);
    case 'gift':
      return eventsOfGift(change);
    case 'movement':
      return [];
  }
}

function eventsOfAccount(
  { userId, at, before, after }: Change<'account'>,
  catalogue: Catalogue,
): CoreEvent[] {
  if (after === null || before?.kind === 'erased') {
    return [];
  }
  if (after.kind === 'erased') {
    const data = { erasedAt: toIso(after.erasedAt) };
    return [event('AccountErased', userId, [after.version], after.erasedAt, data)];
  }
  return [
    ...subscriptionEvents(before, after, at, catalogue),
    ...creditEvents(before, after, at),
    ...thresholdEvents(before, after, at),
    ...suspicionEvents(before, after, at, catalogue),
  ];
}

/** The terms of a subscription, for other services. */
function termsOf(subscription: Subscription): {
  subscriptionId: string | null;
  interval: BillingInterval | null;
  trialEndsAt: string | null;
  graceEndsAt: string | null;
  endsAt: string | null;
} {
  const live = isLive(subscription) ? subscription : null;
  const endsAt = live?.endsAt ?? null;
  return {
    subscriptionId: live?.id ?? null,
    interval: live?.interval ?? null,
    trialEndsAt: live?.status === 'trialing' ? toIso(live.trialEndsAt) : null,
    graceEndsAt: live?.status === 'past_due' ? toIso(live.graceEndsAt) : null,
    endsAt: endsAt === null ? null : toIso(endsAt),
  };
}

function subscriptionEvents(
  before: Account | null,
  after: Account,
  at: Instant,
  catalogue: Catalogue,
): CoreEvent[] {
  const { userId, version: accountVersion, plan, subscription } = after;
  const { status } = subscription;
  const previousPlan = before?.plan ?? freePlan(catalogue).id;
  const previous: Subscription = before?.subscription ?? { status: 'none' };
  const terms = termsOf(subscription);
  const isSame =
    plan === previousPlan &&
    status === previous.status &&
    JSON.stringify(terms) === JSON.stringify(termsOf(previous));
  const data = { accountVersion, plan, previousPlan, status, previousStatus: previous.status, ...terms };
  return isSame ? [] : [event('SubscriptionChanged', userId, [accountVersion], at, data)];
}

function creditEvents(before: Account | null, after: Account, at: Instant): CoreEvent[] {
  const { userId, version: accountVersion } = after;
  const previous = creditFigures(before?.credits ?? NO_CREDITS);
  const figures = creditFigures(after.credits);
  if (JSON.stringify(figures) === JSON.stringify(previous)) {
    return [];
  }
  const change = figures.available - previous.available;
  return [event('CreditsChanged', userId, [accountVersion], at, { accountVersion, change, ...figures })];
}

type CreditFigures = { available: number } & Pick<
  Credits,
  'owed' | 'granted' | 'used' | 'expired' | 'takenBack'
>;

function creditFigures(credits: Credits): CreditFigures {
  const { owed, granted, used, expired, takenBack } = credits;
  return { available: available(credits), owed, granted, used, expired, takenBack };
}

function thresholdEvents(before: Account | null, after: Account, at: Instant): CoreEvent[] {
  const { userId, periodStart, periodEnd } = after;
  // A period begins its meters and credits anew, and no level.
  const usesBefore = (before === null ? [] : limitedUses(before)).filter(
    ({ kind }) => kind === 'levels' || before?.periodStart === periodStart,
  );
  return limitedUses(after).flatMap(({ kind, of: meter, used, limit }) => {
    const useBefore = usesBefore.find((use) => use.kind === kind && use.of === meter) ?? { used: 0, limit };
    return THRESHOLD_PERCENTS.filter(
      (percent) => hasReached({ used, limit }, percent) && !hasReached(useBefore, percent),
    ).map((thresholdPercent) =>
      event('UsageThresholdReached', userId, [meter, thresholdPercent, toIso(periodStart), limit], at, {
        meter,
        thresholdPercent,
        used,
        limit,
        period: toIso(periodStart),
        periodEndsAt: toIso(periodEnd),
      }),
    );
  });
}

/** Nobody can use anything of a limit of zero, so no use reaches it. */
function hasReached({ used, limit }: Pick<LimitedUse, 'used' | 'limit'>, percent: number): boolean {
  return limit > 0 && used * 100 >= limit * percent;
}

function suspicionEvents(
  before: Account | null,
  after: Account,
  at: Instant,
  { meters }: Catalogue,
): CoreEvent[] {
  const { userId, periodStart } = after;
  const countsBefore = before?.periodStart === periodStart ? before.meters : {};
  const period = toIso(periodStart);
  return meters.flatMap(({ id: meter, suspiciousAbove: above }) => {
    const used = after.meters[meter]?.used ?? 0;
    const isSuspicious = above !== null && used > above && (countsBefore[meter]?.used ?? 0) <= above;
    return isSuspicious
      ? [event('SuspiciousActivity', userId, [meter, period], at, { period, meter, used, above })]
      : [];
  });
}

function eventsOfPeriod(change: Change<'period'>): CoreEvent[] {
  const period = arrived(change);
  return period === null ? [] : [periodClosed(change.userId, period)];
}

function periodClosed(userId: string, period: ClosedPeriod): CoreEvent {
  const start = toIso(period.periodStart);
  return event('PeriodClosed', userId, [start], period.periodEnd, {
    period: start,
    endedAt: toIso(period.periodEnd),
    plan: period.plan,
    used: Object.fromEntries(Object.entries(period.meters).map(([id, { used }]) => [id, used])),
    creditsUsed: period.creditsUsed,
    movements: period.movements.map(({ kind, amount }) => ({ kind, amount })),
  });
}

function eventsOfConsumption({ userId, before, after }: Change<'consumption'>): CoreEvent[] {
  if (after === null) {
    return [];
  }
  const { id, consumed, released, credits, createdAt, givenBackAt } = after;
  const recorded = event('UsageRecorded', userId, [id], createdAt, {
    usageId: id,
    consumed,
    released,
    credits,
    recordedAt: toIso(createdAt),
  });
  if (givenBackAt === null || before?.givenBackAt === givenBackAt) {
    return before === null ? [recorded] : [];
  }
  const data = { usageId: id, consumed, credits, givenBackAt: toIso(givenBackAt) };
  return [event('UsageGivenBack', userId, [id], givenBackAt, data)];
}
