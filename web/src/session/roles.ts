import type { User } from 'oidc-client-ts';

const OWNER = 'admin';

/** Whether to show the way to the dashboard. The API alone decides what its user may read. */
export function isOwner(user: User | null | undefined): boolean {
  if (user === null || user === undefined) {
    return false;
  }
  const groups = user.profile['cognito:groups'];
  return user.scopes.includes(OWNER) || (Array.isArray(groups) && groups.includes(OWNER));
}
