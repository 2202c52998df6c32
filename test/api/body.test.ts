import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { MAX_BODY_BYTES, MAX_BODY_DEPTH, readJson } from '../../lambdas/http/body.ts';
import { type ProblemCode, ProblemError } from '../../lambdas/http/problems.ts';

function read(
  body: string | Buffer | undefined,
  contentType: string | undefined = 'application/json',
): unknown {
  return readJson({
    body: typeof body === 'string' ? body : body?.toString('base64'),
    isBase64Encoded: Buffer.isBuffer(body),
    contentType,
  });
}

function detailOf(
  body: string | Buffer | undefined,
  contentType?: string,
  code: ProblemCode = 'malformed',
): string {
  try {
    read(body, contentType);
  } catch (error) {
    if (error instanceof ProblemError) {
      expect(error.problem.code).toBe(code);
      return error.problem.detail;
    }
    throw error;
  }
  return 'read';
}

const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);

describe('reading a body', () => {
  it('gives what JSON.parse gives, whether or not it came in base64', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 5 }), (json) => {
        expect(read(json)).toEqual(JSON.parse(json));
        expect(read(Buffer.from(json))).toEqual(JSON.parse(json));
      }),
    );
  });

  it.each([undefined, '', Buffer.alloc(0)])('refuses a missing body (%p)', (body) => {
    expect(detailOf(body)).toBe('The request has no body.');
  });

  it.each(['{', '{"a":1', "{'a':1}", 'undefined', '{"a":01}', 'NaN', '\u00a0{}'])('refuses %p', (body) => {
    expect(detailOf(body)).toBe('The body is not JSON.');
  });

  it.each([
    ['a stray byte', [0x22, 0xff, 0x22]],
    ['an overlong slash', [0x22, 0xc0, 0xaf, 0x22]],
    ['half a character', [0x22, 0xe2, 0x82, 0x22]],
    ['an encoded surrogate', [0x22, 0xed, 0xa0, 0x80, 0x22]],
    ['UTF-16', [0xff, 0xfe, 0x22, 0x00]],
  ])('refuses what is not UTF-8: %s', (_name, bytes) => {
    expect(detailOf(Buffer.from(bytes))).toBe('The body is not UTF-8.');
  });

  it('counts bytes, not characters, and those of the decoded body', () => {
    const fits = `"${'x'.repeat(MAX_BODY_BYTES - 2)}"`;
    const tooLarge = `The body is larger than ${MAX_BODY_BYTES} bytes.`;
    expect(read(fits)).toHaveLength(MAX_BODY_BYTES - 2);
    expect(read(Buffer.from(fits))).toHaveLength(MAX_BODY_BYTES - 2);
    for (const body of [
      `${fits} `,
      Buffer.from(`${fits} `),
      `"${'€'.repeat(MAX_BODY_BYTES / 3)}"`,
      'x'.repeat(10 * MAX_BODY_BYTES),
    ]) {
      expect(detailOf(body, undefined, 'too_large')).toBe(tooLarge);
    }
  });

  it('refuses what is nested too deep, without following it down', () => {
    expect(read(nested(MAX_BODY_DEPTH))).toBeInstanceOf(Array);
    const tooDeep = `The body is nested more than ${MAX_BODY_DEPTH} deep.`;
    expect(detailOf(nested(MAX_BODY_DEPTH + 1))).toBe(tooDeep);
    expect(detailOf(nested(10_000))).toBe(tooDeep);
    expect(detailOf('{"a":'.repeat(10_000))).toBe(tooDeep);
  });

  it('does not take brackets in strings for nesting', () => {
    const text = `${'['.repeat(100)}\\"{{{\\`;
    expect(read(JSON.stringify({ text }))).toEqual({ text });
  });

  it.each(['application/json; charset=utf-8', 'Application/JSON', 'application/merge-patch+json'])(
    'takes %s',
    (contentType) => {
      expect(read('{}', contentType)).toEqual({});
    },
  );

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'application/jsonp', 'json', ''])(
    'refuses the content type %p',
    (contentType) => {
      expect(detailOf('{}', contentType)).toBe('The Content-Type has to be application/json.');
    },
  );

  it('keeps a field named __proto__ a field', () => {
    const body = read('{"__proto__": {"admin": true}}');
    expect(Object.keys(body as object)).toEqual(['__proto__']);
    expect(body).not.toHaveProperty('admin');
  });
});
