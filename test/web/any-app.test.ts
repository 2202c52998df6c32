/** The same page for another app: credits, levels and features of its catalogue, and no letters. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { fileOf } from '../e2e/support/examples.ts';
import { describeInBrowser, FLOW_MS, useBrowser, violationsOn } from './support/browser.ts';
import { signIn } from './support/chromium.ts';
import { openSite, type Site } from './support/site.ts';

describeInBrowser('the page of an app for pictures', () => {
  let site: Site;
  const browser = useBrowser();

  beforeAll(async () => {
    site = await openSite(fileOf('pictures'));
  }, FLOW_MS);

  afterAll(async () => {
    await site.close();
  });

  it(
    'is made from its catalogue',
    async () => {
      const page = await browser.open();
      await signIn(page, site, `user-${randomUUID()}`);
      await page.getByRole('heading', { name: 'images', exact: true }).waitFor();
      await page.getByText('0 of 1 seat held').waitFor();
      await page.getByText('Each costs 4 credits').waitFor();
      expect(await page.getByRole('link', { name: 'Letters' }).count()).toBe(0);
      await page.getByRole('link', { name: 'Plans', exact: true }).click();
      await page.getByRole('button', { name: 'Get Studio' }).waitFor();
      await page.getByText('Priority queue').first().waitFor();
      expect(await violationsOn(page)).toEqual([]);
    },
    FLOW_MS,
  );

  it(
    'has its totals and users on the dashboard',
    async () => {
      const user = `user-${randomUUID()}`;
      await site.setPlan(user, 'studio');
      const page = await browser.open();
      await signIn(page, site, 'owner');
      await page.getByRole('link', { name: 'Dashboard' }).click();
      await page.getByText('large images', { exact: true }).first().waitFor();
      await page.goto(`${site.url}/app/dashboard/users/${user}`);
      await page.getByText('Studio').first().waitFor();
      await page.getByRole('button', { name: 'Add up the ledger' }).click();
      await page.getByText(/The books close/).waitFor();
      await page.getByRole('spinbutton', { name: 'Credits' }).fill('2');
      await page.getByLabel('Reason').fill('Two were lost.');
      await page.getByRole('button', { name: 'Correct', exact: true }).click();
      await page.getByText(/^\+2. \d+ are available now.$/).waitFor();
    },
    FLOW_MS,
  );
});
