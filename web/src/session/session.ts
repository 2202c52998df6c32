/** Who is signed in, by OpenID Connect with PKCE. Tokens are in memory only. */
import { InMemoryWebStorage, UserManager, WebStorageStateStore } from 'oidc-client-ts';
import type { PageConfig } from '../page-config.ts';
import { keepOnly } from './kept.ts';

/** Remembers in this tab that somebody was signed in, so that a reload signs them in again without a click. */
const MARK = 'postage-signed-in';

export interface Session {
  manager: UserManager;
  token: () => Promise<string | null>;
  /** Gets a token that holds; false: its user did not sign in again. */
  renew: () => Promise<boolean>;
  /** Whether its user has to sign in again, for `useSyncExternalStore`. */
  hasEnded: () => boolean;
  subscribe: (onChange: () => void) => () => void;
  /** Signs the same user in again, in a window of its own, so that nothing on the page is lost. */
  signInAgain: () => Promise<void>;
  giveUp: () => void;
  wasSignedIn: () => boolean;
  remember: (isSignedIn: boolean) => void;
}

export function createSession({ issuer, clientId, scope }: PageConfig): Session {
  const home = new URL(import.meta.env.BASE_URL, window.location.origin).href;
  const manager = new UserManager({
    authority: issuer,
    client_id: clientId,
    scope,
    redirect_uri: home,
    popup_redirect_uri: home,
    post_logout_redirect_uri: home,
    userStore: new WebStorageStateStore({ store: new InMemoryWebStorage() }),
    automaticSilentRenew: false,
    monitorSession: false,
  });
  manager.events.addUserLoaded(({ profile }) => keepOnly(profile.sub));
  return { manager, ...renewal(manager), ...mark() };
}

type Renewal = Pick<Session, 'token' | 'renew' | 'hasEnded' | 'subscribe' | 'signInAgain' | 'giveUp'>;

/** Many requests may find at once that the token has expired: they wait for one renewal. */
function renewal(manager: UserManager): Renewal {
  const listeners = new Set<() => void>();
  let waiting: PromiseWithResolvers<boolean> | null = null;
  let isEnded = false;
  const setEnded = (next: boolean): void => {
    isEnded = next;
    listeners.forEach((listener) => listener());
  };
  const settle = (isRenewed: boolean): void => {
    waiting?.resolve(isRenewed);
    waiting = null;
    setEnded(false);
  };
  const begin = async (): Promise<void> => {
    const user = await manager.getUser();
    if (user === null) {
      settle(false);
    } else if (user.refresh_token !== undefined && (await refreshed(manager))) {
      settle(true);
    } else {
      setEnded(true);
    }
  };
  return {
    token: async () => (await manager.getUser())?.access_token ?? null,
    renew: () => {
      if (waiting === null) {
        waiting = Promise.withResolvers<boolean>();
        void begin();
      }
      return waiting.promise;
    },
    hasEnded: () => isEnded,
    subscribe: (onChange) => {
      listeners.add(onChange);
      return () => listeners.delete(onChange);
    },
    signInAgain: async () => {
      const before = (await manager.getUser())?.profile.sub;
      const user = await manager.signinPopup();
      if (user.profile.sub === before) {
        settle(true);
      } else {
        // What stands on the page is somebody else's.
        window.location.assign(import.meta.env.BASE_URL);
      }
    },
    giveUp: () => settle(false),
  };
}

async function refreshed(manager: UserManager): Promise<boolean> {
  try {
    return (await manager.signinSilent()) !== null;
  } catch {
    return false;
  }
}

function mark(): Pick<Session, 'wasSignedIn' | 'remember'> {
  return {
    wasSignedIn: () => window.sessionStorage.getItem(MARK) !== null,
    remember: (isSignedIn) => {
      if (isSignedIn) {
        window.sessionStorage.setItem(MARK, 'yes');
      } else {
        window.sessionStorage.removeItem(MARK);
      }
    },
  };
}
