/** Why a request has failed, in the terms in which the page explains it. */
import type { components } from './generated/letters.d.ts';

export type Problem = components['schemas']['Problem'];
export type ProblemCode = Problem['code'];
export type ProblemOf<Code extends ProblemCode> = Extract<Problem, { code: Code }>;

export type Failure =
  | { kind: 'problem'; problem: Problem; retryAfterSeconds: number | null }
  /** The gateway in front of the API, which has no codes. */
  | { kind: 'gateway'; status: number; retryAfterSeconds: number | null }
  /** No answer at all. */
  | { kind: 'unreachable' };

export class ApiError extends Error {
  override name = 'ApiError';
  readonly failure: Failure;

  constructor(failure: Failure, options?: ErrorOptions) {
    super(failure.kind === 'problem' ? failure.problem.detail : failure.kind, options);
    this.failure = failure;
  }
}

export function failureOf(response: Response, error: unknown): Failure {
  const retryAfterSeconds = secondsIn(response.headers.get('retry-after'));
  return isProblem(error)
    ? { kind: 'problem', problem: error, retryAfterSeconds }
    : { kind: 'gateway', status: response.status, retryAfterSeconds };
}

function isProblem(error: unknown): error is Problem {
  return typeof error === 'object' && error !== null && 'code' in error && 'detail' in error;
}

function secondsIn(header: string | null): number | null {
  const seconds = Number(header ?? Number.NaN);
  return Number.isFinite(seconds) ? seconds : null;
}

/** A failure of our own counts as one without an answer. */
export function failureIn(error: unknown): Failure {
  return error instanceof ApiError ? error.failure : { kind: 'unreachable' };
}

/** The problem of a code, if that is what has failed. */
export function problemIn<Code extends ProblemCode>(
  failure: Failure | null,
  code: Code,
): ProblemOf<Code> | null {
  const found = failure?.kind === 'problem' && failure.problem.code === code ? failure.problem : null;
  return hasCode(found, code) ? found : null;
}

/** Tells the type of a problem by its code. */
export function hasCode<Code extends ProblemCode>(
  problem: Problem | null,
  code: Code,
): problem is ProblemOf<Code> {
  return problem?.code === code;
}

const LONGEST_WAIT_SECONDS = 60;
const WAITS_SECONDS = [1, 2, 4, 8, 15];

/**
 * After how many seconds the same request may work; null: it will not by waiting alone, or only after so long that nobody
 * wants to wait for it.
 *
 * @param tries how often it has failed already
 */
export function secondsToWait(failure: Failure, tries: number): number | null {
  const usual = WAITS_SECONDS[Math.min(tries - 1, WAITS_SECONDS.length - 1)] ?? 1;
  if (failure.kind === 'unreachable') {
    return usual;
  }
  if (failure.kind === 'problem') {
    const { code } = failure.problem;
    if (code !== 'busy' && code !== 'rate_limited') {
      return null;
    }
  } else if (failure.status !== 429 && failure.status !== 503) {
    return null;
  }
  const seconds = failure.retryAfterSeconds ?? usual;
  return seconds <= LONGEST_WAIT_SECONDS ? Math.max(seconds, 1) : null;
}

/** Whether the API keeps its answer under the request's key: a new try is another request, and takes another key. */
export function isDecided(failure: Failure): boolean {
  const refused = problemIn(failure, 'illegal_transition');
  return (
    problemIn(failure, 'idempotency_conflict') !== null ||
    problemIn(failure, 'payment_failed') !== null ||
    // A mail that no card could pay for is recorded as failed, and so is a change of plan that did not happen.
    problemIn(failure, 'payment_method_required') !== null ||
    (refused !== null && 'changeId' in refused)
  );
}

/** What is wrong with a field, by the name that the API has for it. */
export function faultsIn(failure: Failure | null): ReadonlyMap<string, string> {
  const invalid = problemIn(failure, 'invalid');
  return new Map(invalid?.errors.map(({ path, message }) => [path, message]));
}
