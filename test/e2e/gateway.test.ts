import { describe, expect, it } from '@jest/globals';
import { decodeJwt, decodeProtectedHeader, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose';
import { ROUTES } from '../../lambdas/letters/http/routes.ts';
import { usd } from '../../lambdas/domain/catalogue.ts';
import { LETTER } from './support/deeds.ts';
import { ask, expectAnswer, get, membersOf, type Question } from './support/http.ts';
import { useWorld } from './support/use-world.ts';
import type { Forge } from './support/world.ts';

const world = useWorld();

/** The suite has the key of the issuer everywhere but in AWS, where what needs it is skipped. */
const isIssuerOurs =
  process.env['POSTAGE_URL'] === undefined || process.env['POSTAGE_ISSUER_DIR'] !== undefined;
const itWithKey = isIssuerOurs ? it : it.skip;

function forge(): Forge {
  const ours = world().forge;
  if (ours === null) {
    throw new Error('The suite does not have the key of this issuer.');
  }
  return ours;
}

const hour = 3_600;
const nowInSeconds = (): number => Math.floor(Date.now() / 1_000);

describe('tokens', () => {
  it.each(ROUTES.filter(({ access }) => ['user', 'usage:read', 'usage:write'].includes(access)))(
    'G13: $method $path needs one; the gateway itself asks for it, before any function runs',
    async ({ method, path }) => {
      const request = `${method} ${path.replaceAll(/\{\w+\}/g, 'some-id')}`;
      for (const question of [{}, { token: 'not.a.token' }]) {
        const { status, body } = await ask(world(), request, question);
        expect({ status, body }).toEqual({ status: 401, body: { message: 'Unauthorized' } });
      }
    },
  );

  it('are not accepted when somebody else has signed them, or nobody', async () => {
    const stranger = await generateKeyPair('RS256');
    const { token } = await world().meet('freeVisitor');
    const [header = '', payload = '', signature = ''] = token.split('.');
    const claims = decodeJwt(token);
    const { kid = '' } = decodeProtectedHeader(token);
    const forged = await new SignJWT(claims)
      .setProtectedHeader({ alg: 'RS256', kid })
      .sign(stranger.privateKey);
    const other = Buffer.from(JSON.stringify({ ...claims, sub: 'somebody-else' })).toString('base64url');
    const tokens = [
      forged,
      new UnsecuredJWT(claims).encode(),
      `${header}.${other}.${signature}`,
      `${header}.${payload}.`,
    ];
    for (const wrong of tokens) {
      expect((await ask(world(), 'GET /entitlements', { token: wrong })).status).toBe(401);
    }
    expect((await ask(world(), 'GET /entitlements', { token })).status).toBe(200);
  });

  itWithKey('are accepted while they hold, from the issuer and for Postage', async () => {
    const { sign } = forge();
    const wrong = {
      'has expired': { iat: nowInSeconds() - 2 * hour, exp: nowInSeconds() - hour },
      'is not valid yet': { nbf: nowInSeconds() + hour },
      'is of another issuer': { iss: 'http://127.0.0.1:1' },
      'is for somebody else': { aud: 'another-app' },
    };
    for (const [how, claims] of Object.entries(wrong)) {
      const token = await sign(claims);
      const { status } = await ask(world(), 'GET /entitlements', { token });
      expect({ how, status }).toEqual({ how, status: 401 });
    }
    const nobody = await ask(world(), 'GET /entitlements', { token: await sign({ sub: 'a user#1' }) });
    expectAnswer(nobody, 403, { code: 'forbidden' });
    expectAnswer(await ask(world(), 'GET /entitlements', { token: await sign({}) }), 200);
  });

  itWithKey('G13: give the role that they name, and none whose name is like it', async () => {
    const json = { consume: { letters: 1 } };
    const count = async (scope: string): Promise<number> => {
      const token = await forge().sign({ sub: 'a-service', scope });
      return (await ask(world(), 'POST /users/somebody/usage', { token, json, key: 'the-same' })).status;
    };
    expect(await count('usage:write-not')).toBe(403);
    expect(await count('not/usage:write openid')).toBe(403);
    expect(await count('openid usage:write')).toBe(200);
  });
});

describe('what cannot be read', () => {
  const json = 'application/json';
  const typed = (body: string | Uint8Array<ArrayBuffer>, type = json): Question => ({
    body,
    headers: { 'content-type': type },
  });
  const notUtf8 = new Uint8Array([...Buffer.from('{"title":"'), 0xc3, 0x28, ...Buffer.from('","body":"b"}')]);
  it.each<[string, Question]>([
    ['no body', {}],
    ['not JSON', typed('{"title":')],
    ['JSON of another type', typed(JSON.stringify(LETTER), 'text/plain')],
    ['not UTF-8', typed(notUtf8, 'application/vnd.postage+json')],
    ['nested 10,000 deep', typed('['.repeat(10_000))],
  ])('%s is refused with 400', async (_what, question) => {
    const { token } = await world().meet('freeVisitor');
    expectAnswer(await ask(world(), 'POST /letters', { token, ...question }), 400, { code: 'malformed' });
    expect(await get(world(), '/letters', token)).toMatchObject({ items: [] });
  });

  it.each<[string, Question]>([
    ['a body of more than 448 kB', typed(' '.repeat(448 * 1024 + 1))],
    ['a text of more than 64 kB', typed(JSON.stringify({ ...LETTER, body: 'ж'.repeat(32_769) }))],
  ])('%s is refused with 413', async (_what, question) => {
    const { token } = await world().meet('freeVisitor');
    expectAnswer(await ask(world(), 'POST /letters', { token, ...question }), 413, { code: 'too_large' });
  });

  it('is answered field by field when it is JSON of another form', async () => {
    const { token } = await world().meet('freeVisitor');
    const answer = await ask(world(), 'POST /letters', { token, json: { title: '', text: 'x' } });
    expectAnswer(answer, 422, { code: 'invalid' });
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    for (const query of ['limit=0', 'limit=1000', 'cursor=forged', 'unknown=1']) {
      expectAnswer(await ask(world(), `GET /letters?${query}`, { token }), 422, { code: 'invalid' });
    }
  });

  it('is not found when there is no such route', async () => {
    const { token } = await world().meet('freeVisitor');
    for (const request of ['GET /nowhere', 'PATCH /letters', 'GET /letters/a/b', 'GET /admin/nothing']) {
      expect((await ask(world(), request, { token })).status).toBe(404);
    }
  });
});

describe('what anyone may ask', () => {
  it('what is counted and sold', async () => {
    expectAnswer(await ask(world(), 'GET /catalogue'), 200, {
      meters: [{ id: 'letters' }, { id: 'emails' }, { id: 'mails', credits: 1, perDay: 10 }],
      plans: [{ id: 'none', prices: {} }, { id: 'pro', prices: { month: usd(900) } }, { id: 'enterprise' }],
    });
  });

  it('whether it answers', async () => {
    expectAnswer(await ask(world(), 'GET /health'), 200, { status: 'ok' });
  });

  it('the documentation, as a document and as a page with all its parts', async () => {
    const document = await ask(world(), 'GET /openapi.json');
    expectAnswer(document, 200, { openapi: expect.stringMatching(/^3\.1/) });
    const paths = Object.keys(membersOf(document.body['paths']));
    expect(new Set(paths)).toEqual(new Set(ROUTES.map(({ path }) => path)));

    const page = await ask(world(), 'GET /docs');
    expect(page.headers.get('content-type')).toMatch(/^text\/html/);
    const parts = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, part]) => part);
    expect(parts.length).toBeGreaterThanOrEqual(4);
    for (const part of parts) {
      const { status, text } = await ask(world(), `GET /${String(part)}`);
      expect({ part, status, isEmpty: text === '' }).toEqual({ part, status: 200, isEmpty: false });
    }
  });
});
