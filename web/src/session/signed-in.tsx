import { type ReactElement, type ReactNode, useEffect, useRef, useState } from 'react';
import { useAuth } from 'react-oidc-context';
import { Link } from 'wouter';
import { Notice } from '../components/notice.tsx';
import { usePage } from '../page-context.ts';
import { texts } from '../texts/texts.ts';
import { presentPlace } from './places.ts';

/** What only somebody sees who is signed in. An ended session does not take it away. */
export function SignedIn({ children }: { children: ReactNode }): ReactNode {
  const { user, isLoading, error } = useAuth();
  if (user !== null && user !== undefined) {
    return children;
  }
  return isLoading ? (
    <p role="status">{texts.states.loading}</p>
  ) : (
    <Welcome hasFailed={error !== undefined} />
  );
}

function Welcome({ hasFailed }: { hasFailed: boolean }): ReactElement {
  const auth = useAuth();
  const { session } = usePage();
  const isUnderWay = useRef(false);
  const [isAgain] = useState(() => session.wasSignedIn());
  const goesBySelf = isAgain && !hasFailed;
  useEffect(() => {
    if (goesBySelf && !isUnderWay.current) {
      isUnderWay.current = true;
      session.remember(false);
      void auth.signinRedirect({ state: presentPlace() });
    }
  }, [goesBySelf, session, auth]);
  if (goesBySelf) {
    return <p role="status">{texts.states.loading}</p>;
  }
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
