import { type Account, type SubscriptionStatus } from '../../domain/account.ts';
import { available } from '../../domain/credits.ts';
import { DAY_MS, type Instant, toIso } from '../../domain/instants.ts';
import { type Limit } from '../../domain/catalogue.ts';
import { leftOf } from '../../domain/terms.ts';
import { countOf, limitOf } from './meters.ts';

/** What a user may do now: the one answer that an app needs to draw its buttons. */
export interface Entitlements {
  userId: string;
  plan: string;
  status: SubscriptionStatus;
  /** What the plan offers, used up or not. */
  features: {
    canCreateLetters: boolean;
    canScheduleDeliveries: boolean;
    canSchedulePhysicalMail: boolean;
    maxLettersPerMonth: Limit;
    emailDeliveriesIncluded: Limit;
    mailCreditsPerMonth: number;
  };
  usage: { lettersThisMonth: number; emailsThisMonth: number; mailCreditsRemaining: number };
  limits: { lettersReached: boolean; emailsReached: boolean; mailCreditsExhausted: boolean };
  trialInfo?: { isInTrial: boolean; trialEndsAt: string; daysRemaining: number };
  /** When the subscription is scheduled to end. */
  endsAt?: string;
  /** Until when the user can make a failed payment good. */
  graceEndsAt?: string;
}

/** @param account rolled forward to now (G7) */
export function getEntitlements(account: Account, now: Instant): Entitlements {
  const letters = countOf(account, 'letters');
  const emails = countOf(account, 'emails');
  const mails = countOf(account, 'mails');
  const mailCreditsRemaining = available(account.credits);
  return {
    userId: account.userId,
    plan: account.plan,
    status: account.subscription.status,
    features: {
      canCreateLetters: letters.limit !== null,
      canScheduleDeliveries: emails.limit !== null || mails.limit !== null,
      canSchedulePhysicalMail: mails.limit !== null,
      maxLettersPerMonth: limitOf(letters),
      emailDeliveriesIncluded: limitOf(emails),
      mailCreditsPerMonth: account.creditsPerPeriod,
    },
    usage: {
      lettersThisMonth: letters.used,
      emailsThisMonth: emails.used,
      mailCreditsRemaining,
    },
    limits: {
      lettersReached: leftOf(letters) <= 0,
      emailsReached: leftOf(emails) <= 0,
      mailCreditsExhausted: mailCreditsRemaining === 0,
    },
    ...endings(account, now),
  };
}

function endings(account: Account, now: Instant): Pick<Entitlements, 'trialInfo' | 'endsAt' | 'graceEndsAt'> {
  const { subscription } = account;
  switch (subscription.status) {
    case 'none':
    case 'canceled':
      return {};
    case 'trialing':
      return {
        ...scheduledEnd(subscription.endsAt),
        trialInfo: {
          isInTrial: true,
          trialEndsAt: toIso(subscription.trialEndsAt),
          daysRemaining: Math.max(0, Math.ceil((subscription.trialEndsAt - now) / DAY_MS)),
        },
      };
    case 'active':
      return scheduledEnd(subscription.endsAt);
    case 'past_due':
      return { ...scheduledEnd(subscription.endsAt), graceEndsAt: toIso(subscription.graceEndsAt) };
  }
}

function scheduledEnd(endsAt: Instant | null): Pick<Entitlements, 'endsAt'> {
  return endsAt === null ? {} : { endsAt: toIso(endsAt) };
}
