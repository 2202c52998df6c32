/** Everything that the core tells other services, named here and nowhere else. */
import { type SubscriptionStatus } from './account.ts';
import { type MovementKind } from './credits.ts';
import { type BillingInterval } from './catalogue.ts';
import { type EventCatalogue, eventMaker, type EventsOf } from './event.ts';
import { type ReturnReason } from './gifts.ts';
import { type Counts } from './usage.ts';

/** The percentages of a limit at which an event is published. */
export const THRESHOLD_PERCENTS = [80, 100] as const;

/** The data of each event of the core. */
interface CoreData {
  UsageThresholdReached: {
    meter: string;
    thresholdPercent: (typeof THRESHOLD_PERCENTS)[number];
    used: number;
    limit: number;
    period: string;
    periodEndsAt: string;
  };
  SuspiciousActivity: { period: string; meter: string; used: number; above: number };
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
    plan: string;
    previousPlan: string;
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
    plan: string;
    used: Counts;
    creditsUsed: number;
    movements: { kind: MovementKind; amount: number }[];
  };
  AccountErased: { erasedAt: string };
  UsageRecorded: { usageId: string; consumed: Counts; released: Counts; credits: number; recordedAt: string };
  UsageGivenBack: { usageId: string; consumed: Counts; credits: number; givenBackAt: string };
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
export const CORE_EVENTS: EventCatalogue<CoreEvent> = {
  UsageThresholdReached: {
    version: 1,
    says: 'The use of a meter or a level has reached 80% or 100% of its limit in this period. For `credits`, the limit is what the period had to spend. A command that jumps over both thresholds publishes both. Reaching a threshold again in the same period, under the same limit, is the same event.',
  },
  SuspiciousActivity: {
    version: 1,
    says: 'A user has used more of a meter in one period than the catalogue takes for unsuspicious (`suspiciousAbove`).',
  },
  CreditsChanged: {
    version: 1,
    says: 'The credits of an account have changed: `change` is what was added to `available`; the lifetime counters hold `available = granted - used - expired - takenBack`. Of two events of one user, the one with the higher `accountVersion` is newer.',
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
    says: 'Your backend has reported usage for a user.',
  },
  UsageGivenBack: {
    version: 1,
    says: 'Reported usage has been given back, since the work behind it failed. Its credits have come back too (`CreditsChanged`).',
  },
  CreditsPurchased: {
    version: 1,
    says: 'A bundle of credits has been paid, and granted.',
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
