/** What the usage routes show about an account that was rolled forward to now (G7). */
import { type Account } from '../../domain/account.ts';
import { type Limit } from '../../domain/catalogue.ts';
import { available } from '../../domain/credits.ts';
import { DAY_MS, type Instant, toIso } from '../../domain/instants.ts';
import { CREDITS, creditsOfPeriod, type LimitedUse, limitedUses } from '../../domain/limited-meters.ts';
import { countOf, limitOf, type Meter, METERS, remaining } from './meters.ts';

export interface UsageSummary {
  userId: string;
  /** The instant at which the open period began. */
  period: string;
  periodEndsAt: string;
  plan: string;
  usage: { lettersCreated: number; emailsSent: number; mailsSent: number; mailCreditsRemaining: number };
  limits: { maxLetters: Limit; maxEmails: Limit; mailCreditsPerMonth: number };
  /** 0 to 100, rounded down, so that 100 means reached; null: unlimited. */
  utilization: { lettersPercent: number | null; emailsPercent: number | null; mailCreditsPercent: number };
}

export interface RemainingQuota {
  userId: string;
  letters: Limit;
  emails: Limit;
  mailCredits: number;
  periodEndsAt: string;
}

export interface NearingQuota {
  nearing: boolean;
  meters: { meter: Meter; percent: number }[];
}

export interface UsageForecast {
  meters: { meter: Meter; perDay: number; runsOutAt: string | null }[];
}

function percentOf(used: number, limit: number): number {
  return limit === 0 ? 0 : Math.min(100, Math.floor((used * 100) / limit));
}

function percentOfLimit(used: number, limit: Limit): number | null {
  return limit === 'unlimited' ? null : percentOf(used, limit);
}

export function getUserMonthlyUsageSummary(account: Account): UsageSummary {
  const letters = countOf(account, 'letters');
  const emails = countOf(account, 'emails');
  return {
    userId: account.userId,
    period: toIso(account.periodStart),
    periodEndsAt: toIso(account.periodEnd),
    plan: account.plan,
    usage: {
      lettersCreated: letters.used,
      emailsSent: emails.used,
      mailsSent: countOf(account, 'mails').used,
      mailCreditsRemaining: available(account.credits),
    },
    limits: {
      maxLetters: limitOf(letters),
      maxEmails: limitOf(emails),
      mailCreditsPerMonth: account.creditsPerPeriod,
    },
    utilization: {
      lettersPercent: percentOfLimit(letters.used, limitOf(letters)),
      emailsPercent: percentOfLimit(emails.used, limitOf(emails)),
      mailCreditsPercent: percentOf(account.credits.usedThisPeriod, creditsOfPeriod(account)),
    },
  };
}

export function getRemainingQuota(account: Account): RemainingQuota {
  return {
    userId: account.userId,
    letters: remaining(countOf(account, 'letters')),
    emails: remaining(countOf(account, 'emails')),
    mailCredits: available(account.credits),
    periodEndsAt: toIso(account.periodEnd),
  };
}

/** The limits of the letters app's meters. That of mails is the credits that the period had to spend. */
function limitedMeters(account: Account): { meter: Meter; used: number; limit: number }[] {
  return METERS.flatMap((meter) => {
    const of = meter === 'mails' ? CREDITS : meter;
    const found: LimitedUse | undefined = limitedUses(account).find((use) => use.of === of);
    return found === undefined ? [] : [{ meter, used: found.used, limit: found.limit }];
  });
}

/** The limited meters of which at least `threshold` (0 to 1) is used. A limit of 0 is never near. */
export function isNearingQuota(account: Account, threshold: number): NearingQuota {
  const meters = limitedMeters(account)
    .filter(({ used, limit }) => limit > 0 && used >= limit * threshold)
    .map(({ meter, used, limit }) => ({ meter, percent: percentOf(used, limit) }));
  return { nearing: meters.length > 0, meters };
}

/**
 * How fast the user uses each meter, and when it runs out at that pace; null: not in this period. The first day of a period
 * counts as a whole day, so that a single letter at its start does not mean a wild pace.
 */
export function forecastUsage(account: Account, now: Instant): UsageForecast {
  const days = Math.max(1, (now - account.periodStart) / DAY_MS);
  const limits = new Map(limitedMeters(account).map(({ meter, used, limit }) => [meter, limit - used]));
  const counts: { meter: Meter; used: number }[] = [
    { meter: 'letters', used: countOf(account, 'letters').used },
    { meter: 'emails', used: countOf(account, 'emails').used },
    { meter: 'mails', used: account.credits.usedThisPeriod },
  ];
  return {
    meters: counts.map(({ meter, used }) => {
      const perDay = used / days;
      const rest = limits.get(meter);
      const runsOutAt =
        rest === undefined || perDay === 0 ? Infinity : now + (Math.max(0, rest) / perDay) * DAY_MS;
      return {
        meter,
        perDay: Math.round(perDay * 100) / 100,
        runsOutAt: runsOutAt < account.periodEnd ? toIso(Math.round(runsOutAt)) : null,
      };
    }),
  };
}
