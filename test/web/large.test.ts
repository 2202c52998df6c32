/** A user with a long history opens the page by the requests of one who has done nothing. `npm run bench` times both. */
import { expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { Page, Request } from 'playwright-core';
import { connectTable } from '../../lambdas/adapters/dynamodb/store.ts';
import { LOCAL_AWS } from '../support/table.ts';
import { describeInBrowser, FLOW_MS, useBrowser } from './support/browser.ts';
import { signIn } from './support/chromium.ts';
import { putLongHistory } from './support/long-history.ts';
import { useSite } from './support/use-site.ts';

const ENTRIES = 1_000;
/** What a list shows before its reader asks for more. */
const FIRST_ROWS = 20;
/** Twenty entries, or six periods, with all that belongs to them. */
const MOST_BYTES = 5_000;

describeInBrowser('the page of a user with much behind them', () => {
  const site = useSite();
  const browser = useBrowser();

  interface Asked {
    path: string;
    bytes: number;
  }

  /** Loads "My usage". @returns what it asked the API for, with the size of each answer */
  async function open(page: Page): Promise<Asked[]> {
    await page.waitForLoadState('networkidle');
    const asked: Promise<Asked>[] = [];
    const note = (request: Request): void => {
      const { pathname, search } = new URL(request.url());
      if (request.resourceType() === 'fetch') {
        const sizes = request.sizes();
        asked.push(sizes.then(({ responseBodySize: bytes }) => ({ path: pathname + search, bytes })));
      }
    };
    page.on('requestfinished', note);
    await page.goto(`${site().url}/app/`, { waitUntil: 'networkidle' });
    await page.getByRole('heading', { name: 'Credit ledger' }).waitFor();
    page.off('requestfinished', note);
    return Promise.all(asked);
  }

  const pathsOf = (asked: readonly Asked[]): string[] => asked.map(({ path }) => path).sort();

  it(
    'asks for no more than that of a new user, and shows older entries on request',
    async () => {
      const { dynamodb, table } = site();
      const [much, none] = [`user-${randomUUID()}`, `user-${randomUUID()}`];
      await Promise.all([much, none].map((userId) => site().setPlan(userId, 'pro')));
      const connected = connectTable(table, { endpoint: dynamodb, ...LOCAL_AWS });
      await putLongHistory(connected, much, ENTRIES);
      connected.client.destroy();

      const [ofMuch, ofNone] = [await browser.open(), await browser.open()];
      await signIn(ofMuch, site(), much);
      await signIn(ofNone, site(), none);
      const asked = await open(ofMuch);
      expect(pathsOf(asked)).toEqual(pathsOf(await open(ofNone)));
      expect(asked.filter(({ bytes }) => bytes > MOST_BYTES)).toEqual([]);

      const rows = ofMuch.getByRole('table', { name: 'Credit ledger' }).locator('tbody tr');
      expect(await rows.count()).toBe(FIRST_ROWS);
      await ofMuch.getByText('Last 24').click();
      await ofMuch.getByRole('button', { name: 'Load older' }).click();
      await rows.nth(FIRST_ROWS * 2 - 1).waitFor();
      expect(await rows.count()).toBe(FIRST_ROWS * 2);
    },
    FLOW_MS,
  );
});
