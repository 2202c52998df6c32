/** Roles, read from the claims of a token that the gateway has verified. */

export type Claims = Readonly<Record<string, unknown>>;

/** Words in a string, between blanks. */
function words(text: string): string[] {
  return text.split(' ').filter((word) => word !== '');
}

/** Scopes stand in one string, between blanks (RFC 8693, section 4.2). */
function scopesOf(claims: Claims): string[] {
  const { scope } = claims;
  return typeof scope === 'string' ? words(scope) : [];
}

/**
 * The groups of a Cognito user. The HTTP API flattens the list to `[a b]`; a name holds no blanks, so it can be taken
 * apart again. Searching the string instead would take `not-admin` for `admin`.
 */
function groupsOf(claims: Claims): string[] {
  const groups = claims['cognito:groups'];
  return typeof groups === 'string' && groups.startsWith('[') && groups.endsWith(']')
    ? words(groups.slice(1, -1))
    : [];
}

/** May count usage for any user: a scope that the issuer gives to machines alone. */
export function mayWriteUsage(claims: Claims): boolean {
  const scopes = scopesOf(claims);
  return scopes.includes('usage:write') || scopes.includes('postage/usage:write');
}

/** May see and adjust every account. */
export function isAdmin(claims: Claims): boolean {
  return scopesOf(claims).includes('admin') || groupsOf(claims).includes('admin');
}
