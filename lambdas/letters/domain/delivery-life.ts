/**
 * The life of a delivery:
 *
 *     pending_payment → scheduled → dispatched → sent
 *
 * or `cancelled`, from `scheduled` or before it, or `failed`, from wherever it can no longer come to its end. Each step is a pure
 * function of a delivery and the time: it changes it, finds that nothing is left to do (a repetition), or refuses by
 * name. Where several refusals hold, an ended delivery says so first, then its payment, then the attempt, then the time.
 * The steps of a payment by card are in `delivery-payment.ts`.
 *
 * What a step means beyond the delivery itself follows from the states before and after it (`effectsOf`), and commits
 * with it: so a credit comes back once (G11), and no letter counts a delivery as open that has ended.
 */
import { type Delivery, type Dispatch, type Refund } from './deliveries.ts';
import { DAY_MS, HOUR_MS, type Instant } from '../../domain/instants.ts';
import { changed, type LifeDecision, refused, UNCHANGED } from './life-decisions.ts';

/** After so many attempts without an answer a delivery has failed. */
export const MAX_ATTEMPTS = 8;

/** How long an answer is waited for after an attempt: an hour, twice as long after each further one, at most a day. */
export function answerTimeMs(attempts: number): number {
  return Math.min(HOUR_MS * 2 ** (attempts - 1), DAY_MS);
}

/** A payment that has not come by then never comes. */
const PAYMENT_TIME_MS = DAY_MS;

/** Whether a delivery still has its end before it, and keeps its letter. */
export function isOpenDelivery({ status }: Pick<Delivery, 'status'>): boolean {
  return status === 'pending_payment' || status === 'scheduled' || status === 'dispatched';
}

/** When the reconciler has to look at a delivery; null once nothing is left to do. */
export function dueAtOf(delivery: Delivery): Instant | null {
  switch (delivery.status) {
    case 'pending_payment':
      return delivery.createdAt + PAYMENT_TIME_MS;
    case 'scheduled':
      return delivery.deliverAt;
    case 'dispatched':
      return delivery.dispatch.nextTryAt;
    case 'sent':
      return null;
    case 'failed':
      return delivery.refund === 'needed' ? delivery.failedAt : null;
    case 'cancelled':
      return delivery.refund === 'needed' ? delivery.cancelledAt : null;
  }
}

/** What a step means beyond the delivery itself. */
export interface LifeEffects {
  /** Its letter has one open delivery less. */
  closesLetter: boolean;
  /** Its mail credit goes back (G11). */
  returnsCredit: boolean;
  /** It has been paid by card, and counts among the mails of the period. */
  countsMail: boolean;
}

export function effectsOf(before: Delivery, after: Delivery): LifeEffects {
  return {
    closesLetter: isOpenDelivery(before) && !isOpenDelivery(after),
    returnsCredit: before.paidWith === 'credit' && !isForNothing(before) && isForNothing(after),
    countsMail: before.status === 'pending_payment' && after.status === 'scheduled',
  };
}

/** It has ended without the letter being sent. */
function isForNothing({ status }: Delivery): boolean {
  return status === 'failed' || status === 'cancelled';
}

/** The user calls a delivery off, which is possible until it is dispatched; before it is paid, by `callOffPayment`. */
export function cancelDelivery(delivery: Delivery, now: Instant): LifeDecision {
  switch (delivery.status) {
    case 'pending_payment':
      return refused('payment_pending');
    case 'scheduled':
      return changed(delivery, { status: 'cancelled', cancelledAt: now, refund: refundOf(delivery) });
    case 'dispatched':
      return refused('already_dispatched');
    case 'sent':
      return refused('already_sent');
    case 'failed':
      return refused('already_failed');
    case 'cancelled':
      return UNCHANGED;
  }
}

/**
 * Hands a due delivery to its sender: for the first time, or again where no answer has come in time; after the last
 * attempt it has failed.
 */
export function dispatchDelivery(delivery: Delivery, now: Instant): LifeDecision {
  switch (delivery.status) {
    case 'pending_payment':
      return refused('payment_pending');
    case 'scheduled':
      return delivery.deliverAt > now
        ? refused('not_due')
        : changed(delivery, { status: 'dispatched', dispatch: attempt(1, now, null) });
    case 'dispatched': {
      const { attempts, nextTryAt, providerId } = delivery.dispatch;
      if (nextTryAt > now) {
        return refused('not_due');
      }
      return attempts < MAX_ATTEMPTS
        ? changed(delivery, { status: 'dispatched', dispatch: attempt(attempts + 1, now, providerId) })
        : fail(delivery, delivery.dispatch, 'unanswered', now);
    }
    case 'sent':
      return refused('already_sent');
    case 'failed':
      return refused('already_failed');
    case 'cancelled':
      return refused('already_cancelled');
  }
}

function attempt(attempts: number, now: Instant, providerId: string | null): Dispatch {
  return {
    attempts,
    lastDispatchedAt: now,
    nextTryAt: now + answerTimeMs(attempts),
    claim: null,
    providerId,
  };
}

/**
 * A sender takes an attempt for itself before it sends: of the same event twice, one acts. The time for an answer begins
 * anew, so that no other attempt is made, and none given up, while it sends.
 */
