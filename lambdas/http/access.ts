/** Who may call a route. The gateway has verified the token; the role and the secret are checked here (G13). */
import { createHash, timingSafeEqual } from 'node:crypto';
import { claimsOf, type HttpEvent } from './event.ts';
import { forbidden, ProblemError, unauthenticated } from './problems.ts';
import { mayWriteUsage } from './roles.ts';
import { type Access } from './routes.ts';
import { UserId } from './schemas.ts';

/** Reads the secret that the cron routes ask for. */
export type SecretReader = () => Promise<string>;

/**
 * Admits a request or throws.
 *
 * @returns the user that the request acts for; empty where it acts for none
 * @throws ProblemError `unauthenticated`, `forbidden`
 */
export async function admit(
  event: HttpEvent,
  access: Access,
  cronSecret: SecretReader | null,
): Promise<string> {
  switch (access) {
    case 'anyone':
      return '';
    case 'user':
      return userOf(event);
    case 'usage:write':
      return countedUserOf(event);
    case 'cron':
      await admitCron(event, cronSecret);
      return '';
  }
}

function userOf(event: HttpEvent): string {
  const claims = claimsOf(event);
  if (claims === null) {
    throw new ProblemError(unauthenticated('A token is required.'));
  }
  const userId = UserId.safeParse(claims['sub']);
  if (!userId.success) {
    throw new ProblemError(forbidden('The `sub` of the token cannot name a user.'));
  }
  return userId.data;
}

/** The service counts for the user whom the path names; the schema of the path judges the name. */
function countedUserOf(event: HttpEvent): string {
  const claims = claimsOf(event);
  if (claims === null) {
    throw new ProblemError(unauthenticated('A token is required.'));
  }
  if (!mayWriteUsage(claims)) {
    throw new ProblemError(forbidden('The token lacks the scope usage:write.'));
  }
  return pathUser(event) ?? '';
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
