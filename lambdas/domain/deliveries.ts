import { type Instant } from './instants.ts';
import { type Use } from './usage.ts';

export type Channel = 'email' | 'mail';

export type DeliveryStatus = 'pending_payment' | 'scheduled' | 'dispatched' | 'sent' | 'failed' | 'cancelled';

/** How a delivery was paid: e-mails are not, mails by a credit or by card. */
export type PaidWith = 'none' | 'credit' | 'card';

export interface EmailRecipient {
  email: string;
}

export interface PostalRecipient {
  name: string;
  line1: string;
  line2?: string | undefined;
  city: string;
  state?: string | undefined;
  postalCode: string;
  /** ISO 3166-1 alpha-2. */
  country: string;
}

export type Destination =
  { channel: 'email'; recipient: EmailRecipient } | { channel: 'mail'; recipient: PostalRecipient };

/** The promise to send a letter at an instant, often years away. */
export type Delivery = Destination & {
  id: string;
  letterId: string;
  status: DeliveryStatus;
  paidWith: PaidWith;
  deliverAt: Instant;
  createdAt: Instant;
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
