/** What changes while somebody looks at the page, which they did not do there. */
import { expect, it } from '@jest/globals';
import { setTimeout as wait } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import type { Schemas } from '../../web/src/api/schemas.ts';
import { dev } from '../e2e/support/dev.ts';
import { describeInBrowser, FLOW_MS, useBrowser } from './support/browser.ts';
import { signIn } from './support/chromium.ts';
import { press, says, someone, visit } from './support/steps.ts';
import { useSite } from './support/use-site.ts';

describeInBrowser('an open page', () => {
  const site = useSite();
  const browser = useBrowser();

  const firstRow = (page: Page, table: string) =>
    page.getByRole('table', { name: table }).locator('tbody tr').first();

  async function writeLetter(user: string): Promise<string> {
    const { id } = await site().call(user, 'POST', '/letters', { title: 'To me', body: 'Hello' });
    return String(id);
  }

  it(
    'shows that a payment which was pending is decided',
    async () => {
      const user = someone();
      const page = await browser.open();
      await signIn(page, site(), user);
      await visit(page, 'Plans');
      await press(page, 'Get Pro');
      await page.getByLabel(/asks for its holder/).check();
      await press(page, /^Pay/);
      await says(page, 'Your plan is Pro.');
      const letterId = await writeLetter(user);
      const recipient = {
        name: 'Ada',
        line1: '1',
        city: 'London',
        postalCode: 'SW1Y 4JH',
        country: 'GB',
      };
      const mail = { letterId, channel: 'mail', deliverAt: '2090-01-31T09:00:00Z', recipient };
      for (let credits = 0; credits < 2; credits += 1) {
        await site().call(user, 'POST', '/deliveries', mail);
      }
      const asked = await site().call(user, 'POST', '/deliveries', { ...mail, payAsYouGo: true });
      await visit(page, 'Letters');
      await firstRow(page, 'Deliveries').getByText('Payment pending').waitFor();
      const payment = /^pi_[^_]+/.exec(String(asked['clientSecret']))?.[0] ?? '';
      await dev(site().url, 'POST', `/dev/stripe/payment-intents/${payment}/authenticate`, {
        approved: true,
      });
      await firstRow(page, 'Deliveries').getByText('Scheduled').waitFor();
    },
    FLOW_MS,
  );

  it(
    'shows that a purchase was paid in another window, and its credits',
    async () => {
      const user = someone();
      await site().setPlan(user, 'pro');
      const { checkoutUrl } = await site().call(user, 'POST', '/credits/purchases', { bundle: 5 });
      const page = await browser.open();
      await signIn(page, site(), user);
      await visit(page, 'Credits');
      await firstRow(page, 'Purchases').getByText('Not paid').waitFor();
      const session = /cs_test_\w+/.exec(String(checkoutUrl))?.[0] ?? '';
      await dev(site().url, 'POST', `/dev/stripe/checkout/${session}/pay`, {});
      await firstRow(page, 'Purchases').getByText('Paid', { exact: true }).waitFor();
      await says(page, /^7$/);
    },
    FLOW_MS,
  );

  it(
    'says that a delivery which has gone out is too late to cancel, and shows it as it is',
    async () => {
      const user = someone();
      await site().setPlan(user, 'pro');
      const letterId = await writeLetter(user);
      const page = await browser.open();
      await signIn(page, site(), user);
      const { id } = await site().call(user, 'POST', '/deliveries', {
        letterId,
        channel: 'email',
        deliverAt: new Date(Date.now() + 5_000).toISOString(),
        recipient: { email: 'ada@example.com' },
      });
      await visit(page, 'Letters');
      await firstRow(page, 'Deliveries').getByText('Scheduled').waitFor();
      await press(page, /^Cancel$/);
      await untilSent(user, String(id));
      await press(page, 'Cancel the delivery');
      await says(page, 'A delivery that is sent cannot be cancelled.');
      await press(page, 'Keep it');
      await firstRow(page, 'Deliveries').getByText('Sent').waitFor();
      expect(await firstRow(page, 'Deliveries').getByRole('button').count()).toBe(0);
    },
    FLOW_MS,
  );

  async function untilSent(user: string, id: string): Promise<void> {
    const headers = { authorization: `Bearer ${site().cronSecret}` };
    while ((await site().call(user, 'GET', `/deliveries/${id}`))['status'] !== 'sent') {
      await fetch(`${site().url}/cron/reconcile-deliveries`, { method: 'POST', headers });
      await wait(500);
    }
  }

  it(
    'reads everything of its user again when a period ends',
    async () => {
      const page = await browser.open();
      let hasReset = false;
      const endsAt = new Date(Date.now() + 15_000).toISOString();
      await page.route('**/account', async (route) => {
        const response = await route.fetch();
        const account = (await response.json()) as Schemas['Account'];
        hasReset = Date.now() > Date.parse(endsAt);
        const period = { startsAt: '2026-01-31T09:00:00.000Z', endsAt };
        await route.fulfill({ response, json: hasReset ? account : { ...account, period } });
      });
      await page.route('**/credits', async (route) => {
        const response = await route.fetch();
        const credits = (await response.json()) as Schemas['CreditsSummary'];
        await route.fulfill({
          response,
          json: { ...credits, purchased: hasReset ? 40 : 30, available: hasReset ? 40 : 30 },
        });
      });
      await signIn(page, site(), someone());
      await says(page, /^30$/);
      await says(page, /^40$/);
    },
    FLOW_MS,
  );
});
