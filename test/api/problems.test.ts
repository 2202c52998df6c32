import { describe, expect, it } from '@jest/globals';
import { type Refusal } from '../../lambdas/domain/refusals.ts';
import {
  accountErased,
  busy,
  internal,
  invalid,
  malformed,
  MAX_LISTED_ERRORS,
  notFound,
  OutOfTimeError,
  type Problem,
  problemBody,
  ProblemError,
  problemOfError,
  problemOfFailure,
  problemOfRefusal,
  PROBLEMS,
  tooLarge,
  unauthenticated,
} from '../../lambdas/http/problems.ts';
import { API } from '../../lambdas/letters/http/api.ts';
import { NOW } from '../support/http-event.ts';

const resetsAt = Date.UTC(2026, 11, 1);
const reset = '2026-12-01T00:00:00.000Z';

/** Every refusal, and what a client is told. */
const REFUSALS: readonly (readonly [Refusal, number, object])[] = [
  [{ refusal: 'account_erased' }, 403, { code: 'forbidden' }],
  [
    { refusal: 'plan_required', meter: 'mails', upgradeTo: 'pro' },
    402,
    { code: 'plan_required', meter: 'mails', upgradeTo: 'pro' },
  ],
  [
    { refusal: 'quota_exceeded', meter: 'letters', limit: 5, used: 5, resetsAt, upgradeTo: 'pro' },
    402,
    { code: 'quota_exceeded', meter: 'letters', limit: 5, used: 5, resetsAt: reset, upgradeTo: 'pro' },
  ],
  [
    { refusal: 'quota_exceeded', meter: 'emails', limit: 'unlimited', used: 9, resetsAt, upgradeTo: null },
    402,
    {
      code: 'quota_exceeded',
      meter: 'emails',
      limit: 'unlimited',
      used: 9,
      resetsAt: reset,
      upgradeTo: null,
    },
  ],
  [
    { refusal: 'quota_exceeded', meter: 'seats', limit: 2, used: 5, resetsAt: null, upgradeTo: null },
    402,
    { code: 'quota_exceeded', meter: 'seats', limit: 2, used: 5, resetsAt: null, upgradeTo: null },
  ],
  [{ refusal: 'not_held', level: 'seats', held: 1 }, 409, { code: 'illegal_transition' }],
  [
    { refusal: 'rate_limited', meter: 'mails', limit: 10, resetsAt },
    429,
    { code: 'rate_limited', meter: 'mails', limit: 10, resetsAt: reset },
  ],
  [
    {
      refusal: 'insufficient_credits',
      limit: 2,
      used: 2,
      resetsAt,
      price: { amountCents: 300, currency: 'usd' },
      upgradeTo: 'enterprise',
    },
    402,
    {
      code: 'insufficient_credits',
      limit: 2,
      used: 2,
      resetsAt: reset,
      price: { amountCents: 300, currency: 'usd' },
      upgradeTo: 'enterprise',
    },
  ],
  [
    { refusal: 'insufficient_credits', limit: 0, used: 0, resetsAt, price: null, upgradeTo: null },
    402,
    { code: 'insufficient_credits', limit: 0, used: 0, resetsAt: reset, price: null, upgradeTo: null },
  ],
];

function statusOf(problem: Problem): number {
  return PROBLEMS[problem.code].status;
}

describe('problems', () => {
  it.each(REFUSALS)('answer the refusal %j with %i', (refusal, status, figures) => {
    const problem = problemOfRefusal(refusal, NOW);
    expect(statusOf(problem)).toBe(status);
    const { type, title, detail, status: shown, ...rest } = problemBody(problem);
    expect(rest).toEqual(figures);
    expect(type).toBe(`urn:postage:problem:${problem.code}`);
    expect(title).toBe(PROBLEMS[problem.code].title);
    expect(shown).toBe(status);
    expect(detail).toMatch(/^[A-Z0-9].*\.$/);
  });

  it('say when to come back: at the reset when limited, in a second when busy', () => {
    const seconds = (resetsAt: number): unknown =>
      problemOfRefusal({ refusal: 'rate_limited', meter: 'mails', limit: 10, resetsAt }, NOW).headers[
        'retry-after'
      ];
    expect(seconds(NOW + 90_000)).toBe('90');
    expect(seconds(NOW + 90_001)).toBe('91');
    expect(seconds(NOW)).toBe('1');
    expect(busy().headers['retry-after']).toBe('1');
  });

  it('cover every way in which a command ends without a record', () => {
    expect(problemOfFailure({ outcome: 'idempotency_conflict' }, NOW)).toMatchObject({
      code: 'idempotency_conflict',
    });
    const refusal = { refusal: 'account_erased' } as const;
    expect(problemOfFailure({ outcome: 'refused', refusal }, NOW)).toEqual(accountErased());
  });

  it('know the errors of adapters by their names, and nothing of any other', () => {
    const named = (name: string): Error => Object.assign(new Error('table arn:aws:secret'), { name });
    expect(problemOfError(named('BusyError'))).toEqual(busy());
    expect(problemOfError(new OutOfTimeError())).toEqual(busy());
    expect(problemOfError(named('ErasedAccountError'))).toEqual(accountErased());
    expect(problemOfError(new ProblemError(notFound('letter')))).toEqual(notFound('letter'));
    expect(problemOfError(named('ValidationException'))).toBeNull();
    expect(problemOfError('thrown')).toBeNull();
  });

  it('list at most 20 errors, and lead with the first', () => {
    const errors = Array.from({ length: 50 }, (_, index) => ({ path: `a${index}`, message: 'Wrong.' }));
    const problem = invalid(errors);
    expect(problem.figures['errors']).toEqual(errors.slice(0, MAX_LISTED_ERRORS));
    expect(problem.detail).toBe('a0: Wrong.');
    expect(invalid([{ path: '', message: 'Expected object.' }]).detail).toBe('Expected object.');
  });

  it('are all of the shape that the API describes', () => {
    const problems = [
      ...REFUSALS.map(([refusal]) => problemOfRefusal(refusal, NOW)),
      malformed('No.'),
      unauthenticated('No.'),
      notFound('letter'),
      invalid([{ path: 'a', message: 'b' }]),
      tooLarge(262_144),
      internal('request-1'),
      busy(),
    ];
    for (const problem of problems) {
      const body = problemBody(problem);
      // A schema leaves out what it does not name.
      expect(API.problems[problem.code]?.safeParse(body)).toMatchObject({ success: true, data: body });
    }
  });

  it('show of our own errors only the id to find them by', () => {
    expect(problemBody(internal('request-1'))).toMatchObject({ status: 500, requestId: 'request-1' });
  });
});
