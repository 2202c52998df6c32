/** Moves one user of an owner's file in, in steps of which each can be repeated. */
import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { readStoredAccount } from '../lambdas/adapters/dynamodb/accounts.ts';
import { findUserOfCustomer } from '../lambdas/adapters/dynamodb/customer-item.ts';
import { BusyError } from '../lambdas/adapters/dynamodb/retry.ts';
import type { Store } from '../lambdas/adapters/dynamodb/store.ts';
import type { StripeConnection } from '../lambdas/adapters/stripe/connection.ts';
import { readOwner } from '../lambdas/adapters/stripe/customers.ts';
import {
  NotConfiguredError,
  StripeMissingError,
  StripeUnavailableError,
} from '../lambdas/adapters/stripe/errors.ts';
import { listSubscriptions } from '../lambdas/adapters/stripe/subscriptions.ts';
import { beginAnew } from '../lambdas/commands/alongside.ts';
import { changeAccount } from '../lambdas/commands/change-account.ts';
import { followCustomer } from '../lambdas/commands/follow-customer.ts';
import { linkFirstCustomer } from '../lambdas/commands/link-customer.ts';
import { type Account, type AccountChange, newAccount, planOfAccount } from '../lambdas/domain/account.ts';
import type { Catalogue } from '../lambdas/domain/catalogue.ts';
import { changeCredits } from '../lambdas/domain/credit-commands.ts';
import { type Credits, grantPurchased, inTurn, left, useCredits } from '../lambdas/domain/credits.ts';
import { sumLots } from '../lambdas/domain/lots.ts';
import type { Deadline } from '../lambdas/domain/deadline.ts';
import type { Instant } from '../lambdas/domain/instants.ts';
import { SUBSCRIBED } from '../lambdas/domain/live-subscription.ts';
import { boundaryAtOrBefore } from '../lambdas/domain/periods.ts';
import { rollForward } from '../lambdas/domain/roll-forward.ts';
import { withUnknown } from '../lambdas/domain/terms.ts';
import { creditsFor, standingCosts } from '../lambdas/domain/usage.ts';
import { withholdUnlessPaid } from '../lambdas/domain/withheld.ts';
import { mapConcurrently } from '../lambdas/runtime/concurrency.ts';
import { deadlineIn } from '../lambdas/runtime/deadline.ts';
import { type CheckedFile, type ImportedUser, usersIn } from './import-file.ts';
import { putBegun, putDone, readMark } from './import-mark.ts';

/** What an import works with. */
export interface Import {
  store: Store;
  /** Null for a file without customers. */
  stripe: StripeConnection | null;
  /** The fingerprint of the file. */
  file: string;
  /** When the usage in the file was read. */
  asOf: Instant;
  now: () => Instant;
  /** Changes nothing, and says what it would do. */
  isDry: boolean;
  /** Lets those who have been imported follow Stripe once more. */
  followsAgain: boolean;
  /** Imports customers as free users who pay only for what is no plan of the catalogue. */
  allowsOtherPrices: boolean;
}

/** Why a user is left as they are. */
export type LeftAlone = 'exists' | 'erased' | 'another file';

export type Imported =
  | { is: 'imported' | 'imported before'; account: Account | null; concerns: readonly string[] }
  | { is: 'left alone'; because: LeftAlone }
  | { is: 'failed'; why: string };

/** Nothing of the import goes on before somebody has looked at it. */
export class ImportStoppedError extends Error {
  override name = 'ImportStoppedError';
}

/** Each takes some four requests to Stripe, one after the other; it takes 25 a second in a sandbox and 100 of a live account. */
const USERS_AT_ONCE = 8;
const USER_WITHIN_MS = 30_000;
const PAUSES_MS = [1_000, 2_000, 4_000, 8_000, 16_000];

/** Moves all users of a file in, so many at once. @throws ImportStoppedError, UsageError */
export async function importAll(
  services: Import,
  file: CheckedFile,
  onResult: (user: ImportedUser, result: Imported) => void,
): Promise<void> {
  await mapConcurrently(usersIn(file, services.store.catalogue), USERS_AT_ONCE, async (user) => {
    onResult(user, await importUser(services, user));
  });
}

/**
 * Moves a user in: an account with its balance, its customer, the subscription as a worker follows it, then what was used
 * in the period that is open by then. Killed in between and started again, it goes on where it stopped.
 *
 * @throws ImportStoppedError when Stripe or DynamoDB does not answer for half a minute, or refuses the key
 */
export async function importUser(
  services: Import,
  user: ImportedUser,
  pausesMs = PAUSES_MS,
): Promise<Imported> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await importOnce(services, user, deadlineIn(USER_WITHIN_MS));
    } catch (error) {
      const pauseMs = pausesMs[tries];
      if (!(error instanceof Error)) {
        throw error;
      }
      if (pauseMs !== undefined && isPassing(error)) {
        await wait(pauseMs * (0.5 + Math.random()));
      } else if (isAboutAll(error)) {
        throw new ImportStoppedError(error.message, { cause: error });
      } else {
        return { is: 'failed', why: error.message || error.name };
      }
    }
  }
}

