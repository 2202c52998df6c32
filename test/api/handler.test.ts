import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import * as z from 'zod/mini';
import { contract, NO_INPUT } from '../../lambdas/http/contract.ts';
import { consumeUsage } from '../../lambdas/http/contracts/consumption.ts';
import { postRollover } from '../../lambdas/http/contracts/cron.ts';
import { cancelDelivery } from '../../lambdas/letters/http/contracts/deliveries.ts';
import { createLetter, getLetter, listLetters } from '../../lambdas/letters/http/contracts/letters.ts';
import { getUsage } from '../../lambdas/letters/http/contracts/usage.ts';
import { httpHandler } from '../../lambdas/http/handler.ts';
import { logger } from '../../lambdas/http/logger.ts';
import { operation, type Operation, type Request } from '../../lambdas/http/operation.ts';
import { contextWith, httpEvent, jsonOf, NOW, type RequestOptions } from '../support/http-event.ts';

type AnyRequest = Request<unknown, unknown, unknown>;

const CONTEXT = contextWith(25_000);
let seen: AnyRequest[];
let logged: jest.SpiedFunction<typeof logger.info>;
let loggedErrors: jest.SpiedFunction<typeof logger.error>;

beforeEach(() => {
  seen = [];
  logged = jest.spyOn(logger, 'info').mockReturnValue();
  loggedErrors = jest.spyOn(logger, 'error').mockReturnValue();
});

afterEach(() => {
  expect(JSON.stringify([logged.mock.calls, loggedErrors.mock.calls])).not.toContain('Dear me');
});

/** An operation that notes each request in `seen` and answers 204. */
function recording(of: Parameters<typeof operation>[0], fail?: () => never): Operation {
  const answers = { 204: { description: 'Nothing' } };
  return operation({ ...of, answers }, async (request: AnyRequest) => {
    seen.push(request);
    fail?.();
    return { status: 204 };
  });
}

const LETTER: RequestOptions = {
  method: 'POST',
  path: '/letters',
  body: '{"title":"Hi","body":"Dear me"}',
};

describe('the stack', () => {
  it('finds the operation by the route that the gateway has matched', async () => {
    const handler = httpHandler([recording(getUsage), recording(getLetter)]);
    const found = await handler(httpEvent({ path: '/letters/{id}', parameters: { id: 'abc' } }), CONTEXT);
    expect(found.statusCode).toBe(204);
    expect(seen).toMatchObject([{ params: { id: 'abc' } }]);
    const missing = await handler(httpEvent({ path: '/elsewhere' }), CONTEXT);
    expect(jsonOf(missing)).toMatchObject({ status: 404, code: 'not_found' });
  });

  it("takes the gateway's time for now, and the token's sub for the user", async () => {
    await httpHandler([recording(getUsage)])(httpEvent({ claims: { sub: 'auth0|7' } }), CONTEXT);
    expect(seen).toMatchObject([{ now: NOW, userId: 'auth0|7', requestId: 'request-1' }]);
  });

  it('gives a request 8 s, 20 s where Stripe is asked, and less when the function has less', async () => {
    const handler = httpHandler([recording(getUsage), recording(cancelDelivery)]);
    const cancelling = { method: 'DELETE', path: '/deliveries/{id}', parameters: { id: 'abc' } };
    await handler(httpEvent(cancelling), contextWith(25_000));
    await handler(httpEvent(), contextWith(25_000));
    await handler(httpEvent(), contextWith(3_000));
    const [long = 0, short = 0, cut = 0] = seen.map(({ deadline }) => deadline.remainingMs());
    expect(long).toBeLessThanOrEqual(20_000);
    expect(long).toBeGreaterThan(15_000);
    expect(short).toBeLessThanOrEqual(8_000);
    expect(short).toBeGreaterThan(5_000);
    expect(cut).toBeLessThanOrEqual(2_500);
  });

  it('answers busy, with the time to come back, before the function is cut off', async () => {
    const slow = operation(getUsage, () => new Promise(() => undefined));
    const result = await httpHandler([slow])(httpEvent(), contextWith(250));
    expect(result).toMatchObject({ statusCode: 503, headers: { 'retry-after': '1' } });
    expect(jsonOf(result)).toMatchObject({ code: 'busy' });
  });

  it.each(['BusyError', 'StripeUnavailableError', 'QueueUnavailableError'])(
    'answers busy after %s, and logs it',
    async (name) => {
      const warned = jest.spyOn(logger, 'warn').mockReturnValue();
      const failing = recording(getUsage, () => {
        throw Object.assign(new Error('Stripe: rate limit'), { name });
      });
      const result = await httpHandler([failing])(httpEvent(), CONTEXT);
      expect(jsonOf(result)).toMatchObject({ status: 503, code: 'busy' });
      expect(warned.mock.calls).toEqual([
        [
          'A request was answered with busy.',
          {
            requestId: 'request-1',
            route: 'GET /usage',
            error: { name, message: 'Stripe: rate limit', at: expect.any(Array) },
          },
        ],
      ]);
      expect(loggedErrors).not.toHaveBeenCalled();
    },
  );

  it('writes our own errors to the log only', async () => {
    const failing = recording(getUsage, () => {
      throw new Error('table arn:aws:dynamodb:secret', { cause: new Error('the reason') });
    });
    const result = await httpHandler([failing])(httpEvent(), CONTEXT);
    expect(result.statusCode).toBe(500);
    expect(jsonOf(result)).toMatchObject({ code: 'internal', requestId: 'request-1' });
    expect(result.body).not.toContain('secret');
    expect(loggedErrors).toHaveBeenCalledTimes(1);
    expect(JSON.stringify(loggedErrors.mock.calls)).toMatch(/secret.*the reason/);
  });

  it('writes one line for each request, with what is needed to find it again', async () => {
    const handler = httpHandler([recording(createLetter)]);
    await handler(httpEvent(LETTER), CONTEXT);
    await handler(httpEvent({ ...LETTER, body: '{"title":""}' }), CONTEXT);
    const common = { requestId: 'request-1', route: 'POST /letters', userId: 'user-1' };
    expect(logged.mock.calls).toMatchObject([
      ['Request', { ...common, status: 204, code: null }],
      ['Request', { ...common, status: 422, code: 'invalid' }],
    ]);
  });

  it('keeps every answer out of caches and out of pages', async () => {
    const handler = httpHandler([recording(getUsage)]);
    for (const event of [httpEvent(), httpEvent({ path: '/elsewhere' }), httpEvent({ claims: null })]) {
      expect((await handler(event, CONTEXT)).headers).toMatchObject({
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
      });
    }
  });
});

