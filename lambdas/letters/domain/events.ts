/** Everything that the letters app tells other services. */
import { type EventCatalogue, eventMaker, type EventOf } from '../../domain/event.ts';
import { CORE_EVENTS, type CoreEvent } from '../../domain/events.ts';
import { type Channel, type PaidWith } from './deliveries.ts';

export type LetterCreated = EventOf<'LetterCreated', 1, { letterId: string; createdAt: string }>;

export type LetterDeleted = EventOf<'LetterDeleted', 1, { letterId: string; deletedAt: string }>;

interface DeliveryData {
  deliveryId: string;
  letterId: string;
  channel: Channel;
}

export type DeliveryScheduled = EventOf<
  'DeliveryScheduled',
  1,
  DeliveryData & { paidWith: PaidWith; deliverAt: string; createdAt: string }
>;

export type DeliveryDue = EventOf<'DeliveryDue', 1, DeliveryData & { attempt: number; deliverAt: string }>;

export type DeliverySent = EventOf<
  'DeliverySent',
  1,
  DeliveryData & { sentAt: string; providerId: string | null }
>;

export type DeliveryFailed = EventOf<
  'DeliveryFailed',
  1,
  DeliveryData & { failedAt: string; failure: string }
>;

export type DeliveryCancelled = EventOf<'DeliveryCancelled', 1, DeliveryData & { cancelledAt: string }>;

/** A payment by card. */
interface PaymentData {
  deliveryId: string;
  amountCents: number;
  currency: 'usd';
  /** Stripe's id of the payment; null when the payment did not come so far. */
  paymentIntentId: string | null;
}

export type PaymentSucceeded = EventOf<'PaymentSucceeded', 1, PaymentData>;

export type PaymentFailed = EventOf<'PaymentFailed', 1, PaymentData & { failure: string }>;

export type PaymentRefunded = EventOf<'PaymentRefunded', 1, PaymentData>;

export type PaymentDisputed = EventOf<'PaymentDisputed', 1, PaymentData>;

export type PaymentDisputeWon = EventOf<'PaymentDisputeWon', 1, PaymentData>;

export type PaymentDisputeLost = EventOf<'PaymentDisputeLost', 1, PaymentData>;

/** What becomes of a payment by card. */
export type PaymentEvent =
  | PaymentSucceeded
  | PaymentFailed
  | PaymentRefunded
  | PaymentDisputed
  | PaymentDisputeWon
  | PaymentDisputeLost;

export type LettersEvent =
  | LetterCreated
  | LetterDeleted
  | DeliveryScheduled
  | DeliveryDue
  | DeliverySent
  | DeliveryFailed
  | DeliveryCancelled
  | PaymentEvent;

/** What each event of the letters app means, and the version that is published. */
const LETTERS_EVENTS: EventCatalogue<LettersEvent> = {
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
    says: 'A delivery has been cancelled before it was dispatched. If it had cost a mail credit, Postage has given the credit back; one of an earlier period for which there was no room has expired at once.',
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
    says: 'Money that a card had paid for a delivery has been refunded: `amountCents`, all of it or a part. A delivery that was still waiting is cancelled once all has gone back.',
  },
  PaymentDisputed: {
    version: 1,
    says: 'The holder of a card disputes the charge for a delivery, and their bank has taken the money. If the delivery has not been dispatched, it is held until the bank decides.',
  },
  PaymentDisputeWon: {
    version: 1,
    says: 'The bank has given back the money of a dispute. If the delivery was held, it goes on.',
  },
  PaymentDisputeLost: {
    version: 1,
    says: 'The bank has decided a dispute for the holder: `amountCents` stay with them. A delivery that was held is cancelled.',
  },
};

export const event = eventMaker(LETTERS_EVENTS);

export type PostageEvent = CoreEvent | LettersEvent;

export type EventName = PostageEvent['name'];

/** The whole catalogue. */
export const EVENTS: EventCatalogue<PostageEvent> = { ...CORE_EVENTS, ...LETTERS_EVENTS };
