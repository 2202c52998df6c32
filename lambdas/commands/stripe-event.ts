import { type FailureReason } from '../domain/failure-reasons.ts';
import { type Store } from '../adapters/dynamodb/store.ts';
import { type StripeConnection } from '../adapters/stripe/connection.ts';
import { type StripeEvent } from '../adapters/stripe/events.ts';
import { type PriceList } from '../adapters/stripe/prices.ts';
import { type Deadline } from '../domain/deadline.ts';
import { type Instant } from '../domain/instants.ts';
import { type Concern } from '../domain/live-subscription.ts';

/** What every handler of an event works with. */
export interface StripeServices {
  store: Store;
  stripe: StripeConnection;
  prices: PriceList;
  stage: string;
}

/** An event to be processed. */
export interface EventRequest {
  event: StripeEvent;
  /** When it was queued. Its now is the later of this and the date of Stripe's answers. */
  sentAt: Instant;
  deadline: Deadline;
}

/** How the processing of an event ends; a handler that throws is called again later. */
export type EventOutcome =
  /** The handler has committed what the event changes, and with it that the event is processed. */
  | { outcome: 'done'; concerns: readonly Concern[] }
  /** The event changes nothing, for this reason; that it is processed is yet to be recorded. */
  | { outcome: 'unchanged'; because: string; at: Instant }
  /** No repetition would help until somebody has done something: the event is kept, to be sent again by hand. */
  | { outcome: 'failed'; reason: FailureReason };

/** Other workers were faster again and again. */
export class OvertakenError extends Error {
  override name = 'OvertakenError';
}

export type EventHandler = (services: StripeServices, request: EventRequest) => Promise<EventOutcome>;

/** By type of event. A type that is not among them is recorded, and changes nothing. */
export type EventHandlers = Readonly<Record<string, EventHandler>>;

export function unchanged(because: string, at: Instant): EventOutcome {
  return { outcome: 'unchanged', because, at };
}
