/** The page and the issuer's pages, as `npm start` serves them. */
import { describe, expect, it } from '@jest/globals';
import { createHash, randomBytes } from 'node:crypto';
import { usePostage } from '../support/server.ts';

const postage = usePostage();

const VERIFIER = randomBytes(32).toString('base64url');
const CHALLENGE = createHash('sha256').update(VERIFIER).digest('base64url');

function address(changed: Readonly<Record<string, string>> = {}): string {
  const query = new URLSearchParams({
    client_id: 'postage',
    redirect_uri: `${postage().url}/app/`,
    response_type: 'code',
    code_challenge: CHALLENGE,
    code_challenge_method: 'S256',
    state: 'kept',
    ...changed,
  });
  return `${postage().url}/dev/authorize?${query.toString()}`;
}

async function choose(userId: string): Promise<{ code: string; cookie: string; state: string | null }> {
  const answer = await fetch(address(), {
    method: 'POST',
    body: new URLSearchParams({ user: userId }),
    redirect: 'manual',
  });
  const location = new URL(answer.headers.get('location') ?? '');
  return {
    code: location.searchParams.get('code') ?? '',
    state: location.searchParams.get('state'),
    cookie: answer.headers.get('set-cookie')?.split(';', 1)[0] ?? '',
  };
}

function exchange(fields: Record<string, string>): Promise<Response> {
  return fetch(`${postage().url}/dev/token`, { method: 'POST', body: new URLSearchParams(fields) });
}

function byCode(code: string, verifier = VERIFIER): Promise<Response> {
  const redirect = `${postage().url}/app/`;
  return exchange({
    grant_type: 'authorization_code',
    code,
    code_verifier: verifier,
    redirect_uri: redirect,
  });
}

describe('the local issuer', () => {
  it('signs in whoever is chosen, once for each code, with tokens that the API takes', async () => {
    const { code, state } = await choose('alice');
    expect(state).toBe('kept');
    const tokens = (await (await byCode(code)).json()) as Record<string, string>;
    const account = await fetch(`${postage().url}/account`, {
      headers: { authorization: `Bearer ${tokens['access_token'] ?? ''}` },
    });
    expect(await account.json()).toMatchObject({ userId: 'alice' });
    expect((await byCode(code)).status).toBe(400);
    const again = await exchange({
      grant_type: 'refresh_token',
      refresh_token: tokens['refresh_token'] ?? '',
    });
    expect(again.status).toBe(200);
  });

  it('G13: gives nothing to who does not prove that they asked', async () => {
    const { code } = await choose('alice');
    expect((await byCode(code, randomBytes(32).toString('base64url'))).status).toBe(400);
    expect((await byCode(code)).status).toBe(400);
    expect((await exchange({ grant_type: 'refresh_token', refresh_token: 'x' })).status).toBe(400);
    expect((await exchange({})).status).toBe(400);
  });

  it('asks nobody twice who has chosen, unless the page wants that, and forgets at the end', async () => {
    const { cookie } = await choose('alice');
    const headers = { cookie };
    expect((await fetch(address(), { headers, redirect: 'manual' })).status).toBe(303);
    const asked = await fetch(address({ prompt: 'login' }), { headers });
    expect(await asked.text()).toContain('Sign in as');
    const end = await fetch(`${postage().url}/dev/end-session`, { redirect: 'manual' });
    expect(end.headers.get('set-cookie')).toContain('Max-Age=0');
  });

  it('shows what is typed as text, and refuses what is no request of the page', async () => {
    const odd = await (await fetch(address({ state: '"><script>' }))).text();
    expect(odd).not.toContain('<script>');
    expect((await fetch(address({ client_id: 'other' }))).status).toBe(400);
    const nobody = await fetch(address(), { method: 'POST', body: new URLSearchParams({ user: '' }) });
    expect(await nobody.text()).toContain('Sign in as');
  });
});

describe('the page', () => {
  it('is told of this machine', async () => {
    const { url } = postage();
    const config: unknown = await (await fetch(`${url}/app/config.json`)).json();
    expect(config).toMatchObject({ apiUrl: '/', issuer: url, clientId: 'postage', hasLetters: true });
  });

  it('has one address', async () => {
    const answer = await fetch(`${postage().url}/app`, { redirect: 'manual' });
    expect([answer.status, answer.headers.get('location')]).toEqual([301, '/app/']);
  });
});
