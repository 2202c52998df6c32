/**
 * The one place that turns refusals, outcomes and errors into RFC 9457 problems. A problem tells a client what to do
 * (its code and figures) and never how Postage works inside.
 */
import { CATALOGUE } from '../wiring/catalogue.ts';
import { type ClaimRefusal } from '../domain/gifts.ts';
import { type Instant, toIso } from '../domain/instants.ts';
import { type ChangeFailure } from '../domain/change-verdicts.ts';
import { type ChangeRefusal } from '../domain/plan-changes.ts';
import { type Refusal } from '../domain/refusals.ts';

/**
 * Every code with its status and title. Clients know one list, so it has the codes of an app on the core too. Money helps
 * with 402, time with 429, and another try with 503.
 */
export const PROBLEMS = {
  malformed: { status: 400, title: 'The request cannot be read' },
  too_large: { status: 413, title: 'The request is too large' },
  unauthenticated: { status: 401, title: 'Not authenticated' },
  quota_exceeded: { status: 402, title: 'The limit is reached' },
  plan_required: { status: 402, title: 'The plan does not include this' },
  insufficient_credits: { status: 402, title: 'Not enough credits' },
  payment_method_required: { status: 402, title: 'There is no card to pay with' },
  payment_failed: { status: 402, title: 'The card was declined' },
  payment_action_required: { status: 402, title: "The card's holder has to authenticate" },
  forbidden: { status: 403, title: 'Not allowed' },
  not_found: { status: 404, title: 'Not found' },
  idempotency_conflict: { status: 409, title: 'The Idempotency-Key was used for another request' },
  already_claimed: { status: 409, title: 'Already claimed' },
  already_subscribed: { status: 409, title: 'There is a subscription already' },
  illegal_transition: { status: 409, title: 'Not possible in the present state' },
  invalid: { status: 422, title: 'The request is not valid' },
  rate_limited: { status: 429, title: 'Too many requests' },
  internal: { status: 500, title: 'Internal error' },
  busy: { status: 503, title: 'Busy' },
  not_configured: { status: 503, title: 'Not set up yet' },
} as const satisfies Record<string, { status: number; title: string }>;

export type ProblemCode = keyof typeof PROBLEMS;

type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

export interface Problem {
  code: ProblemCode;
  /** One sentence for a developer; clients decide by the code. */
  detail: string;
  figures: Readonly<Record<string, Json>>;
  headers: Readonly<Record<string, string>>;
}

/** What is wrong with one part of the request: `consume.seats`, `limit`, `Idempotency-Key`. */
export interface FieldError {
  path: string;
  message: string;
}

/** Carries a problem out of the reading of a request, where no outcome exists yet. */
export class ProblemError extends Error {
  override name = 'ProblemError';
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail);
    this.problem = problem;
  }
}

/** The function had to stop before it answered the request. Nobody knows whether it wrote anything. */
export class OutOfTimeError extends Error {
  override name = 'OutOfTimeError';
}

export function isProblem(value: object): value is Problem {
  return 'code' in value && 'detail' in value;
}

/** The body of a problem, `application/problem+json`. */
export function problemBody({ code, detail, figures }: Problem): Record<string, Json> {
  const { status, title } = PROBLEMS[code];
  return { type: `urn:postage:problem:${code}`, title, status, code, detail, ...figures };
}

export function problem(
  code: ProblemCode,
  detail: string,
  figures: Problem['figures'] = {},
  headers: Problem['headers'] = {},
): Problem {
  return { code, detail, figures, headers };
}

export function malformed(detail: string): Problem {
  return problem('malformed', detail);
}

export function tooLarge(limitBytes: number, what = 'The body'): Problem {
  return problem('too_large', `${what} is larger than ${limitBytes} bytes.`, { limitBytes });
}

export function unauthenticated(detail: string): Problem {
  return problem('unauthenticated', detail, {}, { 'www-authenticate': 'Bearer' });
}

export function forbidden(detail: string): Problem {
  return problem('forbidden', detail);
}

export function notFound(what: string): Problem {
  return problem('not_found', `There is no such ${what}.`);
}

export function noCustomer(): Problem {
  const next = 'POST /billing/checkout-sessions begins a subscription.';
  const why = 'The user has never begun a Checkout, or their customer was deleted at Stripe.';
  return problem('not_found', `There is no such customer. ${why} ${next}`);
}

/** The most errors that one answer lists. */
export const MAX_LISTED_ERRORS = 20;

export function invalid(errors: readonly FieldError[]): Problem {
  const listed = errors.slice(0, MAX_LISTED_ERRORS).map(({ path, message }) => ({ path, message }));
  const [first] = listed;
  const detail =
    first === undefined || first.path === ''
      ? (first?.message ?? 'Not valid.')
      : `${first.path}: ${first.message}`;
  return problem('invalid', detail, { errors: listed });
}

/** An adjustment that would take more credits than there are. */
export function belowBalance(available: number): Problem {
  const detail = 'The adjustment takes more credits than are available.';
  return problem('illegal_transition', detail, { available });
}

