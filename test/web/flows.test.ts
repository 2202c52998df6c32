/** What users do on the page, by clicking alone. */
import { expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { DAY_MS } from '../../lambdas/domain/instants.ts';
import { createFormat } from '../../web/src/format/format.ts';
import { describeInBrowser, FLOW_MS, useBrowser } from './support/browser.ts';
import { signIn } from './support/chromium.ts';
import { press, says, someone, visit } from './support/steps.ts';
import { useSite } from './support/use-site.ts';

const TWO_MINUTES_MS = 120_000;
/** As the page shows times to whom `useBrowser` opens it for. */
const format = createFormat({ locale: 'en-US', timeZone: 'Europe/Berlin' });

describeInBrowser('the page', () => {
  const site = useSite();
  const browser = useBrowser();

  /** What no user of this machine has. */
  async function changeAnswer(
    page: Page,
    path: string,
    change: (answer: Record<string, unknown>) => object,
  ): Promise<void> {
    await page.route(path, async (route) => {
      const response = await route.fetch();
      const answer = (await response.json()) as Record<string, unknown>;
      await route.fulfill({ response, json: change(answer) });
    });
  }

  async function write(page: Page, title: string): Promise<void> {
    await visit(page, 'Letters');
    await page.getByLabel('Title').fill(title);
    await page.getByRole('textbox', { name: 'Letter' }).fill('Did you learn to swim?');
    await press(page, 'Save the letter');
  }

  async function fillMail(page: Page, postalCode = 'SW1Y 4JH'): Promise<void> {
    await page.getByText('By post', { exact: true }).click();
    await page.getByLabel('When').fill('2090-01-31T09:00');
    await page.getByLabel('Country').selectOption('GB');
    await page.getByLabel('Name').fill('Ada Lovelace');
    await page.getByLabel('Street and number').fill('12 St James’s Square');
    await page.getByLabel('City').fill('London');
    await page.getByLabel('Postal code').fill(postalCode);
  }

  async function sendMail(page: Page): Promise<void> {
    await fillMail(page);
    await press(page, 'Schedule it');
  }

  async function subscribe(page: Page, card: RegExp): Promise<void> {
    await visit(page, 'Plans');
    await press(page, 'Get Pro');
    await page.getByLabel(card).check();
    await press(page, /^Pay/);
    await says(page, 'Your plan is Pro.');
  }

  async function useUp(page: Page): Promise<void> {
    await write(page, 'To be sent');
    await says(page, 'Saved.');
    for (let credits = 0; credits < 2; credits += 1) {
      await sendMail(page);
      await says(page, /^Scheduled for/);
    }
  }

  it(
    'G9: leads from the start to the first paid mail in less than two minutes',
    async () => {
      const startedAt = performance.now();
      const page = await browser.open();
      await signIn(page, site(), someone());
      await subscribe(page, /that pays/);
      await useUp(page);
      await fillMail(page);
      await says(page, /No credits are left. This costs \$3.00/);
      await press(page, 'Schedule it');
      await page.getByRole('dialog', { name: 'No credits left' }).waitFor();
      await says(page, 'This mail costs $3.00, charged to your card now.');
      await press(page, 'Pay $3.00 and schedule');
      await says(page, /^Scheduled for/);
      await says(page, 'By post, $3.00');
      expect(performance.now() - startedAt).toBeLessThan(TWO_MINUTES_MS);
    },
    FLOW_MS,
  );

  it(
    'G9: charges nobody who does not say so, and asks the bank where it wants that',
    async () => {
      const page = await browser.open();
      await signIn(page, site(), someone());
      await subscribe(page, /asks for its holder/);
      await useUp(page);
      await sendMail(page);
      await press(page, 'Not now');
      await says(page, 'By post, one credit');
      expect(await page.getByText('By post, $3.00').count()).toBe(0);

      await press(page, 'Schedule it');
      await press(page, 'Pay $3.00');
      await press(page, 'Fail');
      await says(page, 'Try again with another card.');

      await press(page, 'Schedule it');
      await press(page, 'Pay $3.00');
      await press(page, 'Authorize');
      await says(page, /^Scheduled for/);
    },
    FLOW_MS,
  );

  it(
    'says that a card was declined, and leads to another one',
    async () => {
      const page = await browser.open();
      await signIn(page, site(), someone());
      await subscribe(page, /that pays/);
      await visit(page, 'Usage');
      await press(page, 'Cards and invoices');
      await page.getByLabel(/declines every charge/).check();
      await press(page, 'Use this card');
      await says(page, 'The card is changed.');
      await page.getByRole('link', { name: 'Back to the app' }).click();
      await useUp(page);
      await sendMail(page);
      await press(page, 'Pay $3.00');
      await says(page, 'Your card was declined. $3.00 were not charged.');
      expect(await page.getByLabel('City').inputValue()).toBe('London');
    },
    FLOW_MS,
  );

  it(
    'shows the limit that is reached, when it resets, and the plan that helps',
    async () => {
      const user = someone();
      const page = await browser.open();
      await signIn(page, site(), user);
      await page.getByText('5 of 5').waitFor({ state: 'detached' });
      for (let letters = 0; letters < 5; letters += 1) {
        await site().call(user, 'POST', '/letters', { title: 'To me', body: 'Hello' });
      }
      await write(page, 'One too many');
      await says(page, 'You have used 5 of 5 letters. The limit of your plan is reached.');
      await says(page, /It resets .* GMT\+1/);
      expect(await page.getByLabel('Title').inputValue()).toBe('One too many');
      await page.getByRole('link', { name: 'See Pro' }).click();
      await page.getByRole('heading', { name: 'Plans' }).waitFor();
      await visit(page, 'Usage');
      await says(page, 'Limit reached');
      expect(await page.getByRole('meter').first().getAttribute('aria-valuetext')).toBe(
        '5 of 5 letters used, 0 left',
      );
    },
    FLOW_MS,
  );

  it(
    'says when a day’s limit is reached, and which part of an address the sender would refuse',
    async () => {
      const user = someone();
      await site().setPlan(user, 'enterprise');
      const { id: letterId } = await site().call(user, 'POST', '/letters', { title: 'To me', body: 'Hi' });
      const recipient = { name: 'Ada', line1: '1', city: 'London', postalCode: 'SW1Y 4JH', country: 'GB' };
      const order = { letterId, channel: 'mail', deliverAt: '2090-01-31T09:00:00Z', recipient };
      for (let mails = 0; mails < 10; mails += 1) {
        await site().call(user, 'POST', '/deliveries', order);
      }
      const page = await browser.open();
      await signIn(page, site(), user, '/letters');
      await visit(page, 'Letters');
      await fillMail(page, '');
      await press(page, 'Schedule it');
      await says(page, 'Mail to GB does not arrive without it.');
      expect(await page.getByLabel('Postal code').getAttribute('aria-invalid')).toBe('true');
      await page.getByLabel('Postal code').fill('SW1Y 4JH');
      await press(page, 'Schedule it');
      await says(page, 'You have used today’s 10 postal mails.');
    },
    FLOW_MS,
  );

  it(
    'G11: cancels a delivery, and the credit is back',
    async () => {
      const page = await browser.open();
      await signIn(page, site(), someone());
      await subscribe(page, /that pays/);
      await write(page, 'To be cancelled');
      await says(page, 'Saved.');
      await sendMail(page);
      await says(page, /^Scheduled for/);
      await press(page, /^Cancel$/);
      await says(page, /the credit comes back to you/);
      await press(page, 'Cancel the delivery');
      await says(page, 'Cancelled');
      await visit(page, 'Credits');
      await says(page, /^2$/);
    },
    FLOW_MS,
  );

  it(
    'names the day until which a year is paid, where somebody cancels it',
    async () => {
      const user = someone();
      const page = await browser.open();
      await signIn(page, site(), user);
      await visit(page, 'Plans');
      await page.getByText('Yearly', { exact: true }).click();
      await press(page, 'Get Pro');
      await page.getByLabel(/that pays/).check();
      await press(page, /^Pay/);
      await says(page, 'Your plan is Pro.');
      await visit(page, 'Usage');
      await press(page, /^Cancel$/);
      const { periodEndsAt } = await site().call(user, 'GET', '/billing');
      expect(Date.parse(String(periodEndsAt)) - Date.now()).toBeGreaterThan(300 * DAY_MS);
      await says(page, `Everything stays until ${format.instant(String(periodEndsAt))}.`);
      await press(page, 'Cancel the subscription');
      await says(page, `Ends ${format.instant(String(periodEndsAt))}`);
    },
    FLOW_MS,
  );

  it(
    'promises a letter by the clocks of a place, and says what comes of a time that they skip or show twice',
    async () => {
      const user = someone();
      await site().setPlan(user, 'pro');
      const page = await browser.open();
      await signIn(page, site(), user);
      await write(page, 'By the clock');
      await says(page, 'Saved.');
      await page.getByLabel('When').fill('2031-03-30T02:30');
      await says(page, 'The clocks in Europe/Berlin skip this time. It goes out as soon as they have.');
      await page.getByLabel('When').fill('2031-10-26T02:30');
      await says(page, /show this time twice, because they go back. It goes out the first time/);
      await page.getByLabel('Time zone').selectOption('America/Chicago');
      await says(page, /^For you that is Oct 26, 2031, 08:30 AM GMT\+1/);
      await page.getByLabel('E-mail address').fill('me@example.com');
      await press(page, 'Schedule it');
      await says(page, 'Scheduled for Oct 26, 2031, 02:30 AM, America/Chicago.');
      const { items } = await site().call(user, 'GET', '/deliveries');
      expect(items).toMatchObject([
        {
          promisedAt: { local: '2031-10-26T02:30', zone: 'America/Chicago' },
          deliverAt: '2031-10-26T07:30:00.000Z',
        },
      ]);
    },
    FLOW_MS,
  );

  it(
    'G8: sells a bundle, whose credits arrive; gives some away, and somebody claims them',
    async () => {
      const page = await browser.open();
      await signIn(page, site(), someone());
      await subscribe(page, /that pays/);
      await visit(page, 'Credits');
      await press(page, 'Buy for $14.00');
      await press(page, /^Pay/);
      await says(page, 'Your credits have arrived.');
      await visit(page, 'Credits');
      await page.getByLabel('How many').fill('2');
      await press(page, 'Make the gift');
      const code = (await page.locator('.code').textContent()) ?? '';
      expect(code).toMatch(/^[0-9A-Z]{7}(-[0-9A-Z]{7}){3}$/);

      const other = await browser.open();
      await signIn(other, site(), someone());
      await visit(other, 'Credits');
      await other.getByLabel('Code').fill(code);
      await press(other, 'Claim');
      await says(other, '2 mail credits are yours.');
    },
    FLOW_MS,
  );

  it(
    'tells of the purchase that its user comes back from, whatever they began before',
    async () => {
      const page = await browser.open();
      await signIn(page, site(), someone());
      await subscribe(page, /that pays/);
      for (let begun = 0; begun < 2; begun += 1) {
        await visit(page, 'Credits');
        await press(page, /^Buy for/);
        await page.getByRole('link', { name: 'Back without paying' }).click();
        await says(page, 'You left the payment page. Nothing was charged.');
      }
      await page.goto(`${site().url}/app/credits?checkout=succeeded`);
      const unpaid = page.getByRole('link', { name: 'Pay now' });
      await unpaid.nth(1).waitFor();
      expect(await page.getByText(/^Payment received/).count()).toBe(0);
      await unpaid.last().click();
      await press(page, /^Pay/);
      await says(page, 'Your credits have arrived.');
    },
    FLOW_MS,
  );

  it(
    'shows each carried part with its expiry, and explains what is withheld and what is owed',
    async () => {
      const page = await browser.open();
      await changeAnswer(page, '**/credits', (credits) => ({
        ...credits,
        lots: [
          { credits: 4, expiresAt: '2027-01-31T09:00:00.000Z' },
          { credits: 1, expiresAt: '2027-02-28T09:00:00.000Z' },
        ],
        owed: 3,
      }));
      await changeAnswer(page, '**/account', (account) => ({
        ...account,
        credits: { ...(account['credits'] as object), withheld: 2 },
      }));
      await signIn(page, site(), someone());
      await visit(page, 'Credits');
      await says(page, /Jan 31, 2027/);
      const kinds = await page.getByRole('list', { name: 'Spent in this order' }).textContent();
      expect(kinds).toMatch(/Carried over.*4.*Jan 31, 2027.*Carried over.*1.*Feb 28, 2027.*Included/s);
      await says(
        page,
        /2 mail credits of this period’s allowance are withheld until the failed payment is made good/,
      );
      await says(page, /3 mail credits were refunded after they had been spent/);
    },
    FLOW_MS,
  );

  it(
    'shows what another plan costs before it changes, and takes back what is scheduled',
    async () => {
      const page = await browser.open();
      await signIn(page, site(), someone());
      await subscribe(page, /that pays/);
      await visit(page, 'Plans');
      await press(page, 'Change to Enterprise');
      await says(page, 'You no longer get');
      await press(page, /^Pay \$\d+\.\d\d and change to Enterprise/);
      await says(page, 'You have Enterprise now.');
      await press(page, 'Change to Pro');
      await page.getByRole('dialog').getByRole('button', { name: 'Change to Pro' }).click();
      await says(page, /Pro holds from/);
      await visit(page, 'Usage');
      await says(page, /Pro from/);
      await press(page, 'Take back');
      await page.getByText(/Pro from/).waitFor({ state: 'detached' });
      await press(page, /^Cancel$/);
      await press(page, 'Cancel the subscription');
      await says(page, /^Ends/);
      await press(page, 'Keep the subscription');
      await page.getByText(/^Ends/).waitFor({ state: 'detached' });
    },
    FLOW_MS,
  );
});
