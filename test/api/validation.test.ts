import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import * as z from 'zod/mini';
import { type Schema } from '../../lambdas/http/contract.ts';
import { ProblemError } from '../../lambdas/http/problems.ts';
import { lines } from '../../lambdas/http/schemas.ts';
import { validated } from '../../lambdas/http/validation.ts';
import { API } from '../../lambdas/letters/http/api.ts';

function errorsOf(schema: Schema, value: unknown): unknown {
  try {
    validated(schema, value);
  } catch (error) {
    if (error instanceof ProblemError) {
      return error.problem.figures['errors'];
    }
    throw error;
  }
  return [];
}

const byChannel = z.discriminatedUnion('channel', [
  z.strictObject({ channel: z.literal('email') }),
  z.strictObject({ channel: z.literal('mail') }),
]);

/** Every kind of issue that a schema can raise, and our sentence about it. */
const KINDS: readonly (readonly [Schema, unknown, string])[] = [
  [z.string(), 1, 'Expected text.'],
  [z.string(), undefined, 'Required.'],
  [z.string(), null, 'Expected text.'],
  [z.number(), '1', 'Expected a number.'],
  [z.int(), 1.5, 'Expected a whole number.'],
  [z.int(), '1', 'Expected a number.'],
  [z.boolean(), 'yes', 'Expected true or false.'],
  [z.strictObject({}), 1, 'Expected an object.'],
  [z.array(z.string()), {}, 'Expected a list.'],
  [z.record(z.string(), z.string()), 1, 'Expected an object.'],
  [z.null(), 1, 'Expected null.'],
  [z.date(), 1, 'Expected another type.'],
  [z.string().check(z.minLength(1)), '', 'Expected at least 1 character.'],
  [z.string().check(z.minLength(2)), '', 'Expected at least 2 characters.'],
  [z.string().check(z.maxLength(2)), 'abc', 'Expected at most 2 characters.'],
  [z.array(z.string()).check(z.minLength(1)), [], 'Expected at least 1 item.'],
  [z.int().check(z.gte(1)), 0, 'Expected at least 1.'],
  [z.int().check(z.lte(5)), 6, 'Expected at most 5.'],
  [z.number().check(z.gt(0)), 0, 'Expected more than 0.'],
  [z.number().check(z.lt(5)), 5, 'Expected less than 5.'],
  [z.int().check(z.multipleOf(5)), 6, 'Expected a multiple of 5.'],
  [z.email(), 'ada', 'Expected an e-mail address.'],
  [z.url(), 'ada', 'Expected a URL.'],
  [z.string().check(z.regex(/^a$/)), 'b', 'Expected another form.'],
  [z.string().check(z.regex(/^a$/, 'Expected an a.')), 'b', 'Expected an a.'],
  [z.literal('usd'), 'eur', 'Expected "usd".'],
  [z.literal([5, 10, 25]), 7, 'Expected 5, 10 or 25.'],
  [z.enum(['pro', 'enterprise']), 'gold', 'Expected "pro" or "enterprise".'],
  [z.union([z.string(), z.number()]), true, 'Expected another form.'],
  [z.record(z.string().check(z.maxLength(1)), z.string()), { bb: '' }, 'Not valid.'],
  [z.string().check(z.refine(() => false)), '', 'Not valid.'],
];

describe('what a developer is told of a field', () => {
  it.each(KINDS)('%# (of %j: %s)', (schema, value, message) => {
    expect(errorsOf(z.strictObject({ field: schema }), { field: value })).toContainEqual({
      path: expect.stringMatching(/^field/),
      message,
    });
  });

  it('is where it is and what it should be, when a field decides over others', () => {
    const path = 'channel';
    expect(errorsOf(byChannel, { channel: 'pigeon' })).toEqual([
      { path, message: 'Expected "email" or "mail".' },
    ]);
    expect(errorsOf(byChannel, {})).toEqual([{ path, message: 'Required.' }]);
    expect(errorsOf(byChannel, 'email')).toEqual([{ path: '', message: 'Expected an object.' }]);
  });

  it('is its name when nobody knows it', () => {
    expect(errorsOf(z.strictObject({}), { a: 1, b: 2 })).toEqual([
      { path: 'a', message: 'Unknown field.' },
      { path: 'b', message: 'Unknown field.' },
    ]);
  });

  it('is the limit of a text that is too large', () => {
    const read = (): unknown =>
      validated(z.strictObject({ body: lines(4), title: z.string() }), { body: '字字' });
    expect(read).toThrow('The field body is larger than 4 bytes.');
  });
});

const BODIES = API.contracts.map(({ operationId, body }) => ({ operationId, body }));
const QUERIES = API.contracts.map(({ operationId, query }) => ({ operationId, query }));

describe('every message', () => {
  const isSentence = /^(Required|Unknown field|Not valid|Expected .+|Mail to .+|Control characters .+)\.$/s;

  function expectSentences(errors: unknown): void {
    for (const { message } of errors as { message: string }[]) {
      expect(message).toMatch(isSentence);
    }
  }

  const anything = fc.anything({ maxDepth: 2 });

  it.each(BODIES)('about the body of $operationId is a sentence of ours', ({ body }) => {
    const fields = [
      'title',
      'body',
      'letterId',
      'channel',
      'deliverAt',
      'recipient',
      'consume',
      'count',
      'amount',
    ];
    const value = fc.oneof(anything, fc.dictionary(fc.constantFrom(...fields), anything));
    fc.assert(
      fc.property(value, (given) => expectSentences(errorsOf(body, given) ?? [])),
      { numRuns: 50 },
    );
  });

  it.each(QUERIES)('about the query of $operationId is a sentence of ours', ({ query }) => {
    const names = [
      'limit',
      'cursor',
      'date',
      'type',
      'user',
      'at',
      'start',
      'end',
      'month',
      'periods',
      'threshold',
    ];
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...names), fc.string()), (given) =>
        expectSentences(errorsOf(query, given) ?? []),
      ),
      { numRuns: 50 },
    );
  });
});
