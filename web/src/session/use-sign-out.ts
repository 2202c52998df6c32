import { useQueryClient } from '@tanstack/react-query';
import { useAuth } from 'react-oidc-context';
import { usePage } from '../page-context.ts';

/** Ends the session here and at the issuer, and forgets what was read. */
export function useSignOut(): () => void {
  const auth = useAuth();
  const queries = useQueryClient();
  const { config, session } = usePage();
  const signOut = async (): Promise<void> => {
    session.remember(false);
    window.sessionStorage.clear();
    queries.clear();
    if (config.signOutUrl !== null) {
      await auth.removeUser();
      window.location.assign(config.signOutUrl);
      return;
    }
    try {
      await auth.signoutRedirect();
    } catch {
      // The issuer has no end of sessions.
      await auth.removeUser();
      window.location.assign(import.meta.env.BASE_URL);
    }
  };
  return () => void signOut();
}
