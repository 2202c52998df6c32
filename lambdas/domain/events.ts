/** Everything that Postage tells other services, named here and nowhere else. */
import { type SubscriptionStatus } from './account.ts';
import { type MovementKind } from './credits.ts';
import { type Channel, type PaidWith } from '../letters/domain/deliveries.ts';
import { type ReturnReason } from './gifts.ts';
import { type BillingInterval, type PlanId } from './plans.ts';
import { type Meter } from './refusals.ts';
import { type Use } from './usage.ts';

interface EventOf<Name extends string, Version extends number, Data> {
  name: Name;
  /** Raised when the data change in a way that a consumer could stumble over; more members are no such change. */
  version: Version;
  /** The same however often the event is published. */
  id: string;
  /** When it happened: an instant in ISO 8601. */
  at: string;
  userId: string;
  /** Ids, counts and instants. Never what a letter says, or whom it goes to. */
  data: Data;
}

/** The percentages of a limit at which an event is published. */
export const THRESHOLD_PERCENTS = [80, 100] as const;

/** More mails in one period raise suspicion. */
export const UNSUSPICIOUS_MAILS_PER_PERIOD = 20;

export type UsageThresholdReached = EventOf<
  'UsageThresholdReached',
  1,
  {
    meter: Meter;
    thresholdPercent: (typeof THRESHOLD_PERCENTS)[number];
    used: number;
    limit: number;
    period: string;
    periodEndsAt: string;
  }
>;

export type SuspiciousActivity = EventOf<'SuspiciousActivity', 1, { period: string; mails: number }>;

export type CreditsChanged = EventOf<
  'CreditsChanged',
  1,
  {
    accountVersion: number;
    change: number;
    available: number;
    owed: number;
    granted: number;
    used: number;
    expired: number;
    takenBack: number;
  }
>;

export type SubscriptionChanged = EventOf<
  'SubscriptionChanged',
  1,
  {
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
  }
>;

export type PeriodClosed = EventOf<
  'PeriodClosed',
  1,
  {
    period: string;
    endedAt: string;
    plan: PlanId;
    lettersCreated: number;
    emailsSent: number;
    mailsSent: number;
    mailCreditsUsed: number;
    movements: { kind: MovementKind; amount: number }[];
  }
>;

export type AccountErased = EventOf<'AccountErased', 1, { erasedAt: string }>;

export type LetterCreated = EventOf<'LetterCreated', 1, { letterId: string; createdAt: string }>;

export type LetterDeleted = EventOf<'LetterDeleted', 1, { letterId: string; deletedAt: string }>;

export type DeliveryScheduled = EventOf<
  'DeliveryScheduled',
  1,
  {
    deliveryId: string;
    letterId: string;
    channel: Channel;
    paidWith: PaidWith;
    deliverAt: string;
    createdAt: string;
  }
>;

export type DeliveryDue = EventOf<
  'DeliveryDue',
  1,
  { deliveryId: string; letterId: string; channel: Channel; attempt: number; deliverAt: string }
>;

export type DeliverySent = EventOf<
  'DeliverySent',
  1,
  { deliveryId: string; letterId: string; channel: Channel; sentAt: string; providerId: string | null }
>;

export type DeliveryFailed = EventOf<
  'DeliveryFailed',
  1,
  { deliveryId: string; letterId: string; channel: Channel; failedAt: string; failure: string }
>;

export type DeliveryCancelled = EventOf<
  'DeliveryCancelled',
  1,
  { deliveryId: string; letterId: string; channel: Channel; cancelledAt: string }
>;

/** What was to be paid for a delivery by card. */
interface PaymentData {
  deliveryId: string;
  amountCents: number;
  currency: 'usd';
  /** Stripe's id of the payment; null where it did not come so far. */
  paymentIntentId: string | null;
}

export type PaymentSucceeded = EventOf<'PaymentSucceeded', 1, PaymentData>;

export type PaymentFailed = EventOf<'PaymentFailed', 1, PaymentData & { failure: string }>;

export type PaymentRefunded = EventOf<'PaymentRefunded', 1, PaymentData>;

export type UsageRecorded = EventOf<
  'UsageRecorded',
  1,
  { usageId: string; consumed: Use; recordedAt: string }
>;

export type CreditsPurchased = EventOf<
  'CreditsPurchased',
  1,
  { purchaseId: string; credits: number; amountCents: number; currency: 'usd' }
>;

export type PurchaseRefunded = EventOf<
  'PurchaseRefunded',
  1,
  {
    purchaseId: string;
    purchaseVersion: number;
    amountCents: number;
    returnedCents: number;
    currency: 'usd';
    creditsTaken: number;
  }
>;

export type PurchaseFailed = EventOf<
  'PurchaseFailed',
  1,
  { purchaseId: string; failure: 'payment_failed' | 'expired' }
>;

export type GiftSent = EventOf<'GiftSent', 1, { giftId: string; count: number; expiresAt: string }>;

export type GiftClaimed = EventOf<'GiftClaimed', 1, { giftId: string; count: number }>;

export type GiftReturned = EventOf<
  'GiftReturned',
  1,
  { giftId: string; count: number; because: ReturnReason }
>;

export type PostageEvent =
  | UsageThresholdReached
  | SuspiciousActivity
  | CreditsChanged
  | SubscriptionChanged
  | PeriodClosed
  | AccountErased
  | LetterCreated
  | LetterDeleted
  | DeliveryScheduled
  | DeliveryDue
  | DeliverySent
  | DeliveryFailed
  | DeliveryCancelled
  | PaymentSucceeded
  | PaymentFailed
  | PaymentRefunded
  | UsageRecorded
  | CreditsPurchased
  | PurchaseRefunded
  | PurchaseFailed
  | GiftSent
  | GiftClaimed
  | GiftReturned;

export type EventName = PostageEvent['name'];

/** The catalogue: what each event means, and the version that is published. */
export const EVENTS: {
  readonly [Name in EventName]: { version: Extract<PostageEvent, { name: Name }>['version']; says: string };
} = {
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
  LetterCreated: { version: 1, says: 'A letter has been created, and counted.' },
  LetterDeleted: { version: 1, says: 'A letter has been deleted. It still counts in its period.' },
  DeliveryScheduled: {
    version: 1,
    says: 'A delivery has been scheduled and counted, and paid if it costs anything.',
  },
  DeliveryDue: {
    version: 1,
    says: 'A delivery is to be sent now. The sender of its channel claims the attempt, sends and answers. If it does not answer, the next attempt follows.',
  },
  DeliverySent: { version: 1, says: 'A delivery has been sent: its provider has accepted it.' },
  DeliveryFailed: {
    version: 1,
    says: 'A delivery has failed for good, for the reason in `failure`. If it had cost a mail credit, Postage has given the credit back. For a postal mail, this event may follow `DeliverySent`: the provider accepted the mail, and then did not send it.',
  },
  DeliveryCancelled: {
    version: 1,
    says: 'A delivery has been cancelled before it was dispatched. If it had cost a mail credit, Postage has given the credit back.',
  },
  PaymentSucceeded: {
    version: 1,
    says: 'A card has been charged for a delivery.',
  },
  PaymentFailed: {
    version: 1,
    says: 'A card was to pay for a delivery and was not charged. The delivery has failed, for the reason in `failure`: the card was declined, there was none, its holder did not authenticate in time, or somebody cancelled the payment at Stripe.',
  },
  PaymentRefunded: {
    version: 1,
    says: 'The charge for a delivery that was not sent has gone back to the customer.',
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
    says: 'A user has put purchased credits into a gift, which whoever has its code can claim until `expiresAt`.',
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
