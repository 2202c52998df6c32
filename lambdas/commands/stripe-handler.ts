import { isProcessed } from '../adapters/dynamodb/processed-events.ts';
import { type Store } from '../adapters/dynamodb/store.ts';
import { type StripeConnection } from '../adapters/stripe/connection.ts';
import { type StripeEvent } from '../adapters/stripe/events.ts';
import { type Deadline } from '../domain/deadline.ts';
import { type FailureReason } from '../domain/failure-reasons.ts';
import { type Instant } from '../domain/instants.ts';
import { type Concern } from '../domain/live-subscription.ts';

/** What a handler of Stripe's events gets, and how it may end. This is what every handler works with. */
export interface StripeServices {
  store: Store;
  stripe: StripeConnection;
  stage: string;
  /** Lets a message that has failed come again after so many seconds. */
  holdBack: (receiptHandle: string, seconds: number) => Promise<void>;
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
  /** The event changes nothing, for this reason. The caller has yet to record that it is processed. */
  | { outcome: 'unchanged'; because: string; at: Instant }
  /** No repetition would help until somebody has done something. Postage keeps the event, to be sent again by hand. */
  | { outcome: 'failed'; reason: FailureReason };

export type EventHandler = (services: StripeServices, request: EventRequest) => Promise<EventOutcome>;

/** By type of event. A type that is not among them is recorded, and changes nothing. */
export type EventHandlers = Readonly<Record<string, EventHandler>>;

export function unchanged(because: string, at: Instant): EventOutcome {
  return { outcome: 'unchanged', because, at };
}

/** Other workers were faster again and again. */
class OvertakenError extends Error {
  override name = 'OvertakenError';
}

const MAX_ROUNDS = 10;

/**
 * Asks Stripe and writes what it says, and does both again when another worker has written in between.
 *
 * @throws OvertakenError, and what a round throws
 */
export async function untilWritten(
  store: Store,
  { event, deadline }: EventRequest,
  round: () => Promise<EventOutcome | 'overtaken'>,
): Promise<EventOutcome> {
  for (let rounds = 0; rounds < MAX_ROUNDS; rounds += 1) {
    const outcome = await round();
    if (outcome !== 'overtaken') {
      return outcome;
    }
    // What overtook it may have been its own write, whose answer was lost.
    if (await isProcessed(store, event.id, deadline)) {
      return { outcome: 'done', concerns: [] };
    }
  }
  throw new OvertakenError(`Other workers have overtaken the event ${event.id} ${String(MAX_ROUNDS)} times.`);
}
