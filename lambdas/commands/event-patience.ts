import { BusyError } from '../adapters/dynamodb/retry.ts';
import { NotConfiguredError, StripeUnavailableError } from '../adapters/stripe/errors.ts';
import { UnsettledChangeError } from './settle-change.ts';

/** How often an event is tried that fails for a reason of its own. */
const MAX_TRIES = 12;
/** Twelve days of hourly tries. SQS forgets a message after fourteen days, however often it was received. */
const MAX_TRIES_WHILE_AWAY = 300;

const SHORTEST_REST_SECONDS = 120;
const LONGEST_REST_SECONDS = 3_600;

export type Patience = { next: 'try again'; restSeconds: number } | { next: 'set aside' };

/**
 * What becomes of an event whose try failed. While Stripe or DynamoDB is away, or Stripe's keys are wrong, it is not the
 * event's fault, nor while a change is on its way: it waits, longer each time, and nobody has to do anything once they are back.
 *
 * @param tries this one included
 */
export function patienceWith(error: unknown, tries: number): Patience {
  const isAway =
    error instanceof StripeUnavailableError ||
    error instanceof NotConfiguredError ||
    error instanceof UnsettledChangeError ||
    error instanceof BusyError;
  if (tries >= (isAway ? MAX_TRIES_WHILE_AWAY : MAX_TRIES)) {
    return { next: 'set aside' };
  }
  const restSeconds = isAway
    ? Math.min(LONGEST_REST_SECONDS, SHORTEST_REST_SECONDS * 2 ** (tries - 1))
    : SHORTEST_REST_SECONDS;
  return { next: 'try again', restSeconds };
}
