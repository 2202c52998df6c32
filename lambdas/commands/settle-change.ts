import { parseChange, readChangeItem, updateChange } from '../adapters/dynamodb/change-item.ts';
import { BusyError } from '../adapters/dynamodb/retry.ts';
import { commit } from '../adapters/dynamodb/transact.ts';
import { type FoundSubscription, readChangeable, voidPending } from '../adapters/stripe/changeable.ts';
import { StripeRejectedError, StripeUnavailableError } from '../adapters/stripe/errors.ts';
import { putBack } from '../adapters/stripe/schedules.ts';
import { type Account } from '../domain/account.ts';
import { type Deadline } from '../domain/deadline.ts';
import { type Instant } from '../domain/instants.ts';
import {
  type BillingChange,
  type ChangeFailure,
  effectiveAtOf,
  isSettled,
  judgeChange,
} from '../domain/change-verdicts.ts';
import { type PendingUpdate } from '../domain/plan-changes.ts';
import { changeAccount, refuseErased } from './change-account.ts';
import { type CustomerServices } from './with-customer.ts';

/** Whose change it is, and when. */
export interface ChangeRequest {
  userId: string;
  now: Instant;
  deadline: Deadline;
}

/** A change of which Stripe says something, or has said that it knows it no more (null). */
export interface OpenChange {
  record: BillingChange;
  found: FoundSubscription | null;
  /** Stripe has just taken it, although the record does not say so yet. */
  isTaken?: boolean;
}

/** A change has put aside what was scheduled, and nobody knows yet whether it takes its place. */
export class UnsettledChangeError extends Error {
  override name = 'UnsettledChangeError';
}

/** Both keep other requests from being answered with an open change for ever: a record and the account that names it. */
const MAX_ROUNDS = 10;

/**
 * Settles the change that an account has open, if Stripe says what has become of it.
 *
 * @returns the change as it is then; null: it has been settled meanwhile
 * @throws BusyError, ErasedAccountError, StripeUnavailableError, NotConfiguredError
 */
export async function settleOpenChange(
  services: CustomerServices,
  { userId, openChange }: Pick<Account, 'userId' | 'openChange'>,
  { now, deadline }: Pick<ChangeRequest, 'now' | 'deadline'>,
): Promise<BillingChange | null> {
  const record = await readChange(services, userId, openChange ?? '', deadline);
  if (record === null || isSettled(record)) {
    return null;
  }
  const found = await readSubscriptionOf(services, record, deadline);
  return settleChange(services, { userId, now, deadline }, { record, found });
}

export async function readChange(
  { store }: Pick<CustomerServices, 'store'>,
  userId: string,
  id: string,
  deadline: Deadline,
): Promise<BillingChange | null> {
  const item = await readChangeItem(store, userId, id, deadline);
  return item === null ? null : parseChange(item);
}

/** The subscription that a change is about, as it is at Stripe now; null: Stripe does not know it any more. */
export function readSubscriptionOf(
  { store, stripe }: CustomerServices,
  { subscriptionId }: BillingChange,
  deadline: Deadline,
): Promise<FoundSubscription | null> {
  return readChangeable(stripe, subscriptionId, store.catalogue, deadline);
}

/**
 * Brings a change to what Stripe says of it. One that was declined or is gone leaves nothing behind: its invoice is void,
 * and what it had put aside is scheduled again. It notes what it is about to do first, so that whoever goes on does the same.
 *
 * @returns the change as it is then
 * @throws BusyError, ErasedAccountError, StripeUnavailableError, NotConfiguredError
 */
export async function settleChange(
  services: CustomerServices,
  request: ChangeRequest,
  { record, found, isTaken = false }: OpenChange,
): Promise<BillingChange> {
  const known = isTaken ? { ...record, status: 'sent' as const } : record;
  const judgement = judgeChange(known, found?.facts ?? null, Math.max(request.now, found?.asOf ?? 0));
  switch (judgement.verdict) {
    case 'unknown':
      return record;
    case 'waiting':
      return record.status === 'sent' ? record : noteChange(services, request, record, { status: 'sent' });
    case 'done':
      return close(services, request, record, {
        status: 'done',
        failure: null,
        declineCode: null,
        effectiveAt: found === null ? record.effectiveAt : effectiveAtOf(record, found.facts),
      });
    case 'refused':
      return judgement.pending === null
        ? refuseChange(services, request, { record, found }, judgement.failure)
        : dropPending(services, request, record, judgement);
  }
}