function isPassing(error: Error): boolean {
  return (
    error instanceof StripeUnavailableError ||
    error instanceof BusyError ||
    error.name === 'UnsettledSubscriptionError' ||
    error.name === 'OvertakenError'
  );
}

/** A customer whom Stripe does not know is one user's matter; a key that it refuses is everybody's. */
function isAboutAll(error: Error): boolean {
  return (
    error instanceof StripeUnavailableError ||
    error instanceof BusyError ||
    (error instanceof NotConfiguredError && !(error.cause instanceof StripeMissingError))
  );
}

async function importOnce(services: Import, user: ImportedUser, deadline: Deadline): Promise<Imported> {
  let state = await stateOf(services, user, deadline);
  if (state.is === 'new') {
    const obstacle = await obstacleTo(services, user, deadline);
    if (obstacle !== null) {
      return { is: 'failed', why: obstacle };
    }
    if (!services.isDry) {
      await openAccount(services, user, deadline);
      state = await stateOf(services, user, deadline);
      if (state.is === 'new') {
        return { is: 'failed', why: 'A mark of an earlier import is there, and the account is not.' };
      }
    }
  }
  switch (state.is) {
    case 'left alone':
      return state;
    case 'done':
      return services.followsAgain && !services.isDry
        ? finish(services, user, deadline, 'imported before')
        : { is: 'imported before', account: state.account, concerns: [] };
    case 'new':
    case 'begun':
      return services.isDry
        ? { is: 'imported', account: null, concerns: [] }
        : finish(services, user, deadline, 'imported');
  }
}

type State =
  { is: 'new' | 'begun' } | { is: 'done'; account: Account } | { is: 'left alone'; because: LeftAlone };

async function stateOf(
  { store, file, now }: Import,
  { userId }: ImportedUser,
  deadline: Deadline,
): Promise<State> {
  const stored = await readStoredAccount(store, userId, deadline);
  if (stored === null) {
    return { is: 'new' };
  }
  if (stored.kind === 'erased') {
    return { is: 'left alone', because: 'erased' };
  }
  // After the account, with which it was written.
  const mark = await readMark(store, userId, deadline);
  if (mark?.file !== file) {
    return { is: 'left alone', because: mark?.step === 'begun' ? 'another file' : 'exists' };
  }
  return mark.step === 'begun'
    ? { is: 'begun' }
    : { is: 'done', account: rollForward(stored, now(), store.catalogue).account };
}

/** Why a user's customer can't be theirs, found out before anything is written; null: they can. */
async function obstacleTo(
  { store, stripe, allowsOtherPrices }: Import,
  { userId, customerId }: ImportedUser,
  deadline: Deadline,
): Promise<string | null> {
  if (customerId === null || stripe === null) {
    return null;
  }
  const linked = await findUserOfCustomer(store, customerId, deadline);
  if (linked !== null && linked !== userId) {
    return `The customer ${customerId} belongs to the user ${linked} already.`;
  }
  const owner = await readOwner(stripe, customerId, deadline);
  if (owner === 'gone') {
    return `The customer ${customerId} was deleted at Stripe. Leave the column empty.`;
  }
  if (owner.userId !== null && owner.userId !== userId) {
    return `At Stripe, the metadata of the customer ${customerId} name the user ${owner.userId}.`;
  }
  const listed = await listSubscriptions(stripe, customerId, store.catalogue, deadline);
  const paid = (listed?.subscriptions ?? []).filter(({ status }) => SUBSCRIBED.includes(status));
  return !allowsOtherPrices && paid.length > 0 && paid.every(({ offer }) => offer === null)
    ? `The customer ${customerId} pays a price that stands for no plan: adopt it, or import with --other-prices.`
    : null;
}

/** What the ledger names as the source of what an import has written. */
function sourceOf(file: string): string {
  return `import:${file}`;
}

/** Opens the account, free at first, with its balance. */
async function openAccount(
  { store, file, now }: Import,
  user: ImportedUser,
  deadline: Deadline,
): Promise<void> {
  const { userId, balance } = user;
  const at = now();
  const request = { userId, now: at, deadline, ifErased: () => undefined };
  await changeAccount<undefined>(store, request, (before) => {
    if (before !== null) {
      return { answer: undefined };
    }
    const account = newAccount(userId, at, store.catalogue);
    const change = changeCredits(account, at, store.catalogue, (credits) =>
      balance === 0
        ? { credits, movements: [] }
        : grantPurchased(credits, balance, 'adjustment_up', sourceOf(file)),
    );
    const mark = { write: putBegun(store.table, userId, file, at), ifRefused: () => undefined };
    return {
      write: { change, cause: { id: `import-${file}`, at }, alongside: [mark], answer: undefined },
    };
  });
}

