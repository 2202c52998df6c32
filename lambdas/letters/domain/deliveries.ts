import { DAY_MS, type Instant } from '../../domain/instants.ts';
import { instantOf, type WallTime } from '../../domain/wall-clock.ts';
import { type Price } from '../../domain/catalogue.ts';
import { type Use } from '../../domain/usage.ts';

export const CHANNELS = ['email', 'mail'] as const;

export type Channel = (typeof CHANNELS)[number];

/** What pays for a delivery: nothing for an e-mail, a credit or a card for a mail. */
export const PAID_WITH = ['none', 'credit', 'card'] as const;

export type PaidWith = (typeof PAID_WITH)[number];

export interface EmailRecipient {
  email: string;
}

export interface PostalRecipient {
  name: string;
  line1: string;
  line2?: string | undefined;
  city: string;
  state?: string | undefined;
  /** Required where the country has postal codes. */
  postalCode?: string | undefined;
  /** ISO 3166-1 alpha-2. */
  country: string;
}

export type Destination =
  { channel: 'email'; recipient: EmailRecipient } | { channel: 'mail'; recipient: PostalRecipient };

/** Why a delivery failed: a word for machines, such as `unanswered`. */
export const FAILURE = /^[a-z][a-z_]{0,39}$/;

/** Whether Postage owes a refund of a charge. A credit comes back with the change itself. */
export const OWED_REFUNDS = ['needed', 'done'] as const;
export const REFUNDS = ['none', ...OWED_REFUNDS] as const;

export type Refund = (typeof REFUNDS)[number];

/** A sender has taken an attempt for itself. Its own id tells its claim from others when an answer was lost. */
export interface AttemptClaim {
  id: string;
  at: Instant;
}

/** How far a delivery has come with its sender. */
export interface Dispatch {
  /** How often a sender got the delivery. */
  attempts: number;
  /** How many of them don't count: the provider was busy or not set up, which is nobody's fault who waits. */
  uncounted?: number;
  lastDispatchedAt: Instant;
  /** When the next attempt follows, or the delivery fails, if no answer has come. */
  nextTryAt: Instant;
  claim: AttemptClaim | null;
  /** The provider's id of the letter; null until the provider has accepted it. */
  providerId: string | null;
}

export const DELIVERY_STATUSES = [
  'pending_payment',
  'scheduled',
  'dispatched',
  'sent',
  'failed',
  'cancelled',
] as const;

export type DeliveryStatus = (typeof DELIVERY_STATUSES)[number];

/** The state of a delivery. `delivery-life.ts` has the steps. */
export type DeliveryLife =
  | { status: 'pending_payment' }
  | { status: 'scheduled' }
  | { status: 'dispatched'; dispatch: Dispatch }
  | { status: 'sent'; dispatch: Dispatch; sentAt: Instant }
  /** Without a dispatch, nobody ever paid. */
  | { status: 'failed'; dispatch: Dispatch | null; failedAt: Instant; failure: string; refund: Refund }
  | { status: 'cancelled'; cancelledAt: Instant; refund: Refund };

/** How a card pays for a delivery. */
export interface CardPayment {
  /** The price at the time when the delivery was made. */
  price: Price;
  /** Who pays at Stripe; null for a user who has never been there. */
  customerId: string | null;
  /** The only payment intent at Stripe that may ever charge for the delivery (G9); null: none has been noted yet. */
  intentId: string | null;
  /** Where Stripe shows the receipt; null before the payment. */
  receiptUrl: string | null;
  /** The bank's word for why it has declined; null when it has not, or gives none. */
  declineCode: string | null;
  /** What has gone back to the holder: refunded, and lost in disputes. */
  refundedCents: number;
  lostCents: number;
  /** While the holder disputes what would pay for the mail; null: nobody does. */
  dispute: OpenDispute | null;
}

/** A dispute that the bank has not decided. A mail that waits is held meanwhile. */
export interface OpenDispute {
  /** When Postage learnt of it. */
  since: Instant;
  /** When the reconciler asks Stripe how it stands, in case an event was lost. */
  nextLookAt: Instant;
}

export interface PromisedTime extends WallTime {
  /** When `deliverAt` is computed again; null: it stays. */
  lookAt: Instant | null;
}

/** The instant of a wall-clock time, which is computed again a day before it: governments change zones at short notice. */
export function promiseAt(
  { local, zone }: WallTime,
  now: Instant,
): { deliverAt: Instant; promised: PromisedTime } {
  const deliverAt = instantOf({ local, zone });
  const lookAt = deliverAt - DAY_MS;
  return { deliverAt, promised: { local, zone, lookAt: lookAt > now ? lookAt : null } };
}

/** The promise to send a letter at an instant, often years away. */
export type Delivery = Destination &
  DeliveryLife & {
    id: string;
    letterId: string;
    paidWith: PaidWith;
    /** Null when no card pays. */
    payment: CardPayment | null;
    deliverAt: Instant;
    /** Where the user has promised a wall-clock time, from which `deliverAt` follows. */
    promised?: PromisedTime;
    createdAt: Instant;
    /** Every step raises it. */
    version: number;
  };

/** Users can schedule deliveries so many years ahead. */
export const MAX_DELIVERY_YEARS = 100;

/** Whether Postage can promise an instant: after now, and at most 100 years ahead. */
export function canDeliverAt(deliverAt: Instant, now: Instant): boolean {
  const latest = new Date(now);
  latest.setUTCFullYear(latest.getUTCFullYear() + MAX_DELIVERY_YEARS);
  return deliverAt > now && deliverAt <= latest.getTime();
}

/** What scheduling a delivery costs. Cancelling does not lower the count. */
export function costOf(channel: Channel): Use {
  return { consume: channel === 'email' ? { emails: 1 } : { mails: 1 }, release: {} };
}
