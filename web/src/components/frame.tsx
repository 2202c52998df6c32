import { type ReactElement, type ReactNode, useEffect, useRef } from 'react';
import { useAuth } from 'react-oidc-context';
import { Link, useLocation } from 'wouter';
import { format } from '../format/reader.ts';
import { usePage } from '../page-context.ts';
import { isOwner } from '../session/roles.ts';
import { useSignOut } from '../session/use-sign-out.ts';
import { presentPlace } from '../session/places.ts';
import { texts } from '../texts/texts.ts';

/** The head of the page with its navigation, and its foot. */
export function Frame({ children }: { children: ReactNode }): ReactElement {
  const { config } = usePage();
  return (
    <>
      <a className="skip" href="#content">
        {texts.shell.skip}
      </a>
      <header className="head">
        <div className="head-inner">
          <Link className="brand" href="/">
            <img src={`${import.meta.env.BASE_URL}icon.svg`} alt="" width="28" height="28" />
            {config.name}
          </Link>
          <Navigation />
          <Account />
        </div>
      </header>
      <main className="main" id="content" tabIndex={-1}>
        {children}
      </main>
      <footer className="foot">
        <span>{texts.shell.zone(format.zone)}</span>
        <a href={`${config.apiUrl.replace(/\/$/, '')}/docs`}>{texts.shell.documentation}</a>
      </footer>
    </>
  );
}

function Navigation(): ReactElement {
  const { config } = usePage();
  const { user, isAuthenticated } = useAuth();
  const [location] = useLocation();
  const places = [
    ['/', texts.shell.usage, true],
    ['/plans', texts.shell.plans, true],
    ['/credits', texts.shell.credits, isAuthenticated],
    ['/letters', texts.shell.letters, isAuthenticated && config.hasLetters],
    ['/dashboard', texts.shell.dashboard, isOwner(user)],
  ] as const;
  return (
    <nav className="nav" aria-label={texts.shell.navigation}>
      {places
        .filter(([, , isShown]) => isShown)
        .map(([href, text]) => (
          <Link key={href} href={href} aria-current={isAt(location, href) ? 'page' : undefined}>
            {text}
          </Link>
        ))}
    </nav>
  );
}

function isAt(location: string, href: string): boolean {
  return href === '/' ? location === '/' : location === href || location.startsWith(`${href}/`);
}

function Account(): ReactElement {
  const auth = useAuth();
  const { user, isAuthenticated } = auth;
  const signOut = useSignOut();
  const name = user?.profile.email ?? user?.profile.sub ?? '';
  return (
    <div className="head-user">
      {isAuthenticated ? (
        <>
          <span className="soft small" title={texts.shell.signedInAs(name)}>
            {name}
          </span>
          <button type="button" className="button button-small" onClick={signOut}>
            {texts.shell.signOut}
          </button>
        </>
      ) : (
        <button
          type="button"
          className="button button-small"
          onClick={() => void auth.signinRedirect({ state: presentPlace() })}
        >
          {texts.shell.signIn}
        </button>
      )}
    </div>
  );
}

interface PageHeadProps {
  title: string;
  lead?: ReactNode;
  /** Which part of it is shown. */
  part?: string | undefined;
}

/** Whoever has just opened the page begins at its top. */
let isFirst = true;

/** The heading of a page. It names the window, and takes the focus so that readers of the screen aloud begin here. */
export function PageHead({ title, lead, part }: PageHeadProps): ReactElement {
  const { config } = usePage();
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = [part, title, config.name].filter((name) => name !== undefined).join(' · ');
    if (!isFirst) {
      window.scrollTo(0, 0);
      heading.current?.focus({ preventScroll: true });
    }
    isFirst = false;
  }, [part, title, config.name]);
  return (
    <div className="page-head">
      <h1 ref={heading} tabIndex={-1}>
        {title}
      </h1>
      {lead !== undefined && <p>{lead}</p>}
    </div>
  );
}