/** A gift of more credits than the purchased ones that are left. */
export function notEnoughToGive(available: number): Problem {
  const detail = 'Users can only give purchased credits that they have not spent.';
  return problem('insufficient_credits', detail, { available });
}

/** The code of this gift followed from a secret that has been replaced. Who has the code can still claim the gift. */
export function codeForgotten(expiresAt: Instant): Problem {
  const detail = `The code of this gift cannot be shown again. An unclaimed gift goes back at ${toIso(expiresAt)}.`;
  return problem('illegal_transition', detail);
}

export function refusedClaim(reason: ClaimRefusal): Problem {
  switch (reason) {
    case 'own':
      return invalid([{ path: 'code', message: 'Givers cannot claim their own gifts.' }]);
    case 'already_claimed':
      return problem('already_claimed', 'The gift has been claimed.');
    case 'gone_back':
      return problem(
        'illegal_transition',
        'The gift has expired or was called back. It goes back to its giver.',
      );
  }
}

export function tooManyGuesses(limit: number, resetsAt: Instant, now: Instant): Problem {
  return rateLimited(`A user can try at most ${limit} wrong codes a day (UTC).`, { limit, resetsAt }, now);
}

/** Time will help: it works again at `resetsAt`. */
export function rateLimited(
  detail: string,
  { resetsAt, ...figures }: { meter?: string; limit: number; resetsAt: Instant },
  now: Instant,
): Problem {
  const headers = { 'retry-after': String(secondsUntil(resetsAt, now)) };
  return problem('rate_limited', detail, { ...figures, resetsAt: toIso(resetsAt) }, headers);
}

/** For administrators who ask something of an erased account. */
export function userErased(): Problem {
  return problem('illegal_transition', 'The user has been erased.');
}

/** An erased account allows nothing and shows nothing, even with a valid token. */
export function accountErased(): Problem {
  return forbidden('The account has been erased.');
}

/** A webhook's signature is not its sender's. */
export function wronglySigned(header: string): Problem {
  const detail =
    'The signature is missing, is too old, or does not match this body and the configured secret.';
  return problem('unauthenticated', detail, {}, { 'www-authenticate': header });
}

/** A free user keeps credits that they bought before, and cannot use them either. */
export function subscribeFirst(upgradeTo: string | null): Problem {
  const detail = 'Only subscribers can buy credits, because using them takes a plan.';
  return problem('plan_required', detail, { upgradeTo });
}

export function alreadySubscribed(): Problem {
  const next = 'POST /billing/plan-changes changes it.';
  return problem('already_subscribed', `The user has a subscription. ${next}`);
}

const BY_OWNER = 'Only the owner of the app can change it.';

const CHANGE_REFUSED: Readonly<Record<ChangeRefusal, string>> = {
  not_subscribed: 'There is no subscription. POST /billing/checkout-sessions begins one.',
  change_open: 'Another change of the subscription is under way.',
  unknown_price: `The subscription has a price that is not of the catalogue. ${BY_OWNER}`,
  by_invoice: `The subscription is paid by invoices. ${BY_OWNER}`,
  same_plan: 'The user has this plan by this interval.',
  cancelled: 'The subscription ends. DELETE /billing/cancellation lets it go on.',
  already_scheduled: 'This plan is scheduled already.',
  past_due: 'The last invoice is not paid. The user can pay it in the Portal.',
  method: `The subscription is paid by a method that cannot pay for a larger plan at once. ${BY_OWNER}`,
  pending: 'A larger plan waits for its payment. DELETE /billing/plan-changes takes it back.',
  nothing_scheduled: 'There is nothing to take back.',
};

/** A change of the subscription that is not possible as things stand. */
export function changeRefused(reason: ChangeRefusal): Problem {
  return problem('illegal_transition', CHANGE_REFUSED[reason], { reason });
}

const CHANGE_FAILED: Readonly<Record<Exclude<ChangeFailure, 'payment_failed'>, string>> = {
  rejected: 'Stripe does not allow this change, and nothing has changed.',
  lapsed: 'The change did not reach Stripe in time, or the subscription has ended. Nothing has changed.',
  taken_back: 'The change was taken back before it was paid.',
  replaced: 'Another change has taken the place of this one.',
};

/** A change that was recorded and did not happen. */
export function changeFailed(changeId: string, failure: ChangeFailure, declineCode: string | null): Problem {
  if (failure !== 'payment_failed') {
    return problem('illegal_transition', CHANGE_FAILED[failure], { reason: failure, changeId });
  }
  const detail =
    'The card was declined, and nothing has changed. Try again with another Idempotency-Key, with another card or after contacting the bank.';
  return problem('payment_failed', detail, { changeId, declineCode });
}

export function changeNeedsHolder(changeId: string, clientSecret: string): Problem {
  const detail =
    'The card’s holder has to authenticate: Stripe.js does that with the clientSecret. The same request tells how it went.';
  return problem('payment_action_required', detail, { changeId, clientSecret });
}