/** Stripe drops an update whose invoice is void. If its holder was faster and has paid, the change has happened. */
export async function dropPending(
  services: CustomerServices,
  request: ChangeRequest,
  record: BillingChange,
  { failure, pending }: { failure: ChangeFailure; pending: PendingUpdate | null },
): Promise<BillingChange> {
  const note = { status: 'sent', failure, declineCode: pending?.declineCode ?? null } as const;
  const noted = await noteChange(services, request, record, note);
  if (isSettled(noted) || pending === null) {
    return noted;
  }
  await voidPending(services.stripe, pending, request.deadline);
  const found = await readSubscriptionOf(services, noted, request.deadline);
  if (found?.facts.pending?.invoiceId === pending.invoiceId) {
    throw new StripeUnavailableError(`Stripe keeps the update of the void invoice ${pending.invoiceId}.`);
  }
  return settleChange(services, request, { record: noted, found });
}

/** A change does not happen. @throws as `settleChange` */
async function refuseChange(
  services: CustomerServices,
  request: ChangeRequest,
  { record, found }: OpenChange,
  failure: ChangeFailure,
): Promise<BillingChange> {
  if (found !== null && record.aside !== null && wantsBack(found)) {
    await schedulePutAside(services, request, found, record.aside, record.id);
  }
  return close(services, request, record, { status: 'refused', failure });
}

/** Also where another change is to take its place: that one finds the schedule as it was, and may fail. */
function wantsBack({ facts }: FoundSubscription): boolean {
  const isFree = facts.scheduled === null && facts.pending === null && facts.cancelAt === null;
  return isFree && facts.status !== 'canceled';
}

async function schedulePutAside(
  { stripe }: CustomerServices,
  { deadline }: ChangeRequest,
  found: FoundSubscription,
  aside: string,
  key: string,
): Promise<void> {
  try {
    await putBack(stripe, found, aside, { key, deadline });
  } catch (error) {
    // The subscription has ended meanwhile, or somebody else has given it a schedule.
    if (!(error instanceof StripeRejectedError)) {
      throw error;
    }
  }
}

type Note = Partial<Pick<BillingChange, 'status' | 'failure' | 'declineCode' | 'effectiveAt'>>;

async function noteChange(
  services: CustomerServices,
  { userId, deadline }: ChangeRequest,
  record: BillingChange,
  note: Note,
): Promise<BillingChange> {
  let current = record;
  for (let rounds = 0; rounds < MAX_ROUNDS && !isSettled(current); rounds += 1) {
    const after = { ...current, ...note, version: current.version + 1 };
    if (await commit(services.store, [updateChange(services.store.table, userId, after)], deadline)) {
      return after;
    }
    current = await readAgain(services, userId, current, deadline);
  }
  return current;
}

/** Whoever loses this race finds what the other one has written. */
async function close(
  services: CustomerServices,
  request: ChangeRequest,
  record: BillingChange,
  note: Note,
): Promise<BillingChange> {
  let current = record;
  for (let rounds = 0; rounds < MAX_ROUNDS; rounds += 1) {
    if (isSettled(current)) {
      return current;
    }
    const effectiveAt = note.effectiveAt ?? current.effectiveAt ?? request.now;
    const times = { settledAt: request.now, effectiveAt: note.status === 'done' ? effectiveAt : null };
    const after = { ...current, ...note, ...times, version: current.version + 1 };
    if (await writeSettled(services, request, after)) {
      return after;
    }
    current = await readAgain(services, request.userId, current, request.deadline);
  }
  throw new BusyError();
}

async function readAgain(
  services: CustomerServices,
  userId: string,
  { id }: BillingChange,
  deadline: Deadline,
): Promise<BillingChange> {
  return (await readChange(services, userId, id, deadline)) ?? refuseErased();
}

/** The billing version rises, so that nobody decides on what Stripe said before. */
async function writeSettled(
  { store }: CustomerServices,
  request: ChangeRequest,
  after: BillingChange,
): Promise<boolean> {
  const { userId, now, deadline } = request;
  return changeAccount<boolean>(store, { userId, now, deadline, ifErased: refuseErased }, (before) => {
    if (before?.openChange !== after.id) {
      return { answer: false };
    }
    const account = { ...before, openChange: null, billingVersion: before.billingVersion + 1 };
    return {
      write: {
        change: { account, closed: [], movements: [] },
        cause: { id: `change-${after.id}`, at: now },
        alongside: [{ write: updateChange(store.table, userId, after), ifRefused: () => false }],
        answer: true,
      },
    };
  });
}
