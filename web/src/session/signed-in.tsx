import { Fragment, type ReactElement, type ReactNode, useEffect, useRef, useState } from 'react';
import { useAuth } from 'react-oidc-context';
import { Link } from 'wouter';
import { Notice } from '../components/notice.tsx';
import { usePage } from '../page-context.ts';
import { texts } from '../texts/texts.ts';
import { presentPlace } from './places.ts';

/** Signs in again without a click who was signed in before the page was loaded anew: tokens are in memory only. */
export function Resumed({ children }: { children: ReactNode }): ReactNode {
  const auth = useAuth();
  const { session } = usePage();
  const isUnderWay = useRef(false);
  const [wasSignedIn, setWasSignedIn] = useState(() => session.wasSignedIn());
  if (wasSignedIn && auth.isAuthenticated) {
    // From here on, whoever is not signed in has signed out.
    setWasSignedIn(false);
  }
  const goes = wasSignedIn && !auth.isAuthenticated && !auth.isLoading && auth.error === undefined;
  useEffect(() => {
    if (goes && !isUnderWay.current) {
      isUnderWay.current = true;
      session.remember(false);
      void auth.signinRedirect({ state: presentPlace() });
    }
  }, [goes, session, auth]);
  return wasSignedIn && (auth.user ?? null) === null && auth.error === undefined ? <Waiting /> : children;
}

function Waiting(): ReactElement {
  return (
    <p className="soft" role="status">
      {texts.states.loading}
    </p>
  );
}

/** What only somebody sees who is signed in. An ended session does not take it away. */
export function SignedIn({ children }: { children: ReactNode }): ReactNode {
  const { user, isLoading, error } = useAuth();
  if (user !== null && user !== undefined) {
    // Somebody else begins with a page of their own.
    return <Fragment key={user.profile.sub}>{children}</Fragment>;
  }
  return isLoading ? <Waiting /> : <Welcome hasFailed={error !== undefined} />;
}

function Welcome({ hasFailed }: { hasFailed: boolean }): ReactElement {
  const auth = useAuth();
  return (
    <div className="hero">
      <h1>{texts.signIn.title}</h1>
      <p>{texts.signIn.lead}</p>
      {hasFailed && (
        <Notice tone="bad" title={texts.signIn.failed} isLive>
          <p>{texts.signIn.failedHelp}</p>
        </Notice>
      )}
      <div className="row">
        <button
          type="button"
          className="button button-primary"
          onClick={() => void auth.signinRedirect({ state: presentPlace() })}
        >
          {texts.shell.signIn}
        </button>
        <Link className="button" href="/plans">
          {texts.signIn.pricing}
        </Link>
      </div>
    </div>
  );
}
