import { lazy, type ReactElement, Suspense } from 'react';
import { Route, Router, Switch } from 'wouter';
import { Boundary } from './components/broken.tsx';
import { Frame } from './components/frame.tsx';
import { texts } from './texts/texts.ts';
import { usePage } from './page-context.ts';
import { CreditsPage } from './pages/credits/credits-page.tsx';
import { LettersPage } from './pages/letters/letters-page.tsx';
import { NotFoundPage } from './pages/not-found-page.tsx';
import { PlansPage } from './pages/plans/plans-page.tsx';
import { UsagePage } from './pages/usage/usage-page.tsx';
import { SessionEnded } from './session/session-ended.tsx';
import { Resumed, SignedIn } from './session/signed-in.tsx';

const Dashboard = lazy(async () => {
  const { Dashboard: component } = await import('./pages/dashboard/dashboard.tsx');
  return { default: component };
});

const BASE = import.meta.env.BASE_URL.replace(/\/$/, '');

export function App(): ReactElement {
  const { config } = usePage();
  return (
    <Router base={BASE}>
      <Frame>
        <Boundary>
          <Resumed>
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
                  <Suspense fallback={<p role="status">{texts.states.loading}</p>}>
                    <Dashboard />
                  </Suspense>
                </SignedIn>
              </Route>
              <Route>
                <NotFoundPage />
              </Route>
            </Switch>
          </Resumed>
        </Boundary>
      </Frame>
      <SessionEnded />
    </Router>
  );
}
