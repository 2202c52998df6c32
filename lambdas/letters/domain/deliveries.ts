import { type Instant } from '../../domain/instants.ts';
import { type Price } from '../../domain/plans.ts';
import { type Use } from '../../domain/usage.ts';

export const CHANNELS = ['email', 'mail'] as const;

export type Channel = (typeof CHANNELS)[number];

/** How a delivery was paid: e-mails are not, mails by a credit or by card. */
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

/** The most that is kept of why a delivery failed: a word for machines, `unanswered`. */
export const FAILURE = /^[a-z][a-z_]{0,39}$/;

/** Whether a charge has to be refunded. Credits are given back with the change itself. */
export const OWED_REFUNDS = ['needed', 'done'] as const;
export const REFUNDS = ['none', ...OWED_REFUNDS] as const;

export type Refund = (typeof REFUNDS)[number];

/** Under an id of the sender's own, by which it knows its claim again when the answer to it was lost. */
export interface Claim {
  id: string;
  at: Instant;
}

/** How far a delivery has come with its sender. */
export interface Dispatch {
  /** How often it has been handed to a sender. */
  attempts: number;
  lastDispatchedAt: Instant;
  /** When it is handed over again, or given up, if no answer has come. */
  nextTryAt: Instant;
  /** The sender that has taken this attempt for itself. */
  claim: Claim | null;
  /** By which the provider knows it, once it has accepted it. */
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

/** Where a delivery stands, with what is known there; `delivery-life.ts` has the steps. */
export type DeliveryLife =
  | { status: 'pending_payment' }
  | { status: 'scheduled' }
  | { status: 'dispatched'; dispatch: Dispatch }
  | { status: 'sent'; dispatch: Dispatch; sentAt: Instant }
  /** Without a dispatch: it was never paid. */
  | { status: 'failed'; dispatch: Dispatch | null; failedAt: Instant; failure: string; refund: Refund }
  | { status: 'cancelled'; cancelledAt: Instant; refund: Refund };

/** How a card pays for a delivery. */
export interface CardPayment {
  /** As it was when the delivery was made. */
  price: Price;
  /** Who pays, at Stripe; null for a user who has never been there. */
  customerId: string | null;
  /** The only payment intent at Stripe that may ever charge for the delivery (G9); null: none has been noted yet. */
  intentId: string | null;
  /** Where Stripe shows the receipt; null until it is paid. */
  receiptUrl: string | null;
}

/** The promise to send a letter at an instant, often years away. */
export type Delivery = Destination &
  DeliveryLife & {
    id: string;
    letterId: string;
    paidWith: PaidWith;
    /** Null for those that no card pays for. */
    payment: CardPayment | null;
    deliverAt: Instant;
    createdAt: Instant;
    /** Raised by every step of its life. */
    version: number;
  };

/** Deliveries can be scheduled up to this many years ahead. */
export const MAX_DELIVERY_YEARS = 100;

/** Whether an instant can be promised: after now, and no more than 100 years ahead. */
export function canDeliverAt(deliverAt: Instant, now: Instant): boolean {
  const latest = new Date(now);
  latest.setUTCFullYear(latest.getUTCFullYear() + MAX_DELIVERY_YEARS);
  return deliverAt > now && deliverAt <= latest.getTime();
}

/** What scheduling a delivery costs: counted when it is scheduled, and not lowered when it is cancelled. */
export function costOf(channel: Channel): Use {
  switch (channel) {
    case 'email':
      return { letters: 0, emails: 1, mails: 0 };
    case 'mail':
      return { letters: 0, emails: 0, mails: 1 };
  }
}
