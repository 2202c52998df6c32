/** Everything that the core tells other services, named here and nowhere else. */
import { type SubscriptionStatus } from './account.ts';
import { type MovementKind } from './credits.ts';
import { type Catalogue, eventMaker, type EventsOf } from './event.ts';
import { type ReturnReason } from './gifts.ts';
import { type BillingInterval, type PlanId } from './plans.ts';
import { type Meter } from './refusals.ts';
import { type Use } from './usage.ts';

/** The percentages of a limit at which an event is published. */
export const THRESHOLD_PERCENTS = [80, 100] as const;

/** More mails in one period raise suspicion. */
export const UNSUSPICIOUS_MAILS_PER_PERIOD = 20;

/** The data of each event of the core. */
interface CoreData {
  UsageThresholdReached: {
    meter: Meter;
    thresholdPercent: (typeof THRESHOLD_PERCENTS)[number];
    used: number;
    limit: number;
    period: string;
    periodEndsAt: string;
  };
  SuspiciousActivity: { period: string; mails: number };
  CreditsChanged: {
    accountVersion: number;
    change: number;
    available: number;
    owed: number;
    granted: number;
    used: number;
    expired: number;
    takenBack: number;
  };
  SubscriptionChanged: {
    accountVersion: number;
    plan: PlanId;
    previousPlan: PlanId;
    status: SubscriptionStatus;
    previousStatus: SubscriptionStatus;
    subscriptionId: string | null;
    interval: BillingInterval | null;
    trialEndsAt: string | null;
    graceEndsAt: string | null;
    endsAt: string | null;
  };
  PeriodClosed: {
    period: string;
    endedAt: string;
    plan: PlanId;
    lettersCreated: number;
    emailsSent: number;
    mailsSent: number;
    mailCreditsUsed: number;
    movements: { kind: MovementKind; amount: number }[];
  };
  AccountErased: { erasedAt: string };
  UsageRecorded: { usageId: string; consumed: Use; recordedAt: string };
  CreditsPurchased: { purchaseId: string; credits: number; amountCents: number; currency: 'usd' };
  PurchaseRefunded: {
    purchaseId: string;
    purchaseVersion: number;
    amountCents: number;
    returnedCents: number;
    currency: 'usd';
    creditsTaken: number;
  };
  PurchaseFailed: { purchaseId: string; failure: 'payment_failed' | 'expired' };
  GiftSent: { giftId: string; count: number; expiresAt: string };
  GiftClaimed: { giftId: string; count: number };
  GiftReturned: { giftId: string; count: number; because: ReturnReason };
}

export type CoreEvent = EventsOf<CoreData>;

/** What each event of the core means, and the version that is published. */
export const CORE_EVENTS: Catalogue<CoreEvent> = {
  UsageThresholdReached: {
    version: 1,
    says: 'The use of a meter has reached 80% or 100% of its limit in this period. For `mails`, the limit is the credits that the period had to spend. A command that jumps over both thresholds publishes both. Reaching a threshold again in the same period, under the same limit, is the same event.',
  },
  SuspiciousActivity: {
    version: 1,
    says: 'A user has scheduled more than 20 mails in one period.',
  },
  CreditsChanged: {
    version: 1,
    says: 'The mail credits of an account have changed: `change` is what was added to `available`; the lifetime counters hold `available = granted - used - expired - takenBack`. Of two events of one user, the one with the higher `accountVersion` is newer.',
  },
  SubscriptionChanged: {
    version: 1,
    says: "The plan, the status or an end of an account's subscription has changed. Of two events of one user, the one with the higher `accountVersion` is newer.",
  },
  PeriodClosed: {
    version: 1,
    says: 'A usage period has been closed, with what it counted, and the credit movements of its close and of the opening that followed. A period without use and without movements publishes no event.',
  },
  AccountErased: {
    version: 1,
    says: 'A user has been erased. If you keep anything about them, erase it too.',
  },
  UsageRecorded: {
    version: 1,
    says: 'A service has counted usage for a user.',
  },
  CreditsPurchased: {
    version: 1,
    says: 'A bundle of mail credits has been paid, and granted.',
  },
  PurchaseRefunded: {
    version: 1,
    says: 'The money of a purchase that has gone back to the customer, by refunds and disputes together, has changed to `returnedCents`. In all, Postage has taken `creditsTaken` credits back for it. Both fall when a dispute is won or a refund fails. Of two events of one purchase, the one with the higher `purchaseVersion` is newer.',
  },
  PurchaseFailed: {
    version: 1,
    says: 'A purchase has failed: its payment failed, or nobody paid before its page expired.',
  },
  GiftSent: {
    version: 1,
    says: 'A user has put purchased credits into a gift. Anybody who has its code can claim it until `expiresAt`.',
  },
  GiftClaimed: {
    version: 1,
    says: "Somebody has claimed a user's gift. The event does not say who; their credits have changed too (`CreditsChanged`).",
  },
  GiftReturned: {
    version: 1,
    says: 'A gift that nobody had claimed has gone back to its giver: it had expired, or the purchase behind it was refunded or disputed (`claw_back`).',
  },
};

export const event = eventMaker(CORE_EVENTS);
