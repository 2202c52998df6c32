import { QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { AuthProvider } from 'react-oidc-context';
import type { User } from 'oidc-client-ts';
import { App } from './app.tsx';
import { createApi } from './api/client.ts';
import { createQueries } from './api/queries.ts';
import { Broken } from './components/broken.tsx';
import { loadConfig } from './config.ts';
import { Page } from './page-context.ts';
import { createSession } from './session/session.ts';
import { placeAfterSignIn } from './session/places.ts';
import './styles/tokens.css';
import './styles/base.css';
import './styles/layout.css';
import './styles/controls.css';
import './styles/table.css';

const place = document.getElementById('page');
if (place === null) {
  throw new Error('The document has no place for the page.');
}
const root = createRoot(place);

try {
  const config = await loadConfig();
  const session = createSession(config);
  const page = { config, session, api: createApi(config.apiUrl, session) };
  const onSignIn = (user: User | undefined): void => {
    session.remember(true);
    window.history.replaceState({}, '', placeAfterSignIn(user));
  };
  root.render(
    <StrictMode>
      <AuthProvider userManager={session.manager} onSigninCallback={onSignIn}>
        <QueryClientProvider client={createQueries()}>
          <Page value={page}>
            <App />
          </Page>
        </QueryClientProvider>
      </AuthProvider>
    </StrictMode>,
  );
} catch {
  root.render(<Broken />);
}
