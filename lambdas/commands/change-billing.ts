import { changeItem, parseChange, readChangeItem } from '../adapters/dynamodb/change-item.ts';
import { readStoredAccount } from '../adapters/dynamodb/accounts.ts';
import { putNew } from '../adapters/dynamodb/put-new.ts';
import { BusyError } from '../adapters/dynamodb/retry.ts';
import { type FoundSubscription, readChangeable, voidPending } from '../adapters/stripe/changeable.ts';
import {
  StripeDeclinedError,
  StripeMissingError,
  StripeRejectedError,
  StripeUnavailableError,
} from '../adapters/stripe/errors.ts';
import { findPrice } from '../adapters/stripe/prices.ts';
import { asideOf } from '../adapters/stripe/schedules.ts';
import { type Catalogue } from '../domain/catalogue.ts';
import { type Account } from '../domain/account.ts';
import { type Offer } from '../domain/live-subscription.ts';
import { type BillingChange, endingOfWaiting, isSettled } from '../domain/change-verdicts.ts';
import {
  type AskedChange,
  type ChangeDecision,
  type ChangeRefusal,
  asksForSame,
  decideChange,
  isSameOffer,
  isSold,
} from '../domain/plan-changes.ts';
import { carryOut } from './carry-out-change.ts';
import { changeAccount, refuseErased } from './change-account.ts';
import { type CommandContext } from './command-context.ts';
import { findSubscriptionId } from './find-subscription-id.ts';
import { followOnce } from './follow-customer.ts';
import { type Replay, replayOf } from './replay.ts';
import { dropPending, readSubscriptionOf, readChange, settleChange } from './settle-change.ts';
import { type CustomerServices } from './with-customer.ts';
import { createLogger } from '../runtime/logger.ts';

type Request = CommandContext & { idempotencyKey: string | null };

export type ChangeOutcome =
  /** The change as it stands. `clientSecret`: with it the card's holder can authenticate. */
  | { outcome: 'answered'; record: BillingChange; clientSecret: string | null; isRepeated: boolean }
  | { outcome: 'idempotency_conflict' }
  | { outcome: 'not_sold'; offer: Offer }
  | { outcome: 'refused'; refusal: ChangeRefusal };

/** What one round comes to; null: something has changed meanwhile, and the next round sees it. */
type Round = ChangeOutcome | null;

/** What this request has brought about with a larger plan that waited, in the rounds before. */
interface Seen {
  hasTakenBack: boolean;
  hasReplaced: boolean;
}

const MAX_ROUNDS = 10;

/**
 * Changes a subscription: another plan, cancelling, taking either back. It records what is asked before Stripe hears of it,
 * on the account, so that two requests at once are one:
 *
 *     one request:  asks Stripe   records A on the account        carries A out    settles A
 *     another:                                              asks   finds A: the same goes on with it, another one is refused
 *
 * A refusal makes no record, so it is judged afresh. A change that was recorded and then refused answers its repetitions.
 *
 * @throws BusyError, ErasedAccountError, StripeUnavailableError, NotConfiguredError
 */
export async function changeBilling(
  services: CustomerServices,
  request: Request,
  asked: AskedChange,
): Promise<ChangeOutcome> {
  const seen: Seen = { hasTakenBack: false, hasReplaced: false };
  for (let rounds = 0; rounds < MAX_ROUNDS; rounds += 1) {
    const outcome = await attempt(services, request, asked, seen);
    if (outcome !== null) {
      return outcome;
    }
  }
  throw new BusyError();
}

