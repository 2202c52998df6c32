import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  calculateJwkThumbprint,
  CompactSign,
  createRemoteJWKSet,
  exportJWK,
  exportSPKI,
  generateKeyPair,
  type GenerateKeyPairResult,
  importJWK,
  jwtVerify,
  SignJWT,
  UnsecuredJWT,
} from 'jose';
import { fakeFunctions } from '../support/fake-functions.ts';
import { type JsonAnswer, sendRaw } from '../support/raw-request.ts';
import { type Postage, startPostage } from '../support/server.ts';

const echo = fakeFunctions((event) => ({ statusCode: 200, body: JSON.stringify(event) }));
const dataDir = mkdtempSync(join(tmpdir(), 'postage-tokens-'));

/** The local issuer's own key, and one that it does not know. */
let key: GenerateKeyPairResult;
let otherKey: GenerateKeyPairResult;
let kid: string;
let postage: Postage;

beforeAll(async () => {
  key = await generateKeyPair('RS256', { extractable: true });
  otherKey = await generateKeyPair('RS256');
  const jwk = await exportJWK(key.privateKey);
  kid = await calculateJwkThumbprint(jwk);
  writeFileSync(join(dataDir, 'signing-key.json'), JSON.stringify(jwk));
  postage = await startPostage({ functions: echo, dataDir });
});

afterAll(async () => {
  await postage.stop();
  rmSync(dataDir, { recursive: true });
});

const NOW = (): number => Math.floor(postage.clock.now() / 1_000);

interface Change {
  claims?: Record<string, unknown>;
  header?: Record<string, unknown>;
  signWith?: GenerateKeyPairResult;
}

/** A token that is good but for the change. */
async function token({ claims = {}, header = {}, signWith = key }: Change = {}): Promise<string> {
  const payload = { iss: postage.url, aud: 'postage', sub: 'user-1', iat: NOW(), exp: NOW() + 60, ...claims };
  return new SignJWT(payload).setProtectedHeader({ alg: 'RS256', kid, ...header }).sign(signWith.privateKey);
}

function ask(authorization?: string): Promise<JsonAnswer> {
  return sendRaw(postage.url, {
    path: '/usage',
    headers: authorization === undefined ? {} : { authorization },
  });
}

function claimsIn({ body }: JsonAnswer): unknown {
  return (body as { requestContext: { authorizer: { jwt: { claims: unknown } } } }).requestContext.authorizer
    .jwt.claims;
}

describe('a token is let in', () => {
  it.each<[string, () => Promise<string>]>([
    ['after the word Bearer', async () => `Bearer ${await token()}`],
    ['after bearer in lower case', async () => `bearer ${await token()}`],
    ['alone', () => token()],
    ['with its audience among others', () => token({ claims: { aud: ['other', 'postage'] } })],
    [
      'with a client id in place of an audience',
      () => token({ claims: { aud: undefined, client_id: 'postage' } }),
    ],
    ['valid from this second', () => token({ claims: { nbf: NOW() } })],
    ['with one second left', () => token({ claims: { exp: NOW() + 2 } })],
  ])('%s', async (_, make) => {
    expect(await ask(await make())).toMatchObject({ status: 200 });
  });

  it('and its claims are handed over as strings', async () => {
    const claims = {
      'cognito:groups': ['admin', 'staff'],
      none: [],
      email_verified: true,
      address: { country: 'US', city: 'Springfield' },
    };
    const answer = await ask(await token({ claims: { ...claims, iat: 1_700_000_000 } }));
    expect(claimsIn(answer)).toMatchObject({
      'cognito:groups': '[admin staff]',
      none: '[]',
      email_verified: 'true',
      address: 'map[city:Springfield country:US]',
      iat: '1700000000',
    });
  });
});

