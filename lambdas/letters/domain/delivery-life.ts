/**
 * The life of a delivery:
 *
 *     pending_payment → scheduled → dispatched → sent
 *
 * It ends as `cancelled` before it is dispatched, or as `failed` when it can no longer be sent. Each step is a pure
 * function of a delivery and the time. The step changes the delivery, finds nothing left to do (a repetition), or refuses
 * by name. Of several refusals, the status of the delivery decides first, then its payment, the attempt and the time.
 * `delivery-payment.ts` has the steps of a payment by card.
 *
 * `effectsOf` tells from the states before and after a step what else it changes. That commits with the step, so that a
 * credit comes back once (G11), and a letter counts open deliveries only.
 */
import { type Delivery, type Dispatch, promiseAt, type Refund } from './deliveries.ts';
import { DAY_MS, HOUR_MS, type Instant } from '../../domain/instants.ts';
import { changed, type LifeDecision, refused, refusedBy, UNCHANGED } from './life-decisions.ts';

/** A delivery fails after so many attempts without an answer. Those that don't count are not among them. */
export const MAX_ATTEMPTS = 8;

/** How long a sender has to answer an attempt: an hour, twice as long for each further attempt, at most a day. */
export function answerTimeMs(attempts: number): number {
  return Math.min(HOUR_MS * 2 ** (attempts - 1), DAY_MS);
}

/** The reconciler ends a payment that takes longer. */
const PAYMENT_TIME_MS = DAY_MS;

/** Whether a delivery has not ended. Its letter can't be deleted then. */
export function isOpenDelivery({ status }: Pick<Delivery, 'status'>): boolean {
  return status === 'pending_payment' || status === 'scheduled' || status === 'dispatched';
}

/** Since when a delivery waits for the end of a dispute about its charge; null: it does not. */
export function heldSinceOf({ status, payment }: Pick<Delivery, 'status' | 'payment'>): Instant | null {
  const isWaiting = status === 'pending_payment' || status === 'scheduled';
  return isWaiting ? (payment?.dispute?.since ?? null) : null;
}