async function attempt(
  services: CustomerServices,
  request: Request,
  asked: AskedChange,
  seen: Seen,
): Promise<Round> {
  const { store, stripe } = services;
  const { userId, deadline } = request;
  const known = request.idempotencyKey === null ? null : await findChange(services, request);
  if (known !== null && (known.outcome === 'idempotency_conflict' || isSettled(known.record))) {
    return known.outcome === 'replayed' ? answer(known.record, null, true) : known;
  }
  const { offer } = asked;
  if (known === null && offer !== null && !isSold(offer, store.catalogue)) {
    return { outcome: 'not_sold', offer };
  }
  const account = await readStoredAccount(store, userId, deadline);
  if (account?.kind === 'erased') {
    return refuseErased();
  }
  const openChange = account?.openChange ?? null;
  if (openChange !== null) {
    return meetOpenChange(services, request, asked, openChange, seen);
  }
  const subscriptionId = account === null ? null : await findSubscriptionId(services, account, request);
  const found =
    subscriptionId === null ? null : await readChangeable(stripe, subscriptionId, store.catalogue, deadline);
  if (account === null || found === null) {
    return { outcome: 'refused', refusal: 'not_subscribed' };
  }
  const { pending } = found.facts;
  if (asked.kind === 'plan_change_taken_back' && pending !== null) {
    await voidPending(stripe, pending, deadline);
    const after = await readChangeable(stripe, found.facts.id, store.catalogue, deadline);
    // Otherwise its holder was faster, and has paid.
    seen.hasTakenBack = after?.facts.pending === null && isSameOffer(after.facts.offer, found.facts.offer);
    return null;
  }
  const decision = decide(asked, found, store.catalogue, seen);
  if (decision.outcome === 'refused') {
    // The same request may have come twice at once, and the other one may just have done what this one finds done.
    const isDone = request.idempotencyKey !== null && (await findChange(services, request)) !== null;
    return isDone ? null : decision;
  }
  if (offer !== null) {
    // Nothing is recorded that nobody can carry out.
    await findPrice(stripe, offer, store.catalogue, deadline);
  }
  const record = recordOf(request, asked, decision, found);
  if (!(await claim(services, request, account, record))) {
    return null;
  }
  return isSettled(record) ? answer(record, null, false) : goOn(services, request, { record, found }, false);
}

type Accepted = Extract<ChangeDecision, { outcome: 'accepted' }> & {
  /** Dropping the larger plan that waited has done it. */
  isDone: boolean;
};

function decide(
  asked: AskedChange,
  { facts }: FoundSubscription,
  catalogue: Catalogue,
  { hasTakenBack, hasReplaced }: Seen,
): Accepted | Extract<ChangeDecision, { outcome: 'refused' }> {
  if (hasTakenBack) {
    return { outcome: 'accepted', way: 'at_once', effectiveAt: null, isDone: true };
  }
  const decision = decideChange(asked, facts, catalogue);
  if (decision.outcome === 'accepted') {
    return { ...decision, isDone: false };
  }
  // What the larger plan had put aside is scheduled again, and is what is asked for.
  return hasReplaced && decision.refusal === 'already_scheduled'
    ? { outcome: 'accepted', way: 'at_period_end', effectiveAt: facts.periodEndsAt, isDone: true }
    : decision;
}

/** The change that the request has made before (G2); null: none. */
async function findChange(
  { store }: CustomerServices,
  { userId, id, fingerprint, deadline }: Request,
): Promise<Replay<BillingChange> | null> {
  const item = await readChangeItem(store, userId, id, deadline);
  return item === null ? null : replayOf(item, fingerprint, parseChange);
}

function answer(record: BillingChange, clientSecret: string | null, isRepeated: boolean): ChangeOutcome {
  return { outcome: 'answered', record, clientSecret, isRepeated };
}

function recordOf(
  { id, now }: Request,
  { kind, offer }: AskedChange,
  { way, effectiveAt, isDone }: Accepted,
  found: FoundSubscription,
): BillingChange {
  return {
    id,
    version: 1,
    kind,
    offer: kind === 'plan_change_taken_back' ? found.facts.offer : offer,
    way,
    status: isDone ? 'done' : 'asked',
    subscriptionId: found.facts.id,
    aside: kind === 'plan_change' && way !== 'at_period_end' ? asideOf(found) : null,
    failure: null,
    declineCode: null,
    effectiveAt: effectiveAt ?? (isDone ? now : null),
    createdAt: now,
    settledAt: isDone ? now : null,
  };
}

/**
 * Records a change, unless another one is open, or has come and gone since Stripe was asked.
 *
 * @returns false: then Stripe has to be asked again
 */
async function claim(
  { store }: CustomerServices,
  { userId, fingerprint, now, deadline }: Request,
  { billingVersion }: Account,
  record: BillingChange,
): Promise<boolean> {
  const openChange = isSettled(record) ? null : record.id;
  return changeAccount<boolean>(store, { userId, now, deadline, ifErased: refuseErased }, (before) =>
    before?.openChange !== null || before.billingVersion !== billingVersion
      ? { answer: false }
      : {
          write: {
            change: { account: { ...before, openChange }, closed: [], movements: [] },
            cause: { id: `change-${record.id}`, at: now },
            alongside: [
              {
                write: putNew(store.table, changeItem(userId, record, fingerprint)),
                ifRefused: () => false,
              },
            ],
            answer: true,
          },
        },
  );
}

