/** What the page makes of bad days: an ended session, a server that is gone or busy, two tabs, odd input. */
import { expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { Page, Route } from 'playwright-core';
import * as z from 'zod/mini';
import { describeInBrowser, FLOW_MS, useBrowser } from './support/browser.ts';
import { signIn } from './support/chromium.ts';
import { says, someone } from './support/steps.ts';
import { useSite } from './support/use-site.ts';

describeInBrowser('the page on a bad day', () => {
  const site = useSite();
  const browser = useBrowser();

  async function openLetters(user: string): Promise<Page> {
    const page = await browser.open();
    await signIn(page, site(), user);
    await page.getByRole('link', { name: 'Letters' }).click();
    return page;
  }

  async function type(page: Page, title: string): Promise<void> {
    await page.getByLabel('Title').fill(title);
    await page.getByRole('textbox', { name: 'Letter' }).fill('Did you learn to swim?');
  }

  const save = (page: Page) => page.getByRole('button', { name: 'Save the letter' });

  async function lettersOf(user: string): Promise<unknown[]> {
    const { items } = await site().call(user, 'GET', '/letters');
    return z.parse(z.array(z.unknown()), items);
  }

  /** Answers so many requests to save a letter in place of the API. */
  async function answerInstead(page: Page, times: number, answer: (route: Route) => Promise<void>) {
    let left = times;
    await page.route('**/letters', async (route) => {
      if (route.request().method() === 'POST' && left > 0) {
        left -= 1;
        await answer(route);
      } else {
        await route.fallback();
      }
    });
  }

  it(
    'keeps what is typed when the session ends in mid-form, and sends it after signing in again',
    async () => {
      const user = someone();
      const page = await openLetters(user);
      await page.route(
        '**/dev/token',
        (route) => route.fulfill({ status: 400, json: { error: 'invalid_grant' } }),
        {
          times: 1,
        },
      );
      const ended = { status: 401, json: { message: 'Unauthorized' } };
      await answerInstead(page, 1, (route) => route.fulfill(ended));
      await type(page, 'Not lost');
      await save(page).click();
      await page.getByRole('dialog', { name: 'Your session has ended' }).waitFor();
      expect(await page.getByLabel('Title').inputValue()).toBe('Not lost');
      await page.getByRole('button', { name: 'Sign in again' }).click();
      await says(page, 'Saved.');
      expect(await lettersOf(user)).toHaveLength(1);
    },
    FLOW_MS,
  );

  const letter = (page: Page) => page.getByRole('textbox', { name: 'Letter' });

  /** The issuer has forgotten who is signed in, and asks. */
  async function answerIssuer(page: Page, user: string): Promise<void> {
    await page.getByLabel('Somebody else').fill(user);
    await page.getByRole('button', { name: 'Sign in' }).click();
  }

  async function showsNothingOf(page: Page, user: string): Promise<void> {
    await page.getByRole('link', { name: 'Letters' }).click();
    await letter(page).waitFor();
    expect(await page.getByLabel('Title').inputValue()).toBe('');
    expect(await letter(page).inputValue()).toBe('');
    const kept = await page.evaluate(() => JSON.stringify(globalThis.sessionStorage));
    expect(kept).not.toContain('learn to swim');
    expect(kept).not.toContain(user);
  }

  it(
    'keeps a draft for its user over a reload, and shows it to nobody who signs in after them',
    async () => {
      const [first, second] = [someone(), someone()];
      const page = await openLetters(first);
      await type(page, 'Mine alone');
      await page.context().clearCookies();
      await page.reload();
      await answerIssuer(page, first);
      await letter(page).waitFor();
      expect(await letter(page).inputValue()).toBe('Did you learn to swim?');

      await page.context().clearCookies();
      await page.reload();
      await answerIssuer(page, second);
      await says(page, second);
      await showsNothingOf(page, first);
    },
    FLOW_MS,
  );

  it(
    'shows nothing of a user whose session has ended to another one who signs in, and sends nothing in their name',
    async () => {
      const [first, second] = [someone(), someone()];
      const page = await openLetters(first);
      await page.route(
        '**/dev/token',
        (route) => route.fulfill({ status: 400, json: { error: 'invalid_grant' } }),
        {
          times: 1,
        },
      );
      await answerInstead(page, 1, (route) =>
        route.fulfill({ status: 401, json: { message: 'Unauthorized' } }),
      );
      await type(page, 'Mine alone');
      await save(page).click();
      await page.context().clearCookies();
      const popup = page.waitForEvent('popup');
      await page.getByRole('button', { name: 'Sign in again' }).click();
      await answerIssuer(await popup, second);
      await says(page, second);
      await showsNothingOf(page, first);
      expect([await lettersOf(first), await lettersOf(second)]).toEqual([[], []]);
    },
    FLOW_MS,
  );

  it(
    'keeps what is typed while it waits to try again: what was sent is saved, and the rest is another letter',
    async () => {
      const user = someone();
      const page = await openLetters(user);
      await answerInstead(page, 2, (route) => route.abort('connectionrefused'));
      await type(page, 'As it was sent');
      await save(page).click();
      await says(page, /Trying again in/);
      await page.getByLabel('Title').fill('Typed since');
      await says(page, 'Saved.');
      await says(page, 'What you typed after you had sent it is still here.');
      expect(await page.getByLabel('Title').inputValue()).toBe('Typed since');
      expect(await lettersOf(user)).toMatchObject([{ title: 'As it was sent' }]);
      await save(page).click();
      await page.locator('option', { hasText: 'Typed since' }).waitFor({ state: 'attached' });
      expect(await lettersOf(user)).toHaveLength(2);
      expect(await page.getByLabel('Title').inputValue()).toBe('');
    },
    FLOW_MS,
  );

  it(
    'keeps what is typed while a request is under way whose key is used up',
    async () => {
      const page = await openLetters(someone());
      await answerInstead(page, 1, async (route) => {
        await page.getByLabel('Title').fill('Typed since');
        const problem = { code: 'idempotency_conflict', title: 'Used', detail: 'Used.', status: 409 };
        await route.fulfill({ status: 409, json: problem });
      });
      await type(page, 'As it was sent');
      await save(page).click();
      await says(page, 'You have sent this form already, with other words.');
      expect(await page.getByLabel('Title').inputValue()).toBe('Typed since');
    },
    FLOW_MS,
  );

  it(
    'renews a token that has expired without a word, where the issuer lets it',
    async () => {
      const user = someone();
      const page = await openLetters(user);
      await answerInstead(page, 1, (route) =>
        route.fulfill({ status: 401, json: { message: 'Unauthorized' } }),
      );
      await type(page, 'Renewed');
      await save(page).click();
      await says(page, 'Saved.');
      expect(await lettersOf(user)).toHaveLength(1);
    },
    FLOW_MS,
  );

  it(
    'G2: says that the server is gone, waits, and sends the same under the same key',
    async () => {
      const user = someone();
      const page = await openLetters(user);
      const keys = new Set<string>();
      page.on('request', (request) => {
        const key = request.headers()['idempotency-key'];
        if (key !== undefined) {
          keys.add(key);
        }
      });
      await answerInstead(page, 2, (route) => route.abort('connectionrefused'));
      await type(page, 'Once');
      await save(page).dblclick();
      await says(page, /The server does not answer. Trying again in \d s/);
      await says(page, 'Saved.');
      expect(keys.size).toBe(1);
      expect(await lettersOf(user)).toHaveLength(1);
    },
    FLOW_MS,
  );

  it.each([
    [503, { code: 'busy', detail: 'Busy.', title: 'Busy', status: 503 }],
    [429, { message: 'Too Many Requests' }],
  ])(
    'waits as long as a %i says, and says so',
    async (status, json) => {
      const user = someone();
      const page = await openLetters(user);
      await answerInstead(page, 1, (route) =>
        route.fulfill({ status, json, headers: { 'retry-after': '3' } }),
      );
      await type(page, 'Later');
      const startedAt = performance.now();
      await save(page).click();
      await says(page, /The server is busy. Trying again in 3 s/);
      await says(page, 'Saved.');
      expect(performance.now() - startedAt).toBeGreaterThan(2_900);
    },
    FLOW_MS,
  );

  it(
    'shows what it has while the server is gone, and comes back by itself',
    async () => {
      const page = await browser.open();
      await signIn(page, site(), someone());
      await says(page, '0 of 5 letters used');
      await page.route('**/account', (route) => route.abort('connectionrefused'), { times: 1 });
      await page.getByRole('link', { name: 'Plans', exact: true }).click();
      await page.waitForTimeout(11_000);
      await page.getByRole('link', { name: 'Usage' }).click();
      await says(page, '0 of 5 letters used');
      await says(page, /^As of .*The server does not answer/);
      await page
        .getByText(/^As of/)
        .first()
        .waitFor({ state: 'detached' });
    },
    FLOW_MS,
  );

  it(
    'G2: makes one letter of one form in two tabs',
    async () => {
      const user = someone();
      const page = await openLetters(user);
      await type(page, 'Two tabs');
      const copy = await page.evaluate(() =>
        JSON.stringify(Object.fromEntries(Object.entries(globalThis.sessionStorage))),
      );
      const tab = await page.context().newPage();
      await tab.addInitScript((kept: string) => {
        for (const [name, value] of Object.entries(JSON.parse(kept) as Record<string, string>)) {
          globalThis.sessionStorage.setItem(name, value);
        }
      }, copy);
      await tab.goto(`${site().url}/app/letters`);
      await tab.getByLabel('Title').waitFor();
      expect(await tab.getByLabel('Title').inputValue()).toBe('Two tabs');
      await Promise.all([save(page).click(), save(tab).click()]);
      await Promise.all([says(page, 'Saved.'), says(tab, 'Saved.')]);
      expect(await lettersOf(user)).toHaveLength(1);
    },
    FLOW_MS,
  );

  it(
    'shows markup as text, and a letter from right to left as it is written',
    async () => {
      const user = someone();
      const page = await openLetters(user);
      const title = '<img src=x onerror=alert(1)> שלום';
      await type(page, title);
      await page.getByRole('textbox', { name: 'Letter' }).fill('שלום, מה שלומך?');
      expect(await page.getByRole('textbox', { name: 'Letter' }).evaluate(directionOf)).toBe('rtl');
      await save(page).click();
      await says(page, 'Saved.');
      await page.locator('option', { hasText: title }).waitFor({ state: 'attached' });
      expect(await page.locator('main img').count()).toBe(0);
    },
    FLOW_MS,
  );

  const directionOf = (element: unknown): string => globalThis.getComputedStyle(element).direction;

  it(
    'reads a ledger on that changes meanwhile, each line once',
    async () => {
      const user = someone();
      await site().setPlan(user, 'enterprise');
      const { access_token: admin } = await adminToken();
      const adjust = async (amount: number): Promise<void> => {
        const answer = await fetch(`${site().url}/admin/users/${user}/credit-adjustments`, {
          method: 'POST',
          headers: {
            authorization: `Bearer ${admin}`,
            'content-type': 'application/json',
            'idempotency-key': randomUUID(),
          },
          body: JSON.stringify({ amount, reason: 'For the test' }),
        });
        expect(answer.status).toBe(201);
      };
      for (let line = 0; line < 24; line += 1) {
        await adjust(1);
      }
      const page = await browser.open();
      await signIn(page, site(), user);
      const rows = page.getByRole('table', { name: 'Credit ledger' }).locator('tbody tr');
      await page.getByRole('button', { name: 'Load older' }).waitFor();
      expect(await rows.count()).toBe(20);
      await adjust(1);
      await adjust(1);
      await page.getByRole('button', { name: 'Load older' }).click();
      await says(page, 'Included in the plan');
      expect(await rows.count()).toBe(25);
      const last = await rows.last().boundingBox();
      await page.evaluate("window.dispatchEvent(new Event('visibilitychange'))");
      await page.getByRole('button', { name: 'Show 2 newer' }).waitFor();
      expect(await rows.count()).toBe(25);
      expect(await rows.last().boundingBox()).toEqual(last);
      await page.getByRole('button', { name: 'Show 2 newer' }).click();
      await rows.nth(26).waitFor();
      expect(await rows.count()).toBe(27);
      expect(await page.getByRole('button', { name: /newer/ }).count()).toBe(0);
    },
    FLOW_MS,
  );

  async function adminToken(): Promise<{ access_token: string }> {
    const answer = await fetch(`${site().url}/dev/token?sub=ada&scope=admin`);
    return (await answer.json()) as { access_token: string };
  }

  it(
    'G13: shows the dashboard to its owner alone',
    async () => {
      const page = await browser.open();
      await signIn(page, site(), someone());
      expect(await page.getByRole('link', { name: 'Dashboard' }).count()).toBe(0);
      await page.goto(`${site().url}/app/dashboard`);
      await says(page, 'This part is for the owner of the app');
      await page.goto(`${site().url}/app/nowhere`);
      await says(page, 'There is no such page');
    },
    FLOW_MS,
  );
});

declare global {
  var getComputedStyle: (element: unknown) => { direction: string };
}
