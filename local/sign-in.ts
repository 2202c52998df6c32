/**
 * The pages of the local issuer: OpenID Connect by authorization code with PKCE (RFC 7636), where a demo user is chosen in
 * place of a password. https://openid.net/specs/openid-connect-core-1_0.html#CodeFlowAuth
 */
import { createHash, randomBytes } from 'node:crypto';
import * as z from 'zod/mini';
import { UserId } from '../lambdas/http/schemas.ts';
import { type Answer, answerJson } from './answers.ts';
import { answerHtml, escapeHtml } from './html.ts';
import { AUDIENCE, type Issuer } from './issuer.ts';
import type { PageRequest } from './page-request.ts';

const OWNER_SCOPE = 'admin';
const CODE_LIFETIME_MS = 60_000;
/** Of whom the browser has chosen last, so that a reload need not ask again. */
const COOKIE = 'postage-user';

/** Whom the page offers. Any other name makes a user who has done nothing yet. */
export interface DemoUser {
  id: string;
  about: string;
  isOwner: boolean;
}

const authorization = z.object({
  client_id: z.literal(AUDIENCE),
  redirect_uri: z.url(),
  response_type: z.literal('code'),
  code_challenge: z.string().check(z.minLength(43)),
  code_challenge_method: z.literal('S256'),
  state: z.optional(z.string()),
  nonce: z.optional(z.string()),
  prompt: z.optional(z.string()),
});

const byCode = z.object({
  grant_type: z.literal('authorization_code'),
  code: z.string(),
  code_verifier: z.string(),
  redirect_uri: z.string(),
});
const byRefresh = z.object({ grant_type: z.literal('refresh_token'), refresh_token: z.string() });

interface Grant {
  userId: string;
  nonce: string | undefined;
}

interface Code extends Grant {
  challenge: string;
  redirectUri: string;
  expiresAt: number;
}

export interface SignInOptions {
  issuer: Issuer;
  users: readonly DemoUser[];
}

/** Answers what belongs to signing in; null for anything else. */
export function signInPages(options: SignInOptions): (request: PageRequest) => Promise<Answer | null> {
  const codes = new Map<string, Code>();
  const { exchange } = tokens(options, codes);
  return async (request) => {
    switch (`${request.method} ${request.path}`) {
      case 'GET /dev/authorize':
        return authorize(request, null, options, codes);
      case 'POST /dev/authorize': {
        const { data = null } = UserId.safeParse(request.form().get('user'));
        return authorize(request, data, options, codes);
      }
      case 'POST /dev/token':
        return exchange(request.form());
      case 'GET /dev/end-session':
        return redirect(request.query.get('post_logout_redirect_uri') ?? '/app/', `${COOKIE}=; Max-Age=0`);
      default:
        return null;
    }
  };
}

/** @param chosen on the page, if that is where the request comes from */
function authorize(
  request: PageRequest,
  chosen: string | null,
  { users }: SignInOptions,
  codes: Map<string, Code>,
): Answer {
  const asked = authorization.safeParse(Object.fromEntries(request.query));
  if (!asked.success) {
    return answerHtml(
      400,
      'Signing in does not work like this',
      '<p>The request is not one of the page’s.</p>',
    );
  }
  const { redirect_uri: redirectUri, state, nonce, code_challenge: challenge, prompt } = asked.data;
  const userId = chosen ?? (prompt === 'login' ? null : cookieOf(request));
  if (userId === null) {
    return choose(request, users);
  }
  const code = randomBytes(24).toString('base64url');
  codes.set(code, { userId, nonce, challenge, redirectUri, expiresAt: Date.now() + CODE_LIFETIME_MS });
  const location = new URL(redirectUri);
  location.searchParams.set('code', code);
  if (state !== undefined) {
    location.searchParams.set('state', state);
  }
  return redirect(location.href, `${COOKIE}=${encodeURIComponent(userId)}`);
}

function tokens(
  { issuer, users }: SignInOptions,
  codes: Map<string, Code>,
): { exchange: (form: URLSearchParams) => Promise<Answer> } {
  const refreshTokens = new Map<string, Grant>();
  const issue = async (grant: Grant): Promise<Answer> => {
    const isOwner = users.some((user) => user.isOwner && user.id === grant.userId);
    const scope = isOwner ? `openid ${OWNER_SCOPE}` : 'openid';
    const refreshToken = randomBytes(24).toString('base64url');
    refreshTokens.set(refreshToken, grant);
    return answerJson(200, {
      ...(await issuer.issue(grant.userId, scope)),
      id_token: await issuer.identify(grant.userId, grant.nonce),
      refresh_token: refreshToken,
      scope,
    });
  };
  return {
    exchange: async (form) => {
      const fields = Object.fromEntries(form);
      const refresh = byRefresh.safeParse(fields).data;
      if (refresh !== undefined) {
        const grant = refreshTokens.get(refresh.refresh_token);
        return grant === undefined ? refused() : issue(grant);
      }
      const asked = byCode.safeParse(fields).data;
      const code = codes.get(asked?.code ?? '');
      codes.delete(asked?.code ?? '');
      if (asked === undefined || code === undefined || code.expiresAt < Date.now()) {
        return refused();
      }
      const challenge = createHash('sha256').update(asked.code_verifier).digest('base64url');
      const isProven = challenge === code.challenge && asked.redirect_uri === code.redirectUri;
      return isProven ? issue({ userId: code.userId, nonce: code.nonce }) : refused();
    },
  };
}

function choose({ query }: PageRequest, users: readonly DemoUser[]): Answer {
  const action = `authorize?${query.toString()}`;
  const buttons = users.map(
    ({ id, about }) =>
      `<button name="user" value="${escapeHtml(id)}"><strong>${escapeHtml(id)}</strong><span>${escapeHtml(about)}</span></button>`,
  );
  return answerHtml(
    200,
    'Sign in as',
    `<p>On this machine nobody needs a password.</p>
<form method="post" action="${escapeHtml(action)}">${buttons.join('\n')}</form>
<form method="post" action="${escapeHtml(action)}">
<label>Somebody else <input name="user" required maxlength="128" autocomplete="off"></label>
<button><strong>Sign in</strong></button>
</form>`,
  );
}

function cookieOf({ headers }: PageRequest): string | null {
  const found = /(?:^|; )postage-user=([^;]+)/.exec(headers.cookie ?? '')?.[1];
  const { data } = UserId.safeParse(found === undefined ? undefined : decodeURIComponent(found));
  return data ?? null;
}

function redirect(location: string, cookie: string): Answer {
  return {
    status: 303,
    headers: { location, 'cache-control': 'no-store' },
    cookies: [`${cookie}; Path=/dev; HttpOnly; SameSite=Lax`],
    body: '',
  };
}

function refused(): Answer {
  return answerJson(400, { error: 'invalid_grant' });
}