describe('access', () => {
  it('G13: needs a token whose sub can name a user', async () => {
    const handler = httpHandler([recording(getUsage)]);
    const answers = [null, {}, { sub: '' }, { sub: 'a#b' }, { sub: 'x'.repeat(129) }, { sub: ['a'] }].map(
      async (claims) => jsonOf(await handler(httpEvent({ claims }), CONTEXT)),
    );
    const codes = (await Promise.all(answers)).map((answer) => (answer as { code: string }).code);
    expect(codes).toEqual([
      'unauthenticated',
      'forbidden',
      'forbidden',
      'forbidden',
      'forbidden',
      'forbidden',
    ]);
    expect(seen).toEqual([]);
  });

  const USE: RequestOptions = {
    method: 'POST',
    path: '/users/{userId}/usage',
    parameters: { userId: 'user-2' },
    headers: { 'idempotency-key': 'key-1' },
    body: '{"consume":{"letters":1}}',
  };

  it('G13: the service route needs its scope, and acts for the user of the path', async () => {
    const handler = httpHandler([recording(consumeUsage)]);
    const refused = await handler(httpEvent({ ...USE, claims: { sub: 'user-2' } }), CONTEXT);
    const detail = 'The token lacks the scope postage/usage:write.';
    expect(jsonOf(refused)).toMatchObject({ status: 403, code: 'forbidden', detail });
    const claims = { sub: 'machine', scope: 'postage/usage:write' };
    await handler(httpEvent({ ...USE, claims }), CONTEXT);
    await handler(httpEvent({ ...USE, claims, parameters: { userId: 'auth0%7C2' } }), CONTEXT);
    expect(seen.map(({ userId, params }) => ({ userId, params }))).toEqual([
      { userId: 'user-2', params: { userId: 'user-2' } },
      { userId: 'auth0|2', params: { userId: 'auth0|2' } },
    ]);
    for (const userId of ['a#b', 'a%23b', '%', 'a b', 'x'.repeat(129)]) {
      const result = await handler(httpEvent({ ...USE, claims, parameters: { userId } }), CONTEXT);
      expect(jsonOf(result)).toMatchObject({ status: 422, errors: [{ path: 'userId' }] });
    }
  });

  it('the cron routes need the cron secret', async () => {
    const read = jest.fn(async () => 'the-secret');
    const handler = httpHandler([recording(postRollover)], read);
    const call = async (headers: Record<string, string>): Promise<number | undefined> => {
      const path = '/cron/rollover-usage';
      return (await handler(httpEvent({ method: 'POST', path, headers, claims: null }), CONTEXT)).statusCode;
    };
    const callWith = (authorization: string): ReturnType<typeof call> => call({ authorization });
    expect(await callWith('Bearer the-secret')).toBe(204);
    expect(await callWith('bearer the-secret')).toBe(204);
    expect(await call({})).toBe(401);
    for (const wrong of ['', 'Bearer', 'Bearer ', 'the-secret', 'Bearer the-secreT', 'Bearer the-secret x']) {
      expect(await callWith(wrong)).toBe(401);
    }
    expect(seen).toHaveLength(2);
  });

  it('a function that was given no secret refuses everybody', async () => {
    const event = httpEvent({
      method: 'POST',
      path: '/cron/rollover-usage',
      headers: { authorization: 'Bearer x' },
      claims: null,
    });
    expect((await httpHandler([recording(postRollover)])(event, CONTEXT)).statusCode).toBe(401);
  });
});