export function claimAttempt(
  delivery: Delivery,
  attempts: number,
  claimId: string,
  now: Instant,
): LifeDecision {
  return ofDispatched(delivery, (dispatch) => {
    if (dispatch.attempts !== attempts) {
      return refused(dispatch.attempts > attempts ? 'superseded' : 'not_dispatched');
    }
    if (dispatch.claim !== null) {
      return dispatch.claim.id === claimId ? UNCHANGED : refused('already_claimed');
    }
    const nextTryAt = Math.max(dispatch.nextTryAt, now + answerTimeMs(attempts));
    const claimed = { ...dispatch, claim: { id: claimId, at: now }, nextTryAt };
    return changed(delivery, { status: 'dispatched', dispatch: claimed });
  });
}

/** A sender gives its claim back: the provider has taken nothing, and the same attempt may be made again. */
export function releaseAttempt(delivery: Delivery, claimId: string): LifeDecision {
  return ofDispatched(delivery, (dispatch) =>
    dispatch.claim?.id === claimId
      ? changed(delivery, { status: 'dispatched', dispatch: { ...dispatch, claim: null } })
      : UNCHANGED,
  );
}

/** The provider has accepted it under an id. The first id stays: a second one is the provider's double. */
export function noteAccepted(delivery: Delivery, providerId: string): LifeDecision {
  return ofDispatched(delivery, (dispatch) =>
    dispatch.providerId !== null
      ? UNCHANGED
      : changed(delivery, { status: 'dispatched', dispatch: { ...dispatch, providerId } }),
  );
}

/** What a sender says of one of its attempts. */
export type SenderAnswer = { attempt: number } & (
  { result: 'sent'; providerId: string | null } | { result: 'failed'; failure: string }
);

/**
 * A sender answers. That it was sent counts whatever the attempt; that it failed counts for the last one only, since a
 * later one may still succeed. What has ended stays as it is.
 */
export function answerDelivery(delivery: Delivery, answer: SenderAnswer, now: Instant): LifeDecision {
  if (answer.result === 'sent' && delivery.status === 'sent') {
    return UNCHANGED;
  }
  if (answer.result === 'failed' && delivery.status === 'failed') {
    return UNCHANGED;
  }
  return ofDispatched(delivery, (dispatch) => {
    if (answer.attempt > dispatch.attempts) {
      return refused('not_dispatched');
    }
    if (answer.result === 'sent') {
      return succeed(delivery, dispatch, answer.providerId, now);
    }
    return answer.attempt < dispatch.attempts
      ? refused('superseded')
      : fail(delivery, dispatch, answer.failure, now);
  });
}

/** What a provider says later of a letter that it has accepted. */
export type ProviderReport = { providerId: string } & (
  { result: 'sent' } | { result: 'failed'; failure: string }
);

/**
 * A provider reports, in whatever order and however often. A letter that it has accepted and then not sent has failed,
 * also where it counted as sent; so that the same reports leave the same delivery, failed stays failed.
 */
export function reportDelivery(delivery: Delivery, report: ProviderReport, now: Instant): LifeDecision {
  if (delivery.status === 'sent') {
    if (report.result === 'sent') {
      return UNCHANGED;
    }
    const { providerId } = delivery.dispatch;
    return providerId !== null && providerId !== report.providerId
      ? refused('superseded')
      : fail(delivery, { ...delivery.dispatch, providerId: report.providerId }, report.failure, now);
  }
  if (delivery.status === 'failed' && report.result === 'failed') {
    return UNCHANGED;
  }
  return ofDispatched(delivery, (dispatch) => {
    if (report.result === 'sent') {
      return succeed(delivery, dispatch, report.providerId, now);
    }
    return dispatch.providerId !== null && dispatch.providerId !== report.providerId
      ? refused('superseded')
      : fail(delivery, { ...dispatch, providerId: report.providerId }, report.failure, now);
  });
}

/** Steps that only a dispatched delivery can take. */
function ofDispatched(delivery: Delivery, decide: (dispatch: Dispatch) => LifeDecision): LifeDecision {
  switch (delivery.status) {
    case 'pending_payment':
      return refused('payment_pending');
    case 'scheduled':
      return refused('not_dispatched');
    case 'dispatched':
      return decide(delivery.dispatch);
    case 'sent':
      return refused('already_sent');
    case 'failed':
      return refused('already_failed');
    case 'cancelled':
      return refused('already_cancelled');
  }
}

function succeed(
  delivery: Delivery,
  dispatch: Dispatch,
  providerId: string | null,
  sentAt: Instant,
): LifeDecision {
  const known = { ...dispatch, providerId: dispatch.providerId ?? providerId };
  return changed(delivery, { status: 'sent', dispatch: known, sentAt });
}

function fail(delivery: Delivery, dispatch: Dispatch, failure: string, failedAt: Instant): LifeDecision {
  return changed(delivery, { status: 'failed', dispatch, failedAt, failure, refund: refundOf(delivery) });
}

/** What a card has paid is refunded at Stripe, by whoever sees that it is needed. */
function refundOf({ paidWith }: Delivery): Refund {
  return paidWith === 'card' ? 'needed' : 'none';
}
