/** What the owner sees and does on the dashboard of the letters app. */
import { expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { Page } from 'playwright-core';
import type { Schemas } from '../../web/src/api/schemas.ts';
import { describeInBrowser, FLOW_MS, useBrowser, violationsOn } from './support/browser.ts';
import { signIn } from './support/chromium.ts';
import { says } from './support/steps.ts';
import { useSite } from './support/use-site.ts';

describeInBrowser('the dashboard', () => {
  const site = useSite();
  const browser = useBrowser();

  const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click();

  async function openAsOwner(part: string): Promise<Page> {
    const page = await browser.open();
    await signIn(page, site(), 'owner');
    await page.getByRole('link', { name: 'Dashboard' }).click();
    await page.getByRole('heading', { name: 'Totals' }).waitFor();
    if (part !== 'Overview') {
      await page
        .getByRole('navigation', { name: 'Parts of the dashboard' })
        .getByRole('link', { name: part })
        .click();
    }
    return page;
  }

  /** What this machine has nothing of, such as runs of last night. */
  async function answerWith(page: Page, path: string, body: object): Promise<void> {
    await page.route(`**${path}*`, (route) => route.fulfill({ json: body }));
  }

  it(
    'has totals and a trend of a chosen range, and who is near a limit',
    async () => {
      const page = await openAsOwner('Overview');
      await says(page, /^Compared with/);
      await page.getByRole('link', { name: 'demo-free' }).waitFor();
      await says(page, '80% of 5 letters');
      await page.getByText('7 days').click();
      await page.waitForURL(/start=/);
      await page.getByText('As a table').click();
      const rows = page.getByRole('table', { name: 'Trend' }).locator('tbody tr');
      await rows.nth(7).waitFor({ state: 'detached' });
      expect(await rows.count()).toBe(7);
      await page.getByLabel('Shown in the trend').selectOption('letters');
      await page.getByRole('img', { name: 'Trend: letters' }).waitFor();
    },
    FLOW_MS,
  );

  it(
    'says that a trend cannot be read, in place of zeros',
    async () => {
      const page = await browser.open();
      const problem = { code: 'internal', title: 'x', status: 500, detail: 'x' };
      await page.route('**/admin/usage-stats*', (route) => route.fulfill({ status: 500, json: problem }));
      await signIn(page, site(), 'owner', '/dashboard');
      await page.getByRole('link', { name: 'Dashboard' }).click();
      await says(page, 'Something went wrong on the server.');
      expect(await page.locator('.chart-picture').count()).toBe(0);
    },
    FLOW_MS,
  );

  it(
    'G5: shows one user with proof and ledger, corrects their credits with a reason, and finds that in the trail',
    async () => {
      const user = `user-${randomUUID()}`;
      await site().setPlan(user, 'pro');
      const page = await openAsOwner('Users');
      await page.getByLabel('User id').fill(user);
      await press(page, 'Show');
      await page.getByRole('heading', { name: user }).waitFor();
      await says(page, '0 letters used, unlimited');
      await page.getByRole('spinbutton', { name: 'Credits' }).fill('3');
      await page.getByLabel('Reason').fill('<b>Two</b> were lost');
      await press(page, 'Correct');
      await says(page, /^\+3. 5 are available now.$/);
      await press(page, 'Add up the ledger');
      await says(page, /The books close/);
      await press(page, 'Show the ledger');
      await says(page, 'Corrected upwards');
      await page.getByRole('link', { name: 'Audit trail' }).click();
      await page.getByLabel('What').selectOption('Credits corrected');
      await page.getByLabel('User id').fill(user);
      await press(page, 'Show');
      const rows = page.getByRole('table', { name: 'Audit trail' }).locator('tbody tr');
      await rows.filter({ hasText: '<b>Two</b> were lost' }).waitFor();
      expect(await rows.count()).toBe(1);
      expect(page.url()).toContain('type=CreditsAdjusted');
    },
    FLOW_MS,
  );

  it(
    'reads a user once, however often its window comes to the front, and adds up the ledger when somebody asks',
    async () => {
      const user = `user-${randomUUID()}`;
      await site().setPlan(user, 'pro');
      const page = await openAsOwner('Users');
      const reads: string[] = [];
      page.on('request', (request) => {
        if (request.method() === 'GET' && request.url().includes(user)) {
          reads.push(
            request
              .url()
              .replace(/^.*\/admin/, '')
              .replace(user, 'USER'),
          );
        }
      });
      const comeBack = async (): Promise<void> => {
        await page.evaluate("window.dispatchEvent(new Event('visibilitychange'))");
        await page.waitForTimeout(500);
      };
      await page.getByLabel('User id').fill(user);
      await press(page, 'Show');
      await says(page, '0 letters used, unlimited');
      await press(page, 'Add up the ledger');
      await says(page, /The books close/);
      const opened = ['/audit-events?limit=20&user=USER', '/users/USER', '/users/USER/ledger-proof'];
      expect(reads.toSorted()).toEqual(opened);
      await page.evaluate('const now = Date.now; Date.now = () => now() + 60_000');
      await comeBack();
      await comeBack();
      expect(reads.toSorted()).toEqual(opened);

      reads.length = 0;
      await page.getByRole('spinbutton', { name: 'Credits' }).fill('3');
      await page.getByLabel('Reason').fill('Lost');
      await press(page, 'Correct');
      await says(page, /^\+3. 5 are available now.$/);
      await comeBack();
      expect(reads.toSorted()).toEqual(['/audit-events?limit=20&user=USER', '/users/USER']);

      reads.length = 0;
      await page.getByRole('region', { name: 'Account' }).getByRole('button', { name: 'Refresh' }).click();
      await press(page, 'Add up the ledger');
      await comeBack();
      expect(reads.toSorted()).toEqual(['/users/USER', '/users/USER/ledger-proof']);
    },
    FLOW_MS,
  );

  it(
    'shows the usual days and the present month where its address names none, and says so',
    async () => {
      const page = await browser.open();
      await signIn(page, site(), 'owner', '/dashboard?start=2026-01-01&end=20266-01-01');
      await says(page, 'The address names no days up to today. These are the last 30.');
      await says(page, /^Compared with/);
      expect(await page.getByLabel('To (UTC)').getAttribute('max')).toBe(
        new Date().toISOString().slice(0, 10),
      );
      await page.goto(`${site().url}/app/dashboard/report?month=2026-13`);
      await says(page, 'The address names no month up to now. This is the present one.');
      await says(page, /refunded$/);
    },
    FLOW_MS,
  );

  it.each([
    ['100%', '100%25'],
    ['a%2Fb', 'a%252Fb'],
    ['a/b?c#d', 'a%2Fb%3Fc%23d'],
  ])(
    'finds the user %s and no other',
    async (user, part) => {
      const page = await openAsOwner('Users');
      await page.getByLabel('User id').fill(user);
      await Promise.all([
        page.waitForRequest(`**/admin/users/${part}`),
        page.getByRole('button', { name: 'Show' }).click(),
      ]);
      await page.getByRole('heading', { name: user, exact: true }).waitFor();
      await page.goto(`${site().url}/app/dashboard/audit?user=${part}`);
      await page.getByRole('textbox', { name: 'User id' }).waitFor();
      expect(await page.getByLabel('User id').inputValue()).toBe(user);
    },
    FLOW_MS,
  );

  it(
    'has no user for an address that cannot be read',
    async () => {
      const page = await openAsOwner('Overview');
      await page.evaluate("history.pushState(null, '', '/app/dashboard/users/100%')");
      await says(page, 'There is no such page');
    },
    FLOW_MS,
  );

  it(
    'has the report of a month, with the thresholds that were crossed',
    async () => {
      const page = await browser.open();
      const nothing = { value: null, threshold: 0.05, isCrossed: false };
      const report: Omit<Schemas['MailReport'], 'month'> = {
        mails: { delivered: 40, free: 30, paid: 10 },
        revenueCents: 3_000,
        refundedCents: 300,
        disputes: { opened: 2, won: 1, lost: 1 },
        mailsPerProUser: 2,
        rates: {
          creditUtilization: { value: 0.5, threshold: null, isCrossed: false },
          exhaustion: { value: 0.6, threshold: 0.5, isCrossed: true },
          payAsYouGoConversion: nothing,
          failedPayments: { value: 0.01, threshold: 0.02, isCrossed: false },
          refunds: nothing,
        },
      };
      await answerWith(page, '/admin/reports/mail-credits', { month: '2026-11', ...report });
      await signIn(page, site(), 'owner');
      await page.getByRole('link', { name: 'Dashboard' }).click();
      await page.getByRole('link', { name: 'Report' }).click();
      await says(page, '$3.00 refunded');
      const row = (name: string) => page.getByRole('row', { name: new RegExp(name) });
      await row('Users without credits').getByText('Crossed').waitFor();
      await row('Failed payments').getByText('Within').waitFor();
      await row('Credits used of those included').getByText('No threshold').waitFor();
      await row('Refunds').getByText('Nothing to measure').waitFor();
    },
    FLOW_MS,
  );

  it(
    'G10: sends failed events again, and shows runs, the catalogue with its last comparison, and Stripe’s check',
    async () => {
      const page = await browser.open();
      const failed = {
        id: 'evt_1',
        type: 'invoice.paid',
        reason: 'unknown_price',
        failedAt: '2026-11-24T09:00:00Z',
      };
      let isLeft = true;
      await page.route('**/admin/failed-events*', (route) =>
        route.fulfill({ json: { items: isLeft ? [failed] : [], nextCursor: null } }),
      );
      await page.route('**/admin/failed-events/redrive', async (route) => {
        isLeft = false;
        await route.fulfill({ json: { redriven: 1 } });
      });
      const run = { executionId: 'x', at: '2026-11-24T00:10:00Z', totalProcessed: 1_234, errorCount: 2 };
      await answerWith(page, '/admin/rollovers', {
        items: [{ ...run, errorRate: 0.0016, processingTimeMs: 4_200 }],
        nextCursor: null,
      });
      await answerWith(page, '/admin/checks', {
        stripe: {
          at: '2026-11-24T02:00:00Z',
          differences: [{ says: 'Pro costs $8.00 at Stripe.', mend: 'Make a price.' }],
        },
      });
      const lastDiff = { at: '2026-11-24T09:00:00Z', accounts: 90, gaining: 12, losing: 3 };
      await answerWith(page, '/admin/catalogue', {
        since: '2026-11-24T09:00:00Z',
        version: 2,
        fingerprint: 'x',
        catalogue: {},
        lastDiff,
      });
      await signIn(page, site(), 'owner');
      await page.getByRole('link', { name: 'Dashboard' }).click();
      await page.getByRole('link', { name: 'Operations' }).click();
      await says(page, 'invoice.paid');
      await says(page, '2 (0.2%)');
      await says(page, 'Pro costs $8.00 at Stripe.');
      await says(page, /90 accounts, 12 gain something, 3 lose something/);
      expect(await violationsOn(page)).toEqual([]);
      await press(page, 'Send all again');
      await says(page, 'No event has failed.');
    },
    FLOW_MS,
  );

  it(
    'G13: says who may see it when the API refuses, whatever the page thought',
    async () => {
      const page = await browser.open();
      const problem = { code: 'forbidden', title: 'Forbidden', status: 403, detail: 'x' };
      await page.route('**/admin/**', (route) => route.fulfill({ status: 403, json: problem }));
      await signIn(page, site(), 'owner');
      await page.getByRole('link', { name: 'Dashboard' }).click();
      await says(page, 'You may not see this. It is for the owner of the app.');
    },
    FLOW_MS,
  );
});