/** Another request has a change open, or this one has had it. */
async function meetOpenChange(
  services: CustomerServices,
  request: Request,
  asked: AskedChange,
  openId: string,
  seen: Seen,
): Promise<Round> {
  const open = await readChange(services, request.userId, openId, request.deadline);
  if (open === null || isSettled(open)) {
    return null;
  }
  const found = await readSubscriptionOf(services, open, request.deadline);
  const record = await settleChange(services, request, { record: open, found });
  const isOwn = record.id === request.id;
  if (isSettled(record)) {
    return isOwn ? finish(services, request, record, true) : null;
  }
  if (isOwn || asksForSame(record, asked)) {
    return goOn(services, request, { record, found }, isOwn);
  }
  const pending = found?.facts.pending ?? null;
  const failure = endingOfWaiting(asked, found?.facts.offer ?? null, services.store.catalogue);
  if (record.status !== 'sent' || pending === null || failure === null) {
    return { outcome: 'refused', refusal: 'change_open' };
  }
  const dropped = await dropPending(services, request, record, { failure, pending });
  const isDropped = dropped.status === 'refused';
  seen.hasTakenBack = isDropped && failure === 'taken_back';
  seen.hasReplaced = isDropped && failure === 'replaced';
  return null;
}

/** With less than this left, the answer is the change as it stands. Stripe's event tells how it goes on. */
const ANSWER_MS = 1_500;

async function goOn(
  services: CustomerServices,
  request: Request,
  { record, found }: { record: BillingChange; found: FoundSubscription | null },
  isRepeated: boolean,
): Promise<ChangeOutcome> {
  try {
    if (record.status === 'asked' && found !== null) {
      return await finish(services, request, await pursue(services, request, record, found), isRepeated);
    }
    return answer(record, found?.facts.pending?.clientSecret ?? null, isRepeated);
  } catch (error) {
    const isLate = error instanceof StripeUnavailableError || error instanceof BusyError;
    if (isLate && request.deadline.remainingMs() < ANSWER_MS) {
      return answer(record, null, isRepeated);
    }
    throw error;
  }
}

/** Carries a change out, and looks what has become of it. */
async function pursue(
  services: CustomerServices,
  request: Request,
  record: BillingChange,
  found: FoundSubscription,
): Promise<BillingChange> {
  const { store, stripe } = services;
  try {
    await carryOut({ stripe, catalogue: store.catalogue }, record, found, request.deadline);
  } catch (error) {
    const isMissing = error instanceof StripeMissingError;
    if (!(error instanceof StripeRejectedError || error instanceof StripeDeclinedError || isMissing)) {
      throw error;
    }
    const after = await readSubscriptionOf(services, record, request.deadline);
    const failure = error instanceof StripeDeclinedError ? 'payment_failed' : 'rejected';
    // An earlier try may have done it.
    return settleChange(services, request, { record: { ...record, failure }, found: after, isTaken: true });
  }
  const after = await readSubscriptionOf(services, record, request.deadline);
  // If it does not show now, it is gone.
  return settleChange(services, request, { record, found: after, isTaken: true });
}

/** Brings the account to what Stripe says after a change. If that fails, Stripe's events do it. */
async function finish(
  services: CustomerServices,
  { userId, now, deadline }: Request,
  record: BillingChange,
  isRepeated: boolean,
): Promise<ChangeOutcome> {
  const found = isSettled(record) ? null : await readSubscriptionOf(services, record, deadline);
  if (record.status === 'done') {
    await followChange(services, { userId, now, deadline }, record);
  }
  return answer(record, found?.facts.pending?.clientSecret ?? null, isRepeated);
}

const logger = createLogger('billing');
const MAX_FOLLOWS = 3;

async function followChange(
  services: CustomerServices,
  { userId, now, deadline }: Pick<Request, 'userId' | 'now' | 'deadline'>,
  { id }: BillingChange,
): Promise<void> {
  const account = await readStoredAccount(services.store, userId, deadline);
  const customerId = account?.kind === 'account' ? account.customerId : null;
  for (let tries = 0; customerId !== null && tries < MAX_FOLLOWS; tries += 1) {
    try {
      const followed = await followOnce(services, { userId, customerId }, { now, deadline }, (at) => ({
        changeId: id,
        at,
      }));
      if (followed.outcome !== 'overtaken') {
        return;
      }
    } catch (error) {
      logger.warn('An account did not follow a change at once.', { changeId: id, error });
      return;
    }
  }
}
