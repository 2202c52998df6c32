/** Reads roles from the claims of a token that the gateway has verified. */

export type Claims = Readonly<Record<string, unknown>>;

function words(text: string): string[] {
  return text.split(' ').filter((word) => word !== '');
}

/** A token has its scopes in one string, with blanks between them (RFC 8693, section 4.2). */
function scopesOf(claims: Claims): string[] {
  const { scope } = claims;
  return typeof scope === 'string' ? words(scope) : [];
}

/**
 * The groups of a Cognito user. The HTTP API flattens the list to `[a b]`. Names hold no blanks, so the list can be split
 * again. A search in the string would take `not-admin` for `admin`.
 */
function groupsOf(claims: Claims): string[] {
  const groups = claims['cognito:groups'];
  return typeof groups === 'string' && groups.startsWith('[') && groups.endsWith(']')
    ? words(groups.slice(1, -1))
    : [];
}

/** Cognito writes a scope behind the name of its resource server, so Postage does too. */
const RESOURCE_SERVER = 'postage/';

export const USAGE_READ_SCOPE = `${RESOURCE_SERVER}usage:read`;
export const USAGE_WRITE_SCOPE = `${RESOURCE_SERVER}usage:write`;

/** May count usage for any user: a scope that the issuer gives to machines alone. Other issuers may leave `postage/` out. */
export function mayWriteUsage(claims: Claims): boolean {
  return hasScope(claims, USAGE_WRITE_SCOPE);
}

/** May see any user's account. Who may write usage may read it. */
export function mayReadUsage(claims: Claims): boolean {
  return hasScope(claims, USAGE_READ_SCOPE) || mayWriteUsage(claims);
}

function hasScope(claims: Claims, scope: string): boolean {
  const scopes = scopesOf(claims);
  return scopes.includes(scope) || scopes.includes(scope.slice(RESOURCE_SERVER.length));
}

/** May see and adjust every account. */
export function isAdmin(claims: Claims): boolean {
  return scopesOf(claims).includes('admin') || groupsOf(claims).includes('admin');
}
