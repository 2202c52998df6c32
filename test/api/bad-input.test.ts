import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { generateKeyPair, SignJWT, UnsecuredJWT } from 'jose';
import { fingerprint } from '../../lambdas/http/ids.ts';
import {
  ADDRESS,
  type ApiAnswer,
  type ApiRequest,
  type ApiUser,
  call,
  LETTER,
  someApiUser,
  YEAR_MS,
} from '../support/api-client.ts';
import { itemsByUser } from '../support/rollovers.ts';
import { type Postage, startPostage } from '../support/server.ts';

let postage: Postage;
let ada: ApiUser;
let bob: ApiUser;
let letterId: string;
let bobsLetterId: string;
let serviceToken: string;
let before: string[];

/** Everything that the table holds, each item by its key and what is in it. */
async function contents(): Promise<string[]> {
  const items = [...(await itemsByUser(postage.store)).values()].flat();
  return items.map((item) => `${String(item['pk'])} ${String(item['sk'])} ${fingerprint(item)}`).sort();
}

beforeAll(async () => {
  postage = await startPostage();
  ada = await someApiUser(postage, 'pro');
  bob = await someApiUser(postage, 'pro');
  const headers = { 'idempotency-key': 'used' };
  letterId = String((await ada.call('POST', '/letters', { headers, body: LETTER })).body['id']);
  await ada.call('POST', '/letters', { body: LETTER });
  await bob.call('POST', '/letters', { body: LETTER });
  bobsLetterId = String((await bob.call('POST', '/letters', { body: LETTER })).body['id']);
  serviceToken = await postage.token('machine', 'postage/usage:write');
  before = await contents();
});

// Whatever a test sends, nothing is written and nothing goes wrong inside.
afterEach(async () => {
  expect(await contents()).toEqual(before);
  expect(postage.errors).toEqual([]);
});

afterAll(() => postage.stop());

async function expectProblem(answer: Promise<ApiAnswer>, status: number, code: string): Promise<ApiAnswer> {
  const { body } = await answer;
  expect(body).toMatchObject({ status, code });
  return answer;
}

async function pathsOf(answer: Promise<ApiAnswer>): Promise<string[]> {
  const { body } = await expectProblem(answer, 422, 'invalid');
  return (body['errors'] as { path: string }[]).map(({ path }) => path);
}

const createLetter = (request: ApiRequest): Promise<ApiAnswer> => ada.call('POST', '/letters', request);