/** When the reconciler has to look at a delivery; null when nothing is left to do. */
export function dueAtOf(delivery: Delivery): Instant | null {
  switch (delivery.status) {
    case 'pending_payment':
      return delivery.payment?.dispute?.nextLookAt ?? delivery.createdAt + PAYMENT_TIME_MS;
    case 'scheduled':
      return delivery.payment?.dispute?.nextLookAt ?? nextLookAt(delivery);
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

/** When a scheduled delivery is due; a day before, where its wall-clock time has to be looked at again. */
function nextLookAt({ deliverAt, promised }: Delivery): Instant {
  return promised?.lookAt ?? deliverAt;
}

/** What a step changes beside the delivery. */
export function effectsOf(before: Delivery, after: Delivery) {
  return {
    /** The letter has one open delivery less. */
    closesLetter: isOpenDelivery(before) && !isOpenDelivery(after),
    /** The user gets the mail credit back (G11). */
    returnsCredit: before.paidWith === 'credit' && !isUnsent(before) && isUnsent(after),
    /** A card has paid, and the delivery counts among the mails of the period, also if its money has gone back already. */
    countsMail: before.status === 'pending_payment' && after.status !== 'pending_payment' && isCharged(after),
  };
}

/** Whether Stripe has ever charged a card for a delivery. */
export function isCharged(delivery: Delivery): boolean {
  switch (delivery.status) {
    case 'pending_payment':
      return heldSinceOf(delivery) !== null;
    case 'scheduled':
    case 'dispatched':
    case 'sent':
      return true;
    case 'failed':
    case 'cancelled':
      return delivery.refund !== 'none';
  }
}

export type UnsentDelivery = Extract<Delivery, { status: 'failed' | 'cancelled' }>;

/** Whether a delivery has ended, and the letter was not sent. */
export function isUnsent(delivery: Delivery): delivery is UnsentDelivery {
  return delivery.status === 'failed' || delivery.status === 'cancelled';
}

/**
 * The user cancels a delivery before it is dispatched. `callOffPayment` cancels an unpaid one; one that is held has been
 * paid.
 */
export function cancelDelivery(delivery: Delivery, now: Instant): LifeDecision {
  if (delivery.status === 'cancelled') {
    return UNCHANGED;
  }
  return delivery.status === 'scheduled' || heldSinceOf(delivery) !== null
    ? changed(delivery, { status: 'cancelled', cancelledAt: now, refund: refundOf(delivery) })
    : refusedBy(delivery);
}

/**
 * Hands a due delivery to its sender, and hands it over again when no answer has come in time. The delivery fails after
 * the last attempt.
 */
export function dispatchDelivery(delivery: Delivery, now: Instant): LifeDecision {
  if (delivery.status === 'scheduled') {
    return dispatchScheduled(delivery, now);
  }
  return ofDispatched(delivery, (dispatch) => {
    const { attempts, uncounted = 0, nextTryAt, providerId } = dispatch;
    if (nextTryAt > now) {
      return refused('not_due');
    }
    return attempts - uncounted < MAX_ATTEMPTS
      ? changed(delivery, {
          status: 'dispatched',
          dispatch: attempt(attempts + 1, uncounted, now, providerId),
        })
      : fail(delivery, dispatch, 'unanswered', now);
  });
}

/** The first attempt. A wall-clock time is looked at again first, a day before or whenever somebody comes later. */
function dispatchScheduled(delivery: Delivery, now: Instant): LifeDecision {
  if (heldSinceOf(delivery) !== null) {
    return refused('payment_disputed');
  }
  if (nextLookAt(delivery) > now) {
    return refused('not_due');
  }
  const { promised } = delivery;
  const isOpen = promised !== undefined && promised.lookAt !== null;
  const settled = isOpen ? { ...delivery, ...promiseAt(promised, now) } : delivery;
  return settled.deliverAt > now
    ? changed(settled, { status: 'scheduled' })
    : changed(settled, { status: 'dispatched', dispatch: attempt(1, 0, now, null) });
}

function attempt(attempts: number, uncounted: number, now: Instant, providerId: string | null): Dispatch {
  return {
    attempts,
    ...(uncounted === 0 ? {} : { uncounted }),
    lastDispatchedAt: now,
    nextTryAt: now + answerTimeMs(attempts - uncounted),
    claim: null,
    providerId,
  };
}

/**
 * A sender claims an attempt before it sends, so that the same event twice sends once. The time for an answer begins
 * anew: while the sender works, nobody makes another attempt or gives the delivery up.
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
    const counted = attempts - (dispatch.uncounted ?? 0);
    const nextTryAt = Math.max(dispatch.nextTryAt, now + answerTimeMs(Math.max(1, counted)));
    const claimed = { ...dispatch, claim: { id: claimId, at: now }, nextTryAt };
    return changed(delivery, { status: 'dispatched', dispatch: claimed });
  });
}

/** A sender gives its claim back: the provider has taken nothing, and a sender may make the same attempt again. */
export function releaseAttempt(delivery: Delivery, claimId: string): LifeDecision {
  return ofDispatched(delivery, (dispatch) =>
    dispatch.claim?.id === claimId
      ? changed(delivery, { status: 'dispatched', dispatch: { ...dispatch, claim: null } })
      : UNCHANGED,
  );
}

/** A sender gives its claim back, and the attempt does not count: a provider that is busy or not set up fails nothing. */
export function excuseAttempt(delivery: Delivery, claimId: string): LifeDecision {
  return ofDispatched(delivery, (dispatch) => {
    if (dispatch.claim?.id !== claimId) {
      return UNCHANGED;
    }
    const uncounted = Math.min(dispatch.attempts, (dispatch.uncounted ?? 0) + 1);
    return changed(delivery, { status: 'dispatched', dispatch: { ...dispatch, claim: null, uncounted } });
  });
}

/** The provider has accepted the letter under an id. The first id stays: a second one belongs to a duplicate. */
export function noteAccepted(delivery: Delivery, providerId: string): LifeDecision {
  return ofDispatched(delivery, (dispatch) =>
    dispatch.providerId !== null
      ? UNCHANGED
      : changed(delivery, { status: 'dispatched', dispatch: { ...dispatch, providerId } }),
  );
}

/** What a sender says about one attempt. */
export type SenderAnswer = { attempt: number } & (
  { result: 'sent'; providerId: string | null } | { result: 'failed'; failure: string }
);

/**
 * A sender answers. `sent` counts for every attempt. `failed` counts for the last attempt only, since a later one may
 * still succeed. A delivery that has ended stays as it is.
 */
export function answerDelivery(delivery: Delivery, answer: SenderAnswer, now: Instant): LifeDecision {
  if (answer.result === delivery.status) {
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

/** What a provider says later about a letter that it has accepted. */
export type ProviderReport = { providerId: string } & (
  { result: 'sent' } | { result: 'failed'; failure: string }
);

/**
 * A provider reports, in any order and any number of times. A letter that the provider accepted and then did not send has
 * failed, even if it counted as sent. Failed stays failed, so that the same reports in any order leave the same delivery.
 */
export function reportDelivery(delivery: Delivery, report: ProviderReport, now: Instant): LifeDecision {
  if (report.result === delivery.status) {
    return UNCHANGED;
  }
  const decide = (dispatch: Dispatch): LifeDecision => {
    if (report.result === 'sent') {
      return succeed(delivery, dispatch, report.providerId, now);
    }
    return dispatch.providerId !== null && dispatch.providerId !== report.providerId
      ? refused('superseded')
      : fail(delivery, { ...dispatch, providerId: report.providerId }, report.failure, now);
  };
  return delivery.status === 'sent' ? decide(delivery.dispatch) : ofDispatched(delivery, decide);
}

/** Steps that only a dispatched delivery can take. */
function ofDispatched(delivery: Delivery, decide: (dispatch: Dispatch) => LifeDecision): LifeDecision {
  return delivery.status === 'dispatched' ? decide(delivery.dispatch) : refusedBy(delivery);
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

/** Postage refunds at Stripe what a card has paid. */
function refundOf({ paidWith }: Delivery): Refund {
  return paidWith === 'card' ? 'needed' : 'none';
}
