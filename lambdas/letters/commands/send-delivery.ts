import type { Logger } from '@aws-lambda-powertools/logger';
import { type DeliveryAnswer } from '../adapters/answers.ts';
import { takeStep } from './take-step.ts';
import { getLetter } from '../adapters/records.ts';
import { type Store } from '../../adapters/dynamodb/store.ts';
import {
  NothingTakenError,
  ProviderBusyError,
  type RecipientOf,
  type Send,
  SenderNotConfiguredError,
} from '../adapters/senders/provider.ts';
import { type Deadline } from '../../domain/deadline.ts';
import { type Channel, type Delivery } from '../domain/deliveries.ts';
import { claimAttempt, excuseAttempt, noteAccepted, releaseAttempt } from '../domain/delivery-life.ts';
import { type Instant } from '../../domain/instants.ts';

/** An attempt that is due, as `DeliveryDue` says. */
export interface DueAttempt {
  userId: string;
  deliveryId: string;
  attempt: number;
}

export interface SendingContext {
  /** A new id for this claim. */
  claimId: string;
  now: Instant;
  deadline: Deadline;
  logger: Logger;
}

/**
 * Sends a delivery by a channel, if this attempt is the current one and nobody has claimed it, so that the same event
 * twice sends once. The provider's id is noted on the delivery before the sender answers. If the answer gets lost, the
 * next attempt finds the id there.
 *
 *     sender:   claims   sends   notes the provider's id   answers
 *                      ↑       ↑                         ↑
 *     stopped here:    nothing was sent: the next attempt sends
 *                              it was sent, and nobody knows: the next attempt asks the provider, if it can tell
 *                                                        the id is noted: the next attempt answers
 *
 * @returns the answer of the sender; null when it has none to give
 * @throws NothingTakenError when the same attempt may be made again; the claim has been given back
 * @throws Error when nobody knows whether it was sent; the attempt stays claimed
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
  const claim = await takeStep(store, step, (current) => claimAttempt(current, attempt, claimId, now));
  if (claim.delivery === undefined) {
    logger.warn('A delivery that is due is there no more.', { ...due });
    return null;
  }
  const accepted = (providerId: string): DeliveryAnswer => ({ ...due, result: 'sent', providerId });
  const { delivery } = claim;
  if (delivery.status === 'dispatched' && delivery.dispatch.providerId !== null) {
    return accepted(delivery.dispatch.providerId);
  }
  const recipient = recipientBy(channel, delivery);
  if (claim.outcome === 'refused' || recipient === null) {
    logger.info('An attempt is not to be made.', { ...due, reason: claim.outcome });
    return null;
  }
  const found = await getLetter(store, userId, delivery.letterId, deadline);
  if (found === null) {
    return { ...due, result: 'failed', failure: 'letter_missing' };
  }
  const letter = { title: found.letter.title, body: found.body };
  const acceptance = await send({ ...due, recipient, letter }).catch(async (error: unknown) => {
    if (error instanceof NothingTakenError) {
      const isExcused = error instanceof ProviderBusyError || error instanceof SenderNotConfiguredError;
      const giveBack = isExcused ? excuseAttempt : releaseAttempt;
      await takeStep(store, step, (current) => giveBack(current, claimId));
    }
    throw error;
  });
  if (acceptance.outcome === 'rejected') {
    return { ...due, result: 'failed', failure: acceptance.failure };
  }
  const { providerId } = acceptance;
  await takeStep(store, step, (current) => noteAccepted(current, providerId)).catch((error: unknown) => {
    // The answer carries the id too.
    logger.warn('The id of a provider could not be noted.', { ...due, error });
  });
  return accepted(providerId);
}

/** Null when the delivery goes by another channel. */
function recipientBy<C extends Channel>(channel: C, delivery: Delivery): RecipientOf[C] | null {
  // The type ties recipient to channel, but the compiler does not follow a type parameter through a union.
  return delivery.channel === channel ? (delivery.recipient as RecipientOf[C]) : null;
}
