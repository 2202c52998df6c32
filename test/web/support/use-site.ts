import { afterAll, beforeAll } from '@jest/globals';
import { BUILT_WITHIN_MS, openSite, type Site } from './site.ts';

/** A site for a test file. */
export function useSite(): () => Site {
  let site: Site;
  beforeAll(async () => {
    site = await openSite();
  }, BUILT_WITHIN_MS + 30_000);
  afterAll(async () => {
    await site.close();
  });
  return () => site;
}
