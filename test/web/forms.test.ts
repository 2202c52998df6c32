/** What is asked for once happens once, and nothing is asked for any more that its user has declined. */
import { expect, it } from '@jest/globals';
import type { Page, Route } from 'playwright-core';
import { describeInBrowser, FLOW_MS, useBrowser } from './support/browser.ts';
import { signIn } from './support/chromium.ts';
import { button, says, someone } from './support/steps.ts';
import { useSite } from './support/use-site.ts';

const PRICE = { amountCents: 300, currency: 'usd' };
const BUSY = { code: 'busy', title: 'Busy', detail: 'Busy.', status: 503 };

describeInBrowser('a form of the page', () => {
  const site = useSite();
  const browser = useBrowser();

  const busyFor = (route: Route, seconds: number) =>
    route.fulfill({ status: 503, json: BUSY, headers: { 'retry-after': String(seconds) } });

  /** Answers each request of a method in place of the API, and keeps the keys that they came with. */
  async function answerInstead(
    page: Page,
    method: string,
    path: string,
    answer: (route: Route, count: number) => Promise<void>,
  ): Promise<string[]> {
    const keys: string[] = [];
    await page.route(path, async (route) => {
      const request = route.request();
      if (request.method() !== method) {
        await route.fallback();
        return;
      }
      keys.push(request.headers()['idempotency-key'] ?? '');
      await answer(route, keys.length);
    });
    return keys;
  }

  async function open(user: string, path: string): Promise<Page> {
    const page = await browser.open();
    await signIn(page, site(), user, path);
    return page;
  }

  /** A user whose credits are used up writes an address, and is asked whether to pay. */
  async function askedToPay(answer: (route: Route, count: number) => Promise<void>) {
    const user = someone();
    await site().setPlan(user, 'pro');
    await site().call(user, 'POST', '/letters', { title: 'To me', body: 'Hello' });
    const page = await open(user, '/letters');
    const keys = await answerInstead(page, 'POST', '**/deliveries', async (route, count) => {
      if (count > 1) {
        await answer(route, count);
        return;
      }
      const figures = { limit: 2, used: 2, resetsAt: '2090-01-31T09:00:00Z', price: PRICE, upgradeTo: null };
      const problem = { code: 'insufficient_credits', title: 'None', detail: 'None.', status: 402 };
      await route.fulfill({ status: 402, json: { ...problem, ...figures } });
    });
    await page.getByText('By post', { exact: true }).click();
    await page.getByLabel('When').fill('2090-01-31T09:00');
    await page.getByLabel('Country').selectOption('GB');
    await page.getByLabel('Name').fill('Ada Lovelace');
    await page.getByLabel('Street and number').fill('12 St James’s Square');
    await page.getByLabel('City').fill('London');
    await page.getByLabel('Postal code').fill('SW1Y 4JH');
    await button(page, 'Schedule it').click();
    return { page, keys, dialog: page.getByRole('dialog', { name: 'No credits left' }) };
  }

  it(
    'G9: does not let go of a payment that is under way, and pays no more once its user says “Not now”',
    async () => {
      const { promise: mayAnswer, resolve: letAnswer } = Promise.withResolvers<null>();
      const { page, keys, dialog } = await askedToPay(async (route) => {
        await mayAnswer;
        await busyFor(route, 3);
      });
      await button(page, 'Pay $3.00').click();
      await button(page, 'Sending…').waitFor();
      for (const name of ['Not now', 'Buy a bundle of credits']) {
        expect(await button(page, name).getAttribute('aria-disabled')).toBe('true');
        await button(page, name).dispatchEvent('click');
      }
      await page.keyboard.press('Escape');
      expect(await dialog.count()).toBe(1);
      letAnswer(null);
      await says(page, /Trying again in 3 s/);
      await button(page, 'Not now').click();
      await dialog.waitFor({ state: 'detached' });
      await says(page, 'It is not tried again.');
      await page.waitForTimeout(4_000);
      expect(keys).toHaveLength(2);
    },
    FLOW_MS,
  );

  it(
    'G9: pays no more once its user goes to buy a bundle',
    async () => {
      const { page, keys } = await askedToPay((route) => busyFor(route, 3));
      await button(page, 'Pay $3.00').click();
      await says(page, /Trying again in 3 s/);
      await button(page, 'Buy a bundle of credits').click();
      await says(page, 'Bought credits never expire.');
      await page.waitForTimeout(4_000);
      expect(keys).toHaveLength(2);
    },
    FLOW_MS,
  );

  it(
    'takes another key after there was no card, since that is recorded',
    async () => {
      const { page, keys } = await askedToPay((route) => {
        const problem = {
          code: 'payment_method_required',
          title: 'No card',
          detail: 'No card.',
          status: 402,
        };
        return route.fulfill({ status: 402, json: { ...problem, deliveryId: 'd', price: PRICE } });
      });
      await button(page, 'Pay $3.00').click();
      await says(page, 'There is no card to charge $3.00 to.');
      const again = page.waitForResponse('**/deliveries');
      await button(page, 'Schedule it').click();
      await again;
      expect(keys[2]).not.toBe(keys[1]);
    },
    FLOW_MS,
  );

  it(
    'cancels nothing any more once its user keeps it',
    async () => {
      const user = someone();
      await site().setPlan(user, 'pro');
      const { id: letterId } = await site().call(user, 'POST', '/letters', { title: 'To me', body: 'Hello' });
      const recipient = { email: 'me@example.com' };
      const deliverAt = '2090-01-31T09:00:00Z';
      await site().call(user, 'POST', '/deliveries', { letterId, channel: 'email', deliverAt, recipient });
      const page = await open(user, '/letters');
      const keys = await answerInstead(page, 'DELETE', '**/deliveries/*', (route) => busyFor(route, 3));
      await button(page, 'Cancel').click();
      await button(page, 'Cancel the delivery').click();
      await says(page, /Trying again in 3 s/);
      await button(page, 'Keep it').click();
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      await page.waitForTimeout(4_000);
      expect(keys).toHaveLength(1);
    },
    FLOW_MS,
  );

  it(
    'G2: makes one gift of a form in which nobody typed, though the answer is lost and the page is loaded anew',
    async () => {
      const user = someone();
      await site().setPlan(user, 'pro');
      const page = await open(user, '/credits');
      const keys = await answerInstead(page, 'POST', '**/credits/gifts', (route) =>
        route.abort('connectionrefused'),
      );
      await button(page, 'Make the gift').click();
      await says(page, /Trying again in/);
      await page.reload();
      await button(page, 'Make the gift').click();
      await says(page, /Trying again in/);
      expect(new Set(keys).size).toBe(1);
    },
    FLOW_MS,
  );

  it(
    'G2: asks for a change of plan under one key until it is decided, and stays while that is under way',
    async () => {
      const user = someone();
      await site().setPlan(user, 'pro');
      const page = await browser.open();
      const next = { price: PRICE, at: '2090-01-31T09:00:00Z' };
      await page.route('**/billing/preview**', (route) =>
        route.fulfill({ json: { way: 'at_once', dueNow: PRICE, holdsFrom: next.at, next } }),
      );
      const { promise: mayAnswer, resolve: letAnswer } = Promise.withResolvers<null>();
      const keys = await answerInstead(page, 'POST', '**/billing/plan-changes', async (route, count) => {
        await mayAnswer;
        if (count === 1) {
          await busyFor(route, 600);
        } else {
          const problem = {
            code: 'illegal_transition',
            title: 'No',
            detail: 'It was replaced.',
            status: 409,
          };
          await route.fulfill({ status: 409, json: { ...problem, reason: 'replaced', changeId: 'c' } });
        }
      });
      await signIn(page, site(), user, '/plans');
      await button(page, 'Change to Enterprise').click();
      const dialog = page.getByRole('dialog', { name: 'Change to Enterprise' });
      const pay = dialog.getByRole('button', { name: 'Pay $3.00' });
      await pay.click();
      await button(page, 'Sending…').waitFor();
      await button(page, 'Not now').dispatchEvent('click');
      await page.keyboard.press('Escape');
      expect(await dialog.count()).toBe(1);
      letAnswer(null);
      await says(page, 'The server is busy.');
      await pay.click();
      await says(page, 'It was replaced.');
      const again = page.waitForResponse('**/billing/plan-changes');
      await pay.click();
      await again;
      expect(keys).toHaveLength(3);
      expect(keys[1]).toBe(keys[0]);
      expect(keys[2]).not.toBe(keys[1]);
    },
    FLOW_MS,
  );

  it(
    'leads to pay by the year though its user has begun to pay by the month',
    async () => {
      const page = await open(someone(), '/plans');
      // Answered so, the page stays where it is.
      await page.route('**/c/pay/**', (route) => route.fulfill({ status: 204 }));
      for (const interval of ['Monthly', 'Yearly']) {
        await page.getByText(interval, { exact: true }).click();
        const led = page.waitForRequest('**/c/pay/**');
        await button(page, 'Get Pro').click();
        await led;
      }
    },
    FLOW_MS,
  );

  it(
    'says why there is no page to pay a bundle on, and sells another one at the next click',
    async () => {
      const page = await open(someone(), '/credits');
      const keys = await answerInstead(page, 'POST', '**/credits/purchases', (route, count) =>
        route.fulfill({ json: { id: 'p', status: count === 1 ? 'paid' : 'expired', checkoutUrl: null } }),
      );
      await button(page, 'Buy for').click();
      await says(page, 'You have bought this already. It shows below.');
      await button(page, 'Buy for').click();
      await says(page, 'The page to pay on has expired.');
      expect(new Set(keys).size).toBe(2);
    },
    FLOW_MS,
  );
});