describe('a body', () => {
  const json = { 'content-type': 'application/json' };

  it.each([
    ['that is missing', undefined],
    ['that is empty', ''],
    ['that is not JSON', '{"title":'],
    ['that is not UTF-8', Uint8Array.from([0x7b, 0xff, 0x7d])],
    ['nested 10,000 deep', '['.repeat(10_000) + ']'.repeat(10_000)],
    ['nested 10,000 deep in objects', '{"a":'.repeat(10_000) + '1' + '}'.repeat(10_000)],
  ])('%s is refused', async (_name, body) => {
    await expectProblem(createLetter({ body, headers: json }), 400, 'malformed');
    await expectProblem(
      createLetter({ body, headers: { 'content-type': 'application/merge-patch+json' } }),
      400,
      'malformed',
    );
  });

  it.each([
    ['over 448 kB', JSON.stringify({ ...LETTER, body: 'x'.repeat(448 * 1024) }), 458_752],
    ['of 458,753 bytes', ' '.repeat(458_753), 458_752],
    ['of 9 MB', 'x'.repeat(9_000_000), 458_752],
    ['with a text of more than 64 kB', JSON.stringify({ ...LETTER, body: 'x'.repeat(65_537) }), 65_536],
    ['with a long text in Cyrillic', JSON.stringify({ ...LETTER, body: 'ж'.repeat(32_769) }), 65_536],
    ['with a long text and nothing else', JSON.stringify({ body: '字'.repeat(30_000) }), 65_536],
  ])('%s is too large', async (_name, body, limitBytes) => {
    const { body: problem } = await expectProblem(createLetter({ body, headers: json }), 413, 'too_large');
    expect(problem).toMatchObject({ limitBytes });
  });

  it('larger than the gateway takes is refused', async () => {
    const answer = await fetch(`${postage.url}/letters`, {
      method: 'POST',
      headers: { ...json, authorization: `Bearer ${await postage.token(ada.id)}` },
      body: 'x'.repeat(11_000_000),
    });
    expect(answer.status).toBe(413);
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'])(
    'of the type %s is refused',
    async (type) => {
      const answer = createLetter({ body: LETTER, headers: { 'content-type': type } });
      await expectProblem(answer, 400, 'malformed');
    },
  );
});

describe('the fields of a letter', () => {
  it.each<[string, unknown, string[]]>([
    ['missing', {}, ['title', 'body']],
    ['extra', { ...LETTER, admin: true }, ['admin']],
    [
      'named after the inner life of objects',
      '{"title":"a","body":"b","__proto__":{},"constructor":1}',
      ['__proto__', 'constructor'],
    ],
    ['of wrong types', { title: 1, body: ['b'] }, ['title', 'body']],
    ['null', { title: null, body: null }, ['title', 'body']],
    ['empty', { title: '', body: '' }, ['title', 'body']],
    ['with control characters', { title: 'a\nb', body: 'a\u0000b' }, ['title', 'body']],
    ['with half a character', '{"title":"\\ud83d","body":"\\ude00"}', ['title', 'body']],
    ['over length', { title: 'x'.repeat(201), body: 'x' }, ['title']],
    ['in a list', [LETTER], ['']],
    ['in a string', '"title"', ['']],
    ['nowhere', 'null', ['']],
  ])('%s are refused', async (_name, body, paths) => {
    expect(await pathsOf(createLetter({ body }))).toEqual(paths);
  });
});

describe('a delivery', () => {
  const mail = (part: object = {}): Record<string, unknown> => ({
    letterId,
    channel: 'mail',
    deliverAt: new Date(postage.clock.now() + YEAR_MS).toISOString(),
    recipient: ADDRESS,
    ...part,
  });
  const schedule = (part: object): Promise<ApiAnswer> =>
    ada.call('POST', '/deliveries', { body: mail(part) });

  it.each([
    ['in the past', () => new Date(postage.clock.now() - 1).toISOString()],
    ['beyond 100 years', () => new Date(postage.clock.now() + 101 * YEAR_MS).toISOString()],
    ['without a zone', () => '2036-11-24T09:00:00'],
    ['on a day that does not exist', () => '2037-02-29T09:00:00Z'],
    ['as a date alone', () => '2036-11-24'],
    ['as a number', () => 2_111_000_000_000],
    ['as nonsense', () => 'soon'],
  ])('%s is refused', async (_name, deliverAt) => {
    expect(await pathsOf(schedule({ deliverAt: deliverAt() }))).toEqual(['deliverAt']);
  });

  it.each<[object, string[]]>([
    [{ channel: 'pigeon' }, ['channel']],
    [{ channel: 'email' }, ['recipient.email', 'recipient.name']],
    [{ recipient: {} }, ['recipient.name', 'recipient.line1', 'recipient.city']],
    [{ recipient: { ...ADDRESS, country: 'XX' } }, ['recipient.country']],
    [{ recipient: { ...ADDRESS, line2: 'a\u0007' } }, ['recipient.line2']],
    [{ recipient: { ...ADDRESS, planet: 'Earth' } }, ['recipient.planet']],
    [{ letterId: 7 }, ['letterId']],
    [{ letterId: '../x' }, ['letterId']],
    [{ payAsYouGo: 'yes' }, ['payAsYouGo']],
    [{ priceCents: 0 }, ['priceCents']],
  ])('with %j is refused', async (part, paths) => {
    expect(await pathsOf(schedule(part))).toEqual(expect.arrayContaining(paths));
  });

  it('G13: of an unknown letter, or of somebody else’s, is not found', async () => {
    for (const other of ['f'.repeat(32), 'unknown', bobsLetterId]) {
      await expectProblem(schedule({ letterId: other }), 404, 'not_found');
    }
  });
});

describe('paths', () => {
  it('G13: to what is unknown, or somebody else’s, are not found', async () => {
    for (const id of ['f'.repeat(32), 'unknown', 'a%23b', 'x'.repeat(500), bobsLetterId]) {
      await expectProblem(ada.call('GET', `/letters/${id}`), 404, 'not_found');
      await expectProblem(ada.call('DELETE', `/letters/${id}`), 404, 'not_found');
      await expectProblem(ada.call('GET', `/deliveries/${id}`), 404, 'not_found');
    }
    for (const [method, path] of [
      ['GET', '/elsewhere'],
      ['POST', `/letters/${letterId}`],
    ] as const) {
      expect(await ada.call(method, path)).toMatchObject({ status: 404, body: { message: 'Not Found' } });
    }
  });
});

describe('queries', () => {
  it.each(['0', '-1', '101', '1e3', '1.5', '99999999999999999999', 'all', '', '1&limit=2'])(
    'a page of %p is refused',
    async (limit) => {
      for (const path of ['/letters', '/deliveries', '/credits/ledger']) {
        expect(await pathsOf(ada.call('GET', `${path}?limit=${limit}`))).toEqual(['limit']);
      }
    },
  );

  it("cursors that were forged, altered, cut off, another list's or another user's are refused", async () => {
    const cursorOf = async (user: ApiUser, path: string): Promise<string> => {
      const { body } = await user.call('GET', `${path}?limit=1`);
      expect(body['nextCursor']).toEqual(expect.any(String));
      return String(body['nextCursor']);
    };
    const own = await cursorOf(ada, '/letters');
    const ofBob = await cursorOf(bob, '/letters');
    const position = Buffer.from(`LETTER#2026-11-24T09:00:00.000Z#${letterId}`).toString('base64url');
    const cutOff = own.slice(0, -4);
    const forged = [
      'abc',
      position,
      ofBob,
      cutOff,
      own.slice(1),
      `${own}A`,
      '%00',
      '💌',
      'x'.repeat(2_000),
      '',
    ];
    for (const cursor of forged) {
      expect(await pathsOf(ada.call('GET', `/letters?cursor=${cursor}`))).toEqual(['cursor']);
    }
    for (const path of ['/deliveries', '/credits/ledger']) {
      expect(await pathsOf(ada.call('GET', `${path}?cursor=${own}`))).toEqual(['cursor']);
    }
    expect((await ada.call('GET', `/letters?cursor=${own}`)).status).toBe(200);
  });

  it.each([
    ['/usage/history?periods=0', 'periods'],
    ['/usage/history?periods=25', 'periods'],
    ['/usage/nearing-quota?threshold=0', 'threshold'],
    ['/usage/nearing-quota?threshold=1.01', 'threshold'],
    ['/usage/nearing-quota?threshold=NaN', 'threshold'],
    ['/usage?userId=bob', 'userId'],
    ['/letters?sort=title', 'sort'],
  ])('%s is refused', async (path, field) => {
    expect(await pathsOf(ada.call('GET', path))).toEqual([field]);
  });
});

describe('an Idempotency-Key', () => {
  it.each(['', 'x'.repeat(256), 'a\u00fc'])('%p is refused', async (key) => {
    const headers = { 'idempotency-key': key };
    expect(await pathsOf(createLetter({ headers, body: LETTER }))).toEqual(['Idempotency-Key']);
  });

  it('G2: that has been used with another body is a conflict', async () => {
    const headers = { 'idempotency-key': 'used' };
    const body = { ...LETTER, title: 'Another' };
    await expectProblem(createLetter({ headers, body }), 409, 'idempotency_conflict');
  });
});

describe('a token', () => {
  /** The gateway says so, and no function has seen the request. */
  async function expectUnauthorized(answer: Promise<ApiAnswer>): Promise<void> {
    expect(await answer).toMatchObject({ status: 401, body: { message: 'Unauthorized' } });
  }

  it('G13: that is missing or malformed is refused', async () => {
    const authorizations = ['', 'token', 'a.b.c', 'é'].map((token) => ({ authorization: `Bearer ${token}` }));
    for (const headers of [{}, ...authorizations]) {
      for (const path of ['/letters', '/usage', '/credits', '/entitlements']) {
        await expectUnauthorized(call(postage, 'GET', path, { headers }));
      }
    }
  });

  it('G13: that is not signed, or not by the issuer, is refused', async () => {
    const { privateKey } = await generateKeyPair('RS256');
    const good = await postage.token(ada.id);
    const [header = '', payload = ''] = good.split('.');
    const { kid } = JSON.parse(Buffer.from(header, 'base64url').toString()) as { kid: string };
    const own = { iss: postage.url, aud: 'postage', sub: ada.id };
    const sign = (issuer: string): Promise<string> =>
      new SignJWT({ ...own, iss: issuer })
        .setProtectedHeader({ alg: 'RS256', kid })
        .setExpirationTime('1h')
        .sign(privateKey);
    const tokens = [
      new UnsecuredJWT(own).setExpirationTime('1h').encode(),
      `${Buffer.from('{"alg":"none"}').toString('base64url')}.${payload}.`,
      await sign(postage.url),
      await sign('https://issuer.example.com'),
      `${header}.${payload}.`,
      `${good.slice(0, -8)}AAAAAAAA`,
    ];
    for (const token of tokens) {
      await expectUnauthorized(call(postage, 'GET', '/letters', { token }));
      await expectUnauthorized(call(postage, 'POST', '/letters', { token, body: LETTER }));
    }
  });

  it('G13: without the scope may not count for anybody, not even for its own user', async () => {
    const headers = { 'idempotency-key': 'k' };
    const body = { consume: { letters: 1 } };
    for (const scope of ['', 'usage:read', 'not-usage:write', 'usage:writes', 'admin']) {
      const token = await postage.token(ada.id, scope);
      const answer = call(postage, 'POST', `/users/${ada.id}/usage`, { token, headers, body });
      await expectProblem(answer, 403, 'forbidden');
    }
  });

  it('G13: is not the cron secret, and the cron secret is no token', async () => {
    for (const token of [await postage.token(ada.id), serviceToken, `${postage.cronSecret}x`, undefined]) {
      for (const [method, path] of [
        ['POST', '/cron/rollover-usage'],
        ['GET', '/cron/rollover-usage'],
        ['GET', '/cron/executions/x'],
      ] as const) {
        await expectProblem(call(postage, method, path, { token }), 401, 'unauthenticated');
      }
    }
    await expectUnauthorized(call(postage, 'GET', '/letters', { token: postage.cronSecret }));
  });
});

describe('a quantity', () => {
  const consume = (body: unknown, userId = ada.id): Promise<ApiAnswer> =>
    call(postage, 'POST', `/users/${encodeURIComponent(userId)}/usage`, {
      token: serviceToken,
      headers: { 'idempotency-key': 'key' },
      body,
    });

  it.each(['0', '-1', '1.5', '1e308', '1e400', '1000001', '"1"', 'null', 'true', '[]'])(
    'of %s is refused',
    async (text) => {
      for (const meter of ['letters', 'emails', 'mails']) {
        const paths = await pathsOf(consume(`{"consume":{"${meter}":${text}}}`));
        expect(new Set(paths)).toEqual(new Set([`consume.${meter}`]));
      }
    },
  );

  it('of nothing, or of something else, is refused', async () => {
    expect(await pathsOf(consume({ consume: {} }))).toEqual(['consume']);
    expect(await pathsOf(consume({}))).toEqual(['consume']);
    expect(await pathsOf(consume({ consume: { stamps: 1 } }))).toContain('consume.stamps');
    expect(await pathsOf(consume({ consume: { letters: 1 }, userId: bob.id }))).toEqual(['userId']);
  });

  it('for an impossible user id is refused', async () => {
    for (const userId of ['a b', 'a#b', 'ü', 'x'.repeat(129), 'a%b']) {
      expect(await pathsOf(consume({ consume: { letters: 1 } }, userId))).toEqual(['userId']);
    }
  });

  it('of more mails than a day allows is refused before anything is written', async () => {
    await expectProblem(consume({ consume: { mails: 11 } }), 429, 'rate_limited');
    await expectProblem(consume({ consume: { letters: 1, mails: 1_000_000 } }), 429, 'rate_limited');
  });
});

describe('the time of a run', () => {
  it.each(['soon', '2026-13-01T00:00:00Z', '2026-11-24', ''])('cannot be %p', async (at) => {
    const path = `/cron/rollover-usage?at=${at}`;
    expect(await pathsOf(call(postage, 'POST', path, { token: postage.cronSecret }))).toEqual(['at']);
  });
});
