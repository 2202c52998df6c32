/** Each code of the API has words that name what has happened, and nothing that is missing. */
import { describe, expect, it } from '@jest/globals';
import * as z from 'zod/mini';
import { openApiDocument } from '../../lambdas/http/openapi.ts';
import { PROBLEMS } from '../../lambdas/http/problems.ts';
import { API } from '../../lambdas/letters/http/api.ts';
import { type Failure, failureOf, secondsToWait, isDecided } from '../../web/src/api/failure.ts';
import { explain } from '../../web/src/catalogue/explain.ts';
import { wordsOf } from '../../web/src/catalogue/words-of.ts';
import { createFormat } from '../../web/src/format/format.ts';
import { problems } from '../../web/src/texts/en.ts';

const format = createFormat({ locale: 'en-US', timeZone: 'UTC' });
const words = wordsOf(undefined, format);

const schemas = z.parse(
  z.record(z.string(), z.looseObject({ examples: z.optional(z.array(z.unknown())) })),
  z.parse(z.looseObject({ components: z.looseObject({ schemas: z.unknown() }) }), openApiDocument(API, '/'))
    .components.schemas,
);

/** An example of each problem in the API's document. */
const EXAMPLES = Object.entries(schemas)
  .filter(([name]) => name.endsWith('Problem') && name !== 'Problem')
  .map(([name, { examples }]) => [name, examples?.[0]] as const);

function failure(status: number, body: unknown, retryAfter?: string): Failure {
  const headers = retryAfter === undefined ? {} : { 'retry-after': retryAfter };
  return failureOf(new Response(null, { status, headers }), body);
}

describe('the texts of problems', () => {
  it('are there for every code of the API, and for no other', () => {
    expect(Object.keys(problems).sort()).toEqual(Object.keys(PROBLEMS).sort());
  });

  it.each(EXAMPLES)('%s is explained whole', (_name, example) => {
    const { says, helps } = explain(failure(400, example), words);
    expect(says).toMatch(/[.!]$/);
    expect(`${says} ${helps ?? ''}`).not.toMatch(/undefined|null|NaN|Invalid|\[object/);
  });

  it('name the figures: limit, reset and the plan that helps', () => {
    const [, example] = EXAMPLES.find(([name]) => name === 'QuotaExceededProblem') ?? [];
    expect(explain(failure(402, example), words)).toEqual({
      says: 'You have used 5 of 5 exports. The limit of your plan is reached.',
      helps: 'It resets Dec 1, 2026, 12:00 AM UTC.',
      action: { kind: 'plans', label: 'See pro' },
    });
  });

  it('of a code that is newer than the page are the API’s own', () => {
    const newer = { code: 'of_tomorrow', detail: 'Something new.' };
    expect(explain(failure(409, newer), words)).toEqual({
      says: 'Something new.',
      helps: null,
      action: null,
    });
  });

  it('tell the gateway’s own answers apart', () => {
    const texts = [401, 429, 503].map((status) => explain(failure(status, { message: 'x' }), words).says);
    expect(new Set([...texts, explain({ kind: 'unreachable' }, words).says]).size).toBe(4);
  });
});

describe('waiting', () => {
  const busy = { code: 'busy', detail: 'Busy.' };
  it.each([
    ['as long as the API says', failure(503, busy, '7'), 1, 7],
    ['a little longer each time where it does not say', failure(503, { message: 'x' }), 3, 4],
    ['not for a day', failure(429, { code: 'rate_limited', detail: 'x' }, '40000'), 1, null],
    ['not for what waiting does not mend', failure(503, { code: 'not_configured', detail: 'x' }), 1, null],
    ['for the gateway, too', failure(429, { message: 'x' }, '1'), 1, 1],
    ['for a server that does not answer', { kind: 'unreachable' } as const, 9, 15],
    ['not after a refusal', failure(402, { code: 'quota_exceeded', detail: 'x' }), 1, null],
    ['not for another answer of the gateway', failure(404, { message: 'x' }), 1, null],
  ])('%s', (_name, why, tries, seconds) => {
    expect(secondsToWait(why, tries)).toBe(seconds);
  });
});

describe('the key of a form', () => {
  it('is used up by what was decided, and by nothing else', () => {
    expect(isDecided(failure(402, { code: 'payment_failed', detail: 'x' }))).toBe(true);
    expect(isDecided(failure(409, { code: 'idempotency_conflict', detail: 'x' }))).toBe(true);
    expect(isDecided(failure(402, { code: 'insufficient_credits', detail: 'x' }))).toBe(false);
    expect(isDecided({ kind: 'unreachable' })).toBe(false);
  });
});
