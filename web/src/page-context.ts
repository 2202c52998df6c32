import { createContext, use } from 'react';
import type { Api } from './api/client.ts';
import type { PageConfig } from './page-config.ts';
import type { Session } from './session/session.ts';

/** What every part of the page can reach. */
export interface PageContext {
  config: PageConfig;
  api: Api;
  session: Session;
}

export const Page = createContext<PageContext | null>(null);

export function usePage(): PageContext {
  const page = use(Page);
  if (page === null) {
    throw new Error('There is no page around this.');
  }
  return page;
}
