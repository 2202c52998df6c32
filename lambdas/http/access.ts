/** Who may call a route. The gateway has verified the token; the role and the secret are checked here (G13). */
import { createHash, timingSafeEqual } from 'node:crypto';
import { claimsOf, type HttpEvent } from './event.ts';
import { forbidden, ProblemError, unauthenticated } from './problems.ts';
import {
  type Claims,
  isAdmin,
  mayReadUsage,
  mayWriteUsage,
  USAGE_READ_SCOPE,
  USAGE_WRITE_SCOPE,
} from './roles.ts';
import { type Access } from './routes.ts';
import { UserId } from './schemas.ts';

/** Reads the secret that the cron routes ask for. */
export type SecretReader = () => Promise<string>;

/** Tells whether a user signs in with a second factor. */
export type SecondFactorReader = (userId: string) => Promise<boolean>;

export interface Admission {
  /** The user whom the request acts for. A role acts for the user in the path, whose schema judges the id. */
  userId: string;
  /** The `sub` of a person's token; empty for machines and where there is no token. */
  actor: string;
  /** The e-mail address that the token names; null: none, or one that nobody has verified. */
  email: string | null;
}

const NOBODY: Admission = { userId: '', actor: '', email: null };

/**
 * Admits a request or throws.
 *
 * @param hasSecondFactor asked about admins; null where the issuer sees to that
 * @throws ProblemError `unauthenticated`, `forbidden`
 */
export async function admit(
  event: HttpEvent,
  access: Access,
  cronSecret: SecretReader | null,
  hasSecondFactor: SecondFactorReader | null = null,
): Promise<Admission> {
  switch (access) {
    case 'anyone':
    case 'signature':
      return NOBODY;
    case 'user': {
      const claims = verifiedClaims(event);
      const actor = subjectOf(claims);
      if (isOfMachine(claims)) {
        throw new ProblemError(forbidden('The token is of a machine, which is no user.'));
      }
      return { userId: actor, actor, email: emailIn(claims) };
    }
    case 'usage:read':
      claimsWith(mayReadUsage, `The token lacks the scope ${USAGE_READ_SCOPE}.`, event);
      return { ...NOBODY, userId: pathUser(event) ?? '' };
    case 'usage:write':
      claimsWith(mayWriteUsage, `The token lacks the scope ${USAGE_WRITE_SCOPE}.`, event);
      return { ...NOBODY, userId: pathUser(event) ?? '' };
    case 'admin': {
      const actor = subjectOf(claimsWith(isAdmin, 'The token lacks the role admin.', event));
      if (hasSecondFactor !== null && !(await hasSecondFactor(actor))) {
        throw new ProblemError(forbidden('An admin signs in with a second factor, and none is set up.'));
      }
      return { ...NOBODY, userId: pathUser(event) ?? '', actor };
    }
    case 'cron':
      await admitCron(event, cronSecret);
      return NOBODY;
  }
}

function verifiedClaims(event: HttpEvent): Claims {
  const claims = claimsOf(event);
  if (claims === null) {
    throw new ProblemError(unauthenticated('A token is required.'));
  }
  // Cognito's alone say so. The gateway lets its ID tokens pass too, which tell an app who somebody is.
  if (claims['token_use'] !== undefined && claims['token_use'] !== 'access') {
    throw new ProblemError(unauthenticated('An access token is required.'));
  }
  return claims;
}

/** Of Cognito's client credentials: the client is the subject. */
function isOfMachine({ token_use: use, sub, client_id: client }: Claims): boolean {
  return use === 'access' && sub === client;
}

function subjectOf(claims: Claims): string {
  const subject = UserId.safeParse(claims['sub']);
  if (!subject.success) {
    throw new ProblemError(forbidden('The `sub` of the token cannot name a user.'));
  }
  return subject.data;
}

/** The gateway passes all claims on as texts. Stripe takes an address of up to 512 characters. */
function emailIn({ email, email_verified: isVerified }: Claims): string | null {
  const isOne = typeof email === 'string' && /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(email) && email.length <= 512;
  return isOne && String(isVerified) !== 'false' ? email : null;
}

function claimsWith(hasRole: (claims: Claims) => boolean, otherwise: string, event: HttpEvent): Claims {
  const claims = verifiedClaims(event);
  if (!hasRole(claims)) {
    throw new ProblemError(forbidden(otherwise));
  }
  return claims;
}

/** The gateway may leave an id such as `auth0%7C1` encoded; ids hold no `%`, so decoding twice does no harm. */
export function pathUser(event: HttpEvent): string | undefined {
  const text = event.pathParameters?.['userId'];
  try {
    return text === undefined ? undefined : decodeURIComponent(text);
  } catch {
    return text;
  }
}

async function admitCron(event: HttpEvent, cronSecret: SecretReader | null): Promise<void> {
  const given = /^Bearer +(\S+)$/i.exec(event.headers['authorization'] ?? '')?.[1];
  if (given === undefined || cronSecret === null || !isSame(given, await cronSecret())) {
    throw new ProblemError(unauthenticated('The cron secret is required: Authorization: Bearer <secret>.'));
  }
}

/** In constant time: hashes are equally long, and their comparison does not stop at the first difference. */
function isSame(given: string, secret: string): boolean {
  const hash = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(given), hash(secret));
}
