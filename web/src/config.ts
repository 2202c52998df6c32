import type { PageConfig } from './page-config.ts';

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
