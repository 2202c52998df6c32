import type { ReactElement } from 'react';
import { useAuth } from 'react-oidc-context';
import { Link, Route, Switch, useLocation } from 'wouter';
import { decoded } from '../../address.ts';
import { PageHead } from '../../components/frame.tsx';
import { Notice } from '../../components/notice.tsx';
import { usePage } from '../../page-context.ts';
import { isOwner } from '../../session/roles.ts';
import { texts } from '../../texts/texts.ts';
import { NotFoundPage } from '../not-found-page.tsx';
import { AuditTrail } from './audit-trail.tsx';
import './dashboard.css';
import { Operations } from './operations.tsx';
import { Overview } from './overview.tsx';
import { Report } from './report.tsx';
import { UserPage } from './user-page.tsx';
import { Users } from './users.tsx';

/** For the owner: what all users do, and what needs them. The API refuses whoever lacks the role. */
export function Dashboard(): ReactElement {
  const { config } = usePage();
  const { user } = useAuth();
  if (!isOwner(user)) {
    return (
      <>
        <PageHead title={texts.dashboard.title} />
        <Notice tone="warn" title={texts.dashboard.notOwner}>
          <p>{texts.dashboard.notOwnerHelp}</p>
        </Notice>
      </>
    );
  }
  return (
    <>
      <Parts />
      <Switch>
        <Route path="/dashboard">
          <Overview />
        </Route>
        <Route path="/dashboard/users">
          <Users />
        </Route>
        <Route path="/dashboard/users/:userId">
          {({ userId: part }) => <UserAt userId={decoded(part)} />}
        </Route>
        <Route path="/dashboard/audit">
          <AuditTrail />
        </Route>
        <Route path="/dashboard/operations">
          <Operations />
        </Route>
        {config.hasLetters && (
          <Route path="/dashboard/report">
            <Report />
          </Route>
        )}
        <Route>
          <NotFoundPage />
        </Route>
      </Switch>
    </>
  );
}

function UserAt({ userId }: { userId: string | null }): ReactElement {
  return userId === null ? <NotFoundPage /> : <UserPage key={userId} userId={userId} />;
}

/** The head of the dashboard, with the way to each part of it. */
function Parts(): ReactElement {
  const { config } = usePage();
  const [location] = useLocation();
  const { dashboard } = texts;
  const parts = [
    ['/dashboard', dashboard.overview],
    ['/dashboard/users', dashboard.users],
    ['/dashboard/audit', dashboard.audit],
    ...(config.hasLetters ? [['/dashboard/report', dashboard.report] as const] : []),
    ['/dashboard/operations', dashboard.operations],
  ] as const;
  const present = parts.findLast(([href]) => location === href || location.startsWith(`${href}/`));
  return (
    <>
      <PageHead title={dashboard.title} part={present?.[1]} />
      <nav className="nav parts" aria-label={dashboard.sections}>
        {parts.map(([href, text]) => (
          <Link key={href} href={href} aria-current={href === present?.[0] ? 'page' : undefined}>
            {text}
          </Link>
        ))}
      </nav>
    </>
  );
}