describe('reading a request', () => {
  it('G2: derives the id from route, user and key, and the fingerprint from the body as it was understood', async () => {
    const handler = httpHandler([recording(createLetter)]);
    const send = async (options: RequestOptions): Promise<void> => {
      await handler(httpEvent({ ...LETTER, ...options }), CONTEXT);
    };
    const headers = { 'idempotency-key': 'key-1' };
    await send({ headers });
    await send({ headers, body: '{ "body": "Dear me", "title": "Hi" }' });
    await send({ headers, body: '{"title":"Ho","body":"Dear me"}' });
    await send({ headers, claims: { sub: 'user-2' } });
    await send({ headers: { 'idempotency-key': 'key-2' } });
    await send({});
    await send({});
    const [first, again, other, ...rest] = seen;
    expect([again?.id, again?.fingerprint]).toEqual([first?.id, first?.fingerprint]);
    expect(other?.id).toBe(first?.id);
    expect(other?.fingerprint).not.toBe(first?.fingerprint);
    expect(new Set([first, ...rest].map((request) => request?.id)).size).toBe(5);
  });

  it.each(['', 'x'.repeat(256), 'ключ', 'a\tb', 'a\u007f'])('refuses the key %p', async (key) => {
    const event = httpEvent({ ...LETTER, headers: { 'idempotency-key': key } });
    const result = await httpHandler([recording(createLetter)])(event, CONTEXT);
    expect(jsonOf(result)).toMatchObject({ status: 422, errors: [{ path: 'Idempotency-Key' }] });
    expect(seen).toEqual([]);
  });

  it('takes a key of up to 255 characters, and demands one where counting must not happen twice', async () => {
    const headers = { 'idempotency-key': 'x'.repeat(255) };
    expect(
      (await httpHandler([recording(createLetter)])(httpEvent({ ...LETTER, headers }), CONTEXT)).statusCode,
    ).toBe(204);
    const withoutKey = httpEvent({
      method: 'POST',
      path: '/users/{userId}/usage',
      parameters: { userId: 'user-2' },
      claims: { scope: 'usage:write' },
      body: '{"consume":{"letters":1}}',
    });
    const result = await httpHandler([recording(consumeUsage)])(withoutKey, CONTEXT);
    const errors = [{ path: 'Idempotency-Key', message: 'Required.' }];
    expect(jsonOf(result)).toMatchObject({ status: 422, errors });
  });

  it('names each field that is wrong', async () => {
    const body = JSON.stringify({ title: 7, extra: 1, more: { deep: 1 } });
    const result = await httpHandler([recording(createLetter)])(httpEvent({ ...LETTER, body }), CONTEXT);
    expect(jsonOf(result)).toMatchObject({ status: 422, code: 'invalid' });
    const { errors } = jsonOf(result) as { errors: { path: string; message: string }[] };
    expect(errors.map(({ path }) => path).sort()).toEqual(['body', 'extra', 'more', 'title']);
    const messages = Object.fromEntries(errors.map(({ path, message }) => [path, message]));
    expect(messages).toMatchObject({ body: 'Required.', extra: 'Unknown field.' });
  });

  it('answers with a few errors of a few words, whatever it was sent', async () => {
    const fields = Object.fromEntries(
      Array.from({ length: 1_000 }, (_, index) => [`${index}${'x'.repeat(200)}`, 1]),
    );
    const event = httpEvent({ ...LETTER, body: JSON.stringify(fields) });
    const result = await httpHandler([recording(createLetter)])(event, CONTEXT);
    expect(result.statusCode).toBe(422);
    expect(result.body?.length).toBeLessThan(10_000);
  });

  it('refuses an unknown field in the query, and a field that is given twice', async () => {
    const handler = httpHandler([recording(listLetters), recording(getUsage)]);
    for (const [path, query] of [
      ['/letters', { limits: '1' }],
      ['/letters', { limit: '1,2' }],
      ['/usage', { verbose: 'true' }],
    ] as const) {
      expect(jsonOf(await handler(httpEvent({ path, query }), CONTEXT))).toMatchObject({ status: 422 });
    }
    expect(seen).toEqual([]);
  });

  it.each(['a#b', '../../etc', 'x'.repeat(65), ' '])('does not find the id %p', async (id) => {
    const event = httpEvent({ path: '/letters/{id}', parameters: { id } });
    expect(jsonOf(await httpHandler([recording(getLetter)])(event, CONTEXT))).toMatchObject({ status: 404 });
    expect(seen).toEqual([]);
  });

  it('does not read a body where none is expected', async () => {
    const result = await httpHandler([recording(getUsage)])(httpEvent({ body: '{"broken' }), CONTEXT);
    expect(result.statusCode).toBe(204);
  });
});

describe('contracts', () => {
  it('are of routes that exist', () => {
    const elsewhere = {
      ...NO_INPUT,
      operationId: '',
      summary: '',
      description: '',
      answers: {},
      problems: [],
    };
    // @ts-expect-error -- the compiler refuses it as well
    expect(() => contract('GET /elsewhere', elsewhere)).toThrow('There is no route GET /elsewhere.');
    expect(contract('GET /credits', { ...elsewhere, query: z.strictObject({}) }).route.group).toBe('credits');
  });
});
