import { lazy, type ReactElement, Suspense } from 'react';
import { Route, Router, Switch } from 'wouter';
import { usePath, useQueryString } from './address.ts';
import { Boundary } from './components/broken.tsx';
import { Frame } from './components/frame.tsx';
import { texts } from './texts/texts.ts';
import { usePage } from './page-context.ts';
import { NotFoundPage } from './pages/not-found-page.tsx';
import { UsagePage } from './pages/usage/usage-page.tsx';
import { SessionEnded } from './session/session-ended.tsx';
import { Resumed, SignedIn } from './session/signed-in.tsx';

// What a user looks at first comes first; each other page comes when it is asked for.
const CreditsPage = lazy(async () => {
  const { CreditsPage: component } = await import('./pages/credits/credits-page.tsx');
  return { default: component };
});
const LettersPage = lazy(async () => {
  const { LettersPage: component } = await import('./pages/letters/letters-page.tsx');
  return { default: component };
});
const PlansPage = lazy(async () => {
  const { PlansPage: component } = await import('./pages/plans/plans-page.tsx');
  return { default: component };
});
const Dashboard = lazy(async () => {
  const { Dashboard: component } = await import('./pages/dashboard/dashboard.tsx');
  return { default: component };
});

const BASE = import.meta.env.BASE_URL.replace(/\/$/, '');

export function App(): ReactElement {
  const { config } = usePage();
  return (
    <Router base={BASE} hook={usePath} searchHook={useQueryString}>
      <Frame>
        <Boundary>
          <Resumed>
            <Suspense fallback={<p role="status">{texts.states.loading}</p>}>
              <Switch>
                <Route path="/plans">
                  <PlansPage />
                </Route>
                <Route path="/">
                  <SignedIn>
                    <UsagePage />
                  </SignedIn>
                </Route>
                <Route path="/credits">
                  <SignedIn>
                    <CreditsPage />
                  </SignedIn>
                </Route>
                {config.hasLetters && (
                  <Route path="/letters">
                    <SignedIn>
                      <LettersPage />
                    </SignedIn>
                  </Route>
                )}
                <Route path="/dashboard/*?">
                  <SignedIn>
                    <Dashboard />
                  </SignedIn>
                </Route>
                <Route>
                  <NotFoundPage />
                </Route>
              </Switch>
            </Suspense>
          </Resumed>
        </Boundary>
      </Frame>
      <SessionEnded />
    </Router>
  );
}
