/** Builders of deliveries, in any state of their life. */
import {
  type CardPayment,
  type Channel,
  type Delivery,
  type DeliveryLife,
  type DeliveryStatus,
  type Dispatch,
  type EmailRecipient,
  type PostalRecipient,
} from '../../lambdas/letters/domain/deliveries.ts';
import { type Charge } from '../../lambdas/letters/domain/delivery-payment.ts';
import { HOUR_MS, type Instant } from '../../lambdas/domain/instants.ts';

const EMAIL: EmailRecipient = { email: 'ada@example.com' };

const POSTAL: PostalRecipient = {
  name: 'Ada Lovelace',
  line1: '12 St James’s Square',
  city: 'London',
  postalCode: 'SW1Y 4JH',
  country: 'GB',
};

type About = Partial<
  Pick<
    Delivery,
    'id' | 'letterId' | 'paidWith' | 'payment' | 'deliverAt' | 'promised' | 'createdAt' | 'version'
  >
> & { channel?: Channel };

/** A mail paid with a credit and scheduled, unless told otherwise. */
export function deliveryWith(about: About = {}, life: DeliveryLife = { status: 'scheduled' }): Delivery {
  const { channel = 'mail', ...rest } = about;
  const kept = {
    id: 'd1',
    letterId: 'l1',
    paidWith: 'credit' as const,
    payment: null,
    deliverAt: Date.UTC(2026, 2, 10),
    createdAt: Date.UTC(2026, 1, 10),
    version: 1,
    ...rest,
    ...life,
  };
  return channel === 'email'
    ? { ...kept, channel, recipient: EMAIL }
    : { ...kept, channel, recipient: POSTAL };
}

/** What makes a mail one that a card pays for, under the intent `pi_1` unless told otherwise. */
export function paidByCard(about: Partial<CardPayment> = {}): { paidWith: 'card'; payment: CardPayment } {
  const price = { amountCents: 300, currency: 'usd' } as const;
  return {
    paidWith: 'card',
    payment: {
      ...{ price, customerId: 'cus_1', intentId: 'pi_1', receiptUrl: null, declineCode: null },
      ...{ refundedCents: 0, lostCents: 0, dispute: null },
      ...about,
    },
  };
}

/** What Stripe says of the charge of `pi_1`: taken, and kept unless told otherwise. */
export function givenCharge(about: Partial<Charge> = {}): Charge {
  return { intentId: 'pi_1', receiptUrl: null, refundedCents: 0, lostCents: 0, disputedCents: 0, ...about };
}

/** Handed to a sender for the first time, and claimed by none. */
export function givenDispatch(about: Partial<Dispatch> = {}): Dispatch {
  const lastDispatchedAt = about.lastDispatchedAt ?? Date.UTC(2026, 2, 10);
  return {
    attempts: 1,
    lastDispatchedAt,
    nextTryAt: lastDispatchedAt + HOUR_MS,
    claim: null,
    providerId: null,
    ...about,
  };
}

/** A life in some state, which it reached at an instant. */
export function givenLife(status: DeliveryStatus, now: Instant): DeliveryLife {
  const dispatch = givenDispatch({ lastDispatchedAt: now });
  switch (status) {
    case 'pending_payment':
    case 'scheduled':
      return { status };
    case 'dispatched':
      return { status, dispatch };
    case 'sent':
      return { status, dispatch, sentAt: now };
    case 'failed':
      return { status, dispatch, failedAt: now, failure: 'unanswered', refund: 'none' };
    case 'cancelled':
      return { status, cancelledAt: now, refund: 'none' };
  }
}
