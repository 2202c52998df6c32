/** What a deployment tells the page, in `config.json` beside it. */
export interface PageConfig {
  /** Shown in the head of the page. */
  name: string;
  /** Where the API answers: an absolute address, or a path of the page's own origin. */
  apiUrl: string;
  issuer: string;
  clientId: string;
  /** The scopes to ask for, separated by blanks. */
  scope: string;
  /** For an issuer whose discovery document names no end of sessions, as Cognito's. */
  signOutUrl: string | null;
  hasLetters: boolean;
  /** Null where the owner has not named the publishable key: cards that need their holder are finished elsewhere. */
  stripe: { publishableKey: string; scriptUrl: string } | null;
}

export async function loadConfig(): Promise<PageConfig> {
  const response = await fetch(`${import.meta.env.BASE_URL}config.json`, { cache: 'no-store' });
  if (!response.ok) {
    throw new Error(`config.json: ${response.status}`);
  }
  const config: unknown = await response.json();
  if (!isConfig(config)) {
    throw new Error('config.json is not complete.');
  }
  return config;
}

/** The page and this file are deployed together: what is there is of its type. */
function isConfig(value: unknown): value is PageConfig {
  return (
    typeof value === 'object' &&
    value !== null &&
    ['name', 'apiUrl', 'issuer', 'clientId', 'scope', 'signOutUrl', 'hasLetters', 'stripe'].every((name) =>
      Object.hasOwn(value, name),
    )
  );
}