describe('a token is refused', () => {
  it.each<[string, () => Promise<string> | string]>([
    ['that is empty', () => 'Bearer '],
    ['that is none', () => 'Bearer abc'],
    ['of two parts', () => 'Bearer a.b'],
    ['that has expired', () => token({ claims: { exp: NOW() - 1 } })],
    ['that never expires', () => token({ claims: { exp: undefined } })],
    ['that is not valid yet', () => token({ claims: { nbf: NOW() + 60 } })],
    ['that was issued in the future', () => token({ claims: { iat: NOW() + 60 } })],
    ['of another issuer', () => token({ claims: { iss: 'https://issuer.example' } })],
    ['without an issuer', () => token({ claims: { iss: undefined } })],
    ['for another audience', () => token({ claims: { aud: 'other' } })],
    [
      'for another audience, whatever its client id',
      () => token({ claims: { aud: 'other', client_id: 'postage' } }),
    ],
    ['without an audience', () => token({ claims: { aud: undefined } })],
    ['with an audience that contains the right one', () => token({ claims: { aud: 'postage-2' } })],
    ['signed with another key', () => token({ signWith: otherKey })],
    ['that names another key', () => token({ header: { kid: 'other' } })],
    ['that names no key', () => token({ header: { kid: undefined } })],
    ['with claims that were changed', async () => withClaims(await token(), { sub: 'user-2' })],
    ['without a signature', async () => (await token()).replace(/[^.]+$/, '')],
    ['that says it needs none', () => unsecured()],
    ['signed with the public key as a secret', () => signedWithPublicKey()],
    ['with another algorithm of the same key', () => otherAlgorithm()],
  ])('%s', async (_, make) => {
    const { status, headers, body } = await ask(await make());
    expect(status).toBe(401);
    expect(headers['www-authenticate']).toMatch(
      /^Bearer( scope="" error="invalid_token" error_description="[^"]+")?$/,
    );
    expect(headers['content-type']).toBe('application/json');
    expect(body).toEqual({ message: 'Unauthorized' });
  });

  it('when there is none', async () => {
    const { status, headers, body } = await ask();
    expect({ status, challenge: headers['www-authenticate'] }).toEqual({ status: 401, challenge: 'Bearer' });
    expect(body).toEqual({ message: 'Unauthorized' });
  });

  it('tells why in the challenge', async () => {
    const challengeOf = async (change: Change): Promise<unknown> =>
      (await ask(await token(change))).headers['www-authenticate'];
    expect(await challengeOf({ claims: { exp: NOW() - 1 } })).toContain('the token has expired');
    expect(await challengeOf({ claims: { aud: 'other' } })).toContain(
      'the token does not have a valid audience',
    );
  });
});

/** The same signature over other claims. */
function withClaims(jwt: string, claims: object): string {
  const [header = '', payload = '', signature = ''] = jwt.split('.');
  const original = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object;
  const changed = { ...original, ...claims };
  return [header, Buffer.from(JSON.stringify(changed)).toString('base64url'), signature].join('.');
}

function unsecured(): string {
  return new UnsecuredJWT({ sub: 'user-1' })
    .setIssuer(postage.url)
    .setAudience('postage')
    .setExpirationTime(NOW() + 60)
    .encode();
}

async function signedWithPublicKey(): Promise<string> {
  const payload = { iss: postage.url, aud: 'postage', sub: 'user-1', exp: NOW() + 60 };
  const secret = new TextEncoder().encode(await exportSPKI(key.publicKey));
  return new CompactSign(new TextEncoder().encode(JSON.stringify(payload)))
    .setProtectedHeader({ alg: 'HS256', kid })
    .sign(secret);
}

async function otherAlgorithm(): Promise<string> {
  const samePrivateKey = await importJWK(await exportJWK(key.privateKey), 'PS256');
  return new SignJWT({ iss: postage.url, aud: 'postage', sub: 'user-1', exp: NOW() + 60 })
    .setProtectedHeader({ alg: 'PS256', kid })
    .sign(samePrivateKey);
}

describe('the issuer', () => {
  it('publishes a configuration and keys by which a token of /dev/token can be verified', async () => {
    const answer = await fetch(`${postage.url}/dev/token?sub=user-1&scope=one%20two`);
    const { access_token: accessToken } = (await answer.json()) as { access_token: string };
    const configuration = await fetch(`${postage.url}/.well-known/openid-configuration`);
    const { issuer, jwks_uri: keySetUrl } = (await configuration.json()) as {
      issuer: string;
      jwks_uri: string;
    };
    const { payload } = await jwtVerify(accessToken, createRemoteJWKSet(new URL(keySetUrl)), {
      issuer,
      audience: 'postage',
    });
    expect(payload).toMatchObject({ iss: postage.url, sub: 'user-1', scope: 'one two' });
  });

  it('publishes nothing of its private key', async () => {
    const answer = await fetch(`${postage.url}/.well-known/jwks.json`);
    const { keys } = (await answer.json()) as { keys: object[] };
    expect(keys.map((each) => Object.keys(each).sort())).toEqual([['alg', 'e', 'kid', 'kty', 'n', 'use']]);
  });
});

describe('time', () => {
  it('ends a token when the local clock has passed its end', async () => {
    const jwt = await token({ claims: { exp: NOW() + 3_600 } });
    expect(await ask(jwt)).toMatchObject({ status: 200 });
    postage.clock.moveTo(postage.clock.now() + 3_600_000);
    expect(await ask(jwt)).toMatchObject({ status: 401 });
  });
});
