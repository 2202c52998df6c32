/** What the usage routes show about an account that was rolled forward to now (G7). */
import { type Account } from '../../domain/account.ts';
import { type Limit } from '../../domain/catalogue.ts';
import { percentOf } from '../../domain/account-view.ts';
import { available } from '../../domain/credits.ts';
import { type Instant, toIso } from '../../domain/instants.ts';
import { forecast } from '../../domain/forecast.ts';
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

/** The pace of each meter of the letters app. That of mails is the pace of their credits. */
export function forecastUsage(account: Account, now: Instant): UsageForecast {
  const paces = forecast(account, now);
  return {
    meters: METERS.flatMap((meter) => {
      const pace = paces.find((each) => each.meter === (meter === 'mails' ? CREDITS : meter));
      return pace === undefined
        ? []
        : [{ meter, perDay: pace.perDay, runsOutAt: pace.runsOutAt === null ? null : toIso(pace.runsOutAt) }];
    }),
  };
}
