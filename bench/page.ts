import { randomUUID } from 'node:crypto';
import type { Page } from 'playwright-core';
import { HAS_CHROMIUM, openChromium, signIn } from '../test/web/support/chromium.ts';
import { putLongHistory } from '../test/web/support/long-history.ts';
import { openSite, type Site } from '../test/web/support/site.ts';
import { median, round, timed } from './statistics.ts';
import { openTable } from './tables.ts';

/** "My usage" of a user who has done nothing, and of one who has a long history: p50 of each, and their ratio. */
export interface PageResult {
  ledgerEntries: number;
  emptyP50Ms: number;
  fullP50Ms: number;
  ratio: number;
}

const ENTRIES = 50_000;
const WARM_UP_ROUNDS = 3;
const ROUNDS = 25;

/**
 * What a long history costs its reader, in Chromium. Both pages take turns, so that what disturbs one disturbs the other.
 *
 * @returns null where there is no Chromium
 */
export async function benchPage(): Promise<PageResult | null> {
  if (!HAS_CHROMIUM) {
    return null;
  }
  const site = await openSite();
  const browser = await openChromium();
  try {
    const [empty, full] = [await subscriber(site), await subscriber(site)];
    const store = openTable(site.dynamodb, site.table);
    await putLongHistory(store, full, ENTRIES);
    store.client.destroy();
    const pages = await Promise.all(
      [empty, full].map(async (userId) => {
        const page = await (await browser.newContext()).newPage();
        await signIn(page, site, userId);
        return { page, samples: new Array<number>() };
      }),
    );
    for (let round = 0; round < WARM_UP_ROUNDS + ROUNDS; round += 1) {
      for (const { page, samples } of pages) {
        samples.push(await timeToOpen(page, site));
      }
    }
    const [emptyP50Ms = NaN, fullP50Ms = NaN] = pages.map(({ samples }) =>
      median(samples.slice(WARM_UP_ROUNDS)),
    );
    return {
      ledgerEntries: ENTRIES,
      emptyP50Ms: round(emptyP50Ms, 0),
      fullP50Ms: round(fullP50Ms, 0),
      ratio: round(fullP50Ms / emptyP50Ms, 3),
    };
  } finally {
    await browser.close();
    await site.close();
  }
}

async function subscriber(site: Site): Promise<string> {
  const userId = `bench-${randomUUID()}`;
  await site.setPlan(userId, 'pro');
  return userId;
}

/** From the click on "Usage" until all is there. */
async function timeToOpen(page: Page, { url }: Site): Promise<number> {
  await page.goto(`${url}/app/plans`);
  await page.getByRole('button', { name: 'Sign out' }).waitFor();
  await page.waitForLoadState('networkidle');
  return timed(async () => {
    await page.getByRole('link', { name: 'Usage' }).click();
    await page.getByRole('heading', { name: 'My usage' }).waitFor();
    await page.getByRole('heading', { name: 'Credit ledger' }).waitFor();
    await page.locator('.skeleton').first().waitFor({ state: 'detached' });
  });
}