/** Links the customer, follows them, and counts what was used. What has been done of it is not done again. */
async function finish(
  services: Import,
  user: ImportedUser,
  deadline: Deadline,
  is: 'imported' | 'imported before',
): Promise<Imported> {
  const { store, stripe, now } = services;
  const { userId, customerId } = user;
  let concerns: readonly string[] = [];
  if (customerId !== null && stripe !== null) {
    const linked = await linkFirstCustomer(store, { userId, customerId }, now(), deadline);
    if (linked !== customerId) {
      return { is: 'failed', why: `The user has another customer already, ${linked}.` };
    }
    const followed = await follow(store, stripe, customerId, now(), deadline);
    if ('why' in followed) {
      return { is: 'failed', why: followed.why };
    }
    concerns = followed.concerns;
  }
  const account = await count(services, user, deadline);
  return account === null ? { is: 'left alone', because: 'erased' } : { is, account, concerns };
}

/** By the workers' own function, as if an event had told of the customer. */
async function follow(
  store: Store,
  stripe: StripeConnection,
  customerId: string,
  now: Instant,
  deadline: Deadline,
): Promise<{ concerns: readonly string[] } | { why: string }> {
  const services = { store, stripe, stage: 'import', holdBack: () => Promise.resolve() };
  const event = { id: `import-${randomUUID()}`, type: 'import', createdAt: now, customerId, object: {} };
  const outcome = await followCustomer(services, { event, sentAt: now, deadline });
  switch (outcome.outcome) {
    case 'done':
      return outcome;
    case 'unchanged':
      return { concerns: [] };
    case 'failed':
      return { why: `The customer ${customerId} can’t be followed: ${outcome.reason}.` };
  }
}

/** Counts what was used, once. @returns the account; null: it was erased meanwhile */
async function count(
  { store, file, asOf, now }: Import,
  user: ImportedUser,
  deadline: Deadline,
): Promise<Account | null> {
  const { userId } = user;
  const at = now();
  const request = { userId, now: at, deadline, ifErased: () => null };
  return changeAccount<Account | null>(store, request, async (before) => {
    const mark = await readMark(store, userId, deadline);
    if (before === null || mark?.step !== 'begun') {
      return { answer: before === null ? null : rollForward(before, at, store.catalogue).account };
    }
    const change = withUsage(before, user, { at, asOf, source: sourceOf(file), catalogue: store.catalogue });
    const done = { write: putDone(store.table, userId, file, at), ifRefused: beginAnew };
    return {
      write: { change, cause: { id: `import-${file}-used`, at }, alongside: [done], answer: change.account },
    };
  });
}

interface Counting {
  at: Instant;
  asOf: Instant;
  source: string;
  catalogue: Catalogue;
}

/**
 * Adds what a user of the file has used and holds. It may be more than their limit. Of the credits that it has cost, those
 * are used that the period includes: the balance in the file lacks what was paid from it.
 *
 * What was used before the period began that is open now has no place in it.
 */
function withUsage(
  before: Account,
  { used, held }: ImportedUser,
  { at, asOf, source, catalogue }: Counting,
): AccountChange {
  const rolled = rollForward(before, at, catalogue).account;
  const { meters, levels } = withUnknown(rolled, planOfAccount(rolled, catalogue), catalogue);
  // The boundary, and not the start of the open period: that began when Postage learnt of the subscription. A trial has
  // no boundary before its end.
  const isOver = rolled.subscription.status !== 'trialing' && boundaryAtOrBefore(rolled.anchor, at) > asOf;
  const counted = isOver ? {} : used;
  const cost = creditsFor({ consume: counted, release: {} }, standingCosts({ ...rolled, meters }));
  const change = changeCredits(before, at, catalogue, (credits) =>
    cost === 0
      ? { credits, movements: [] }
      : inTurn(
          credits,
          // What was used before the payment failed was not withheld by then.
          withholdUnlessPaid({ status: 'none' }, source),
          (paid) => useCredits(paid, Math.min(cost, unspentOfPeriod(paid)), source),
          withholdUnlessPaid(rolled.subscription, source),
        ),
  );
  const account = { ...change.account, meters: added(meters, counted), levels: added(levels, held) };
  return { ...change, account };
}

function unspentOfPeriod(credits: Credits): number {
  const { included, lots } = left(credits);
  return included + sumLots(lots);
}

function added<Count extends { used: number }>(
  counts: Readonly<Record<string, Count>>,
  more: Readonly<Record<string, number>>,
): Record<string, Count> {
  return Object.fromEntries(
    Object.entries(counts).map(([id, each]) => [id, { ...each, used: each.used + (more[id] ?? 0) }]),
  );
}
