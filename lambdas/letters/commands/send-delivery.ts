import type { Logger } from '@aws-lambda-powertools/logger';
import { type DeliveryAnswer } from '../adapters/answers.ts';
import { takeStep } from './take-step.ts';
import { getLetter } from '../adapters/records.ts';
import { type Store } from '../../adapters/dynamodb/store.ts';
import {
  type Acceptance,
  NothingTakenError,
  type RecipientOf,
  type Send,
} from '../adapters/senders/provider.ts';
import { type Deadline } from '../../domain/deadline.ts';
import { type Channel, type Delivery } from '../domain/deliveries.ts';
import { claimAttempt, noteAccepted, releaseAttempt } from '../domain/delivery-life.ts';
import { type Instant } from '../../domain/instants.ts';

/** An attempt that is due, as `DeliveryDue` tells it. */
export interface DueAttempt {
  userId: string;
  deliveryId: string;
  attempt: number;
}

export interface SendingContext {
  /** Of this claim, drawn once for it. */
  claimId: string;
  now: Instant;
  deadline: Deadline;
  logger: Logger;
}

/**
 * Sends a delivery by a channel, if this attempt is still to be made and nobody else has claimed it: the same event
 * twice sends once. What the provider answers is noted on the delivery before it is told, so that an answer that gets
 * lost is found there by the next attempt.
 *
 *     sender:   claims   sends   notes the provider's id   answers
 *                      ↑       ↑                         ↑
 *     stopped here:    nothing was sent: the next attempt sends
 *                              it was sent, and nobody knows: the next attempt asks a provider that can tell
 *                                                        it is noted: the next attempt answers
 *
 * @returns the answer that is due; null where somebody else has to answer, or nobody
 * @throws NothingTakenError where the same attempt may be made again; its claim has been given back
 * @throws Error where it is not known whether it was sent; the attempt stays claimed
 */
export async function sendDelivery<C extends Channel>(
  store: Store,
  channel: C,
  send: Send<RecipientOf[C]>,
  due: DueAttempt,
  context: SendingContext,
): Promise<DeliveryAnswer | null> {
  const { userId, deliveryId, attempt } = due;
  const { claimId, now, deadline, logger } = context;
  const step = { userId, id: deliveryId, now, deadline };
  const claim = await takeStep(store, step, (delivery) => claimAttempt(delivery, attempt, claimId, now));
  if (claim.outcome === 'missing' || claim.outcome === 'erased') {
    logger.warn('A delivery that is due is there no more.', { ...due });
    return null;
  }
  const accepted = (providerId: string): DeliveryAnswer => ({ ...due, result: 'sent', providerId });
  const known = acceptedId(claim.delivery);
  if (known !== null) {
    return accepted(known);
  }
  const recipient = recipientBy(channel, claim.delivery);
  if (claim.outcome === 'refused' || recipient === null) {
    logger.info('An attempt is not to be made.', { ...due, reason: claim.outcome });
    return null;
  }
  const letter = await getLetter(store, userId, claim.delivery.letterId, deadline);
  if (letter === null) {
    return { ...due, result: 'failed', failure: 'letter_missing' };
  }
  const parcel = {
    deliveryId,
    userId,
    attempt,
    recipient,
    letter: { title: letter.letter.title, body: letter.body },
  };
  const acceptance = await orRelease(
    () => send(parcel),
    () => takeStep(store, step, (delivery) => releaseAttempt(delivery, claimId)),
  );
  if (acceptance.outcome === 'rejected') {
    return { ...due, result: 'failed', failure: acceptance.failure };
  }
  const { providerId } = acceptance;
  await takeStep(store, step, (delivery) => noteAccepted(delivery, providerId)).catch((error: unknown) => {
    // The answer tells it too.
    logger.warn('The id of a provider could not be noted.', { ...due, error });
  });
  return accepted(providerId);
}

/** The id under which the provider has accepted a delivery that still waits for an answer. */
function acceptedId(delivery: Delivery): string | null {
  return delivery.status === 'dispatched' ? delivery.dispatch.providerId : null;
}

/** Null where the delivery goes another way. */
function recipientBy<C extends Channel>(channel: C, delivery: Delivery): RecipientOf[C] | null {
  // Channel and recipient belong together by their type; the compiler does not follow a parameter through a union.
  return delivery.channel === channel ? (delivery.recipient as RecipientOf[C]) : null;
}

async function orRelease(
  send: () => Promise<Acceptance>,
  release: () => Promise<unknown>,
): Promise<Acceptance> {
  try {
    return await send();
  } catch (error) {
    if (error instanceof NothingTakenError) {
      await release();
    }
    throw error;
  }
}