const NOT_CONFIGURED_RETRY_AFTER_SECONDS = 300;

/** Only the owner of Postage can help. The log says what is missing. */
export function notConfigured(detail = 'Payments are not set up yet.'): Problem {
  return problem('not_configured', detail, {}, { 'retry-after': String(NOT_CONFIGURED_RETRY_AFTER_SECONDS) });
}

const BUSY_RETRY_AFTER_SECONDS = 1;

export function busy(): Problem {
  return problem(
    'busy',
    'Postage is overloaded, or a service that it needs does not answer. Try again: with the same Idempotency-Key, nothing happens twice.',
    {},
    { 'retry-after': String(BUSY_RETRY_AFTER_SECONDS) },
  );
}

function secondsUntil(instant: Instant, now: Instant): number {
  return Math.max(1, Math.ceil((instant - now) / 1_000));
}

/** What a meter or a level is called, for many of it. */
function titleOf(id: string): string {
  const named = [...CATALOGUE.meters, ...CATALOGUE.levels].find((each) => each.id === id);
  return named?.title[1] ?? id;
}

export function problemOfRefusal(refusal: Refusal, now: Instant): Problem {
  switch (refusal.refusal) {
    case 'account_erased':
      return accountErased();
    case 'plan_required': {
      const { meter, upgradeTo } = refusal;
      return problem('plan_required', `This plan has no ${titleOf(meter)}.`, { meter, upgradeTo });
    }
    case 'quota_exceeded': {
      const { meter, limit, used, upgradeTo } = refusal;
      const resetsAt = refusal.resetsAt === null ? null : toIso(refusal.resetsAt);
      const figures = `${used} of ${limit} ${titleOf(meter)}`;
      const detail =
        resetsAt === null
          ? `${figures} are held.`
          : `${figures} of this period are used. It ends at ${resetsAt}.`;
      return problem('quota_exceeded', detail, { meter, limit, used, resetsAt, upgradeTo });
    }
    case 'not_held': {
      const { level, held } = refusal;
      return problem('illegal_transition', `Only ${held} ${titleOf(level)} are held.`);
    }
    case 'rate_limited': {
      const { meter, limit, resetsAt } = refusal;
      const detail = `A user can have at most ${limit} ${titleOf(meter)} a day (UTC).`;
      return rateLimited(detail, { meter, limit, resetsAt }, now);
    }
    case 'insufficient_credits': {
      const { limit, used, price, upgradeTo } = refusal;
      const resetsAt = toIso(refusal.resetsAt);
      const figures = { limit, used, resetsAt, price: price && { ...price }, upgradeTo };
      const detail = `There are not enough ${CATALOGUE.credit?.title[1] ?? 'credits'}. The next ones come at ${resetsAt}.`;
      return problem('insufficient_credits', detail, figures);
    }
  }
}

/** Usage that can't come back. */
export function cannotGiveBack(
  refusal: { reason: 'released' } | { reason: 'not_held'; level: string; held: number },
): Problem {
  const detail =
    refusal.reason === 'released'
      ? 'A release cannot be given back.'
      : `Only ${refusal.held} ${titleOf(refusal.level)} are held.`;
  return problem('illegal_transition', detail);
}

function idempotencyConflict(): Problem {
  return problem('idempotency_conflict', 'The key belongs to a request with another body. Use a new key.');
}

/** How a command can end without its record. */
export type Failure = { outcome: 'idempotency_conflict' } | { outcome: 'refused'; refusal: Refusal };

export function problemOfFailure(failure: Failure, now: Instant): Problem {
  switch (failure.outcome) {
    case 'idempotency_conflict':
      return idempotencyConflict();
    case 'refused':
      return problemOfRefusal(failure.refusal, now);
  }
}

/** HTTP does not know adapters and commands, so it knows their errors by name. */
const PROBLEMS_OF_ERRORS: ReadonlyMap<string, () => Problem> = new Map([
  ['BusyError', busy],
  ['OutOfTimeError', busy],
  ['FunctionBusyError', busy],
  ['QueueUnavailableError', busy],
  ['StripeUnavailableError', busy],
  ['SenderNotConfiguredError', () => notConfigured('A provider is not set up yet.')],
  ['NotConfiguredError', () => notConfigured()],
  ['StripeIdempotencyError', idempotencyConflict],
  ['ErasedAccountError', accountErased],
]);

/** What a thrown value becomes; null for an error of ours, which only the log may describe. */
export function problemOfError(error: unknown): Problem | null {
  if (error instanceof ProblemError) {
    return error.problem;
  }
  return error instanceof Error ? (PROBLEMS_OF_ERRORS.get(error.name)?.() ?? null) : null;
}

export function internal(requestId: string): Problem {
  return problem('internal', 'Something went wrong on our side. The request id helps us find it.', {
    requestId,
  });
}

export function runFailed(executionId: string): Problem {
  return problem('internal', 'The run failed before it could report. Its log says why.', { executionId });
}
