/** How the page looks and weighs: axe on every page in both colour schemes, screenshots, bytes, the element. */
import { expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { Page } from 'playwright-core';
import {
  describeInBrowser,
  FLOW_MS,
  layoutShiftOn,
  screenshot,
  useBrowser,
  violationsOn,
} from './support/browser.ts';
import { signIn } from './support/chromium.ts';
import { useSite } from './support/use-site.ts';

const PAGES = ['/', '/plans', '/credits', '/letters'];
const OWNER_PAGES = [
  '/dashboard',
  '/dashboard/users',
  '/dashboard/users/demo-pro',
  '/dashboard/audit',
  '/dashboard/report',
  '/dashboard/operations',
];
const MOST_TABS = 40;
const WIDTHS = [390, 1280];
/** More than that is more than "good". */
const MOST_LAYOUT_SHIFT = 0.1;
const MOST_FIRST_BYTES = 200_000;
const MOST_ELEMENT_BYTES = 10_000;

describeInBrowser('the page', () => {
  const site = useSite();
  const browser = useBrowser();

  async function settled(page: Page): Promise<void> {
    await page.waitForLoadState('networkidle');
    await page.locator('.skeleton').first().waitFor({ state: 'detached' });
  }

  async function look(page: Page, paths: readonly string[], scheme: string): Promise<void> {
    for (const path of paths) {
      await page.goto(`${site().url}/app${path}`);
      await page.getByRole('button', { name: 'Sign out' }).waitFor();
      await settled(page);
      const shift = await layoutShiftOn(page);
      expect({ path, moves: shift < MOST_LAYOUT_SHIFT ? 'little' : shift }).toEqual({
        path,
        moves: 'little',
      });
      expect({ path, scheme, violations: await violationsOn(page) }).toEqual({
        path,
        scheme,
        violations: [],
      });
      for (const width of WIDTHS) {
        await page.setViewportSize({ width, height: 900 });
        const name = `${path === '/' ? 'usage' : path.slice(1).replaceAll('/', '-')}-${width}-${scheme}`;
        await screenshot(page, name);
        const overflow = await page.evaluate(
          () => document.documentElement.scrollWidth - globalThis.innerWidth,
        );
        expect({ name, overflow: Math.max(overflow, 0) }).toEqual({ name, overflow: 0 });
      }
    }
  }

  it.each(['light', 'dark'] as const)(
    'has no violations in %s, and fits phones and desktops',
    async (colorScheme) => {
      const page = await browser.open({ colorScheme });
      await signIn(page, site(), 'demo-free');
      await look(page, PAGES, colorScheme);
      const owner = await browser.open({ colorScheme });
      await signIn(owner, site(), 'owner');
      await look(owner, OWNER_PAGES, colorScheme);
    },
    FLOW_MS * 2,
  );

  it.each(['light', 'dark'] as const)(
    'has no violations in %s where nobody is signed in, nor in a dialog',
    async (colorScheme) => {
      const page = await browser.open({ colorScheme });
      await page.goto(`${site().url}/app/`);
      await page.getByRole('heading', { name: 'See what you use' }).waitFor();
      expect(await violationsOn(page)).toEqual([]);
      await signIn(page, site(), 'demo-pro');
      await page.getByRole('button', { name: 'Cancel', exact: true }).click();
      await page.getByRole('dialog').waitFor();
      expect(await violationsOn(page)).toEqual([]);
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
    },
    FLOW_MS,
  );

  it(
    'is reached by the keyboard alone, and skips to its content',
    async () => {
      const page = await browser.open();
      await signIn(page, site(), 'demo-pro');
      await page.reload();
      await page.getByRole('heading', { name: 'My usage' }).waitFor();
      await page.keyboard.press('Tab');
      expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Skip to the content');
      await page.keyboard.press('Enter');
      expect(await page.evaluate(() => document.activeElement?.id)).toBe('content');
    },
    FLOW_MS,
  );

  it(
    'writes a letter and schedules it by the keyboard alone, from one page to the next',
    async () => {
      const page = await browser.open();
      await signIn(page, site(), 'demo-enterprise');
      await page.getByRole('heading', { name: 'My usage' }).waitFor();
      const { keyboard } = page;
      const tabTo = async (name: string): Promise<void> => {
        for (let tabs = 0; tabs < MOST_TABS; tabs += 1) {
          await keyboard.press('Tab');
          const found = await page.evaluate(() => {
            const element = document.activeElement;
            return element?.labels?.[0]?.textContent ?? element?.textContent;
          });
          if (found === name) {
            return;
          }
        }
        throw new Error(`The keyboard does not reach "${name}".`);
      };
      await page.locator('body').focus();
      await tabTo('Letters');
      await keyboard.press('Enter');
      await page.getByRole('heading', { name: 'Letters', exact: true }).waitFor();
      expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Letters');
      await tabTo('Title');
      await keyboard.type('By hand');
      await tabTo('Letter');
      await keyboard.type('Dear me');
      await tabTo('Save the letter');
      await keyboard.press('Enter');
      await page.getByText('Saved.').first().waitFor();
      await tabTo('When');
      await keyboard.type('01312090');
      await keyboard.press('Tab');
      await keyboard.type('0900AM');
      await tabTo('E-mail address');
      await keyboard.type('me@example.com');
      await keyboard.press('Enter');
      await page.getByText('Scheduled for Jan 31, 2090, 09:00 AM, Europe/Berlin.').waitFor();
    },
    FLOW_MS,
  );

  it('loads less than 200 kB of compressed scripts at first, and the dashboard afterwards', async () => {
    const { url } = site();
    const get = async (path: string): Promise<string> => (await fetch(url + path)).text();
    const html = await get('/app/');
    const first = [...html.matchAll(/(?:src|href)="(\/app\/assets\/[^"]+\.js)"/g)].map(
      ([, path = '']) => path,
    );
    const scripts = await Promise.all(first.map(get));
    const bytes = scripts.map((script) => gzipSync(script).length);
    expect(bytes.length).toBeGreaterThan(0);
    expect(bytes.reduce((sum, each) => sum + each, 0)).toBeLessThan(MOST_FIRST_BYTES);
    const [later = ''] = /assets\/dashboard-[\w-]+\.js/.exec(scripts.join('\n')) ?? [];
    expect(later).not.toBe('');
    expect(first).not.toContain(`/app/${later}`);
    expect(html).not.toMatch(/<script(?![^>]*src=)|<style|style=/);
    expect(gzipSync(await get('/app/postage-usage.js')).length).toBeLessThan(MOST_ELEMENT_BYTES);
  });

  it('keeps files with a hash for ever, asks for all others, and allows nothing inline', async () => {
    const { url } = site();
    const page = await fetch(`${url}/app/`);
    expect(page.headers.get('cache-control')).toBe('no-cache');
    const policy = page.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("style-src 'self'; ");
    expect(policy).not.toContain('unsafe');
    const [, file = ''] = /src="(\/app\/assets\/[^"]+)"/.exec(await page.text()) ?? [];
    const script = await fetch(url + file);
    expect(script.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect((await fetch(`${url}/app/..%2f..%2fpackage.json`)).headers.get('content-type')).toContain(
      'text/html',
    );
    expect((await fetch(`${url}/app/nothing.js`)).status).toBe(404);
  });

  it(
    '<postage-usage> shows the bars and the warning in the owner’s own page',
    async () => {
      const user = `user-${randomUUID()}`;
      for (let letters = 0; letters < 4; letters += 1) {
        await site().call(user, 'POST', '/letters', { title: 'To me', body: 'Hello' });
      }
      const page = await browser.open();
      await page.goto(`${site().url}/app/example/`);
      const answer = await fetch(`${site().url}/dev/token?sub=${user}`);
      const { access_token: token } = (await answer.json()) as { access_token: string };
      await page.getByLabel('Token').fill(token);
      await page.getByRole('button', { name: 'Show' }).click();
      await page.getByText('4 of 5 letters used').waitFor();
      await page.getByText('Approaching limit: letters').waitFor();
      await page.getByText('e-mails: Not in your plan').waitFor();
      const meter = page.getByRole('meter', { name: 'letters' });
      expect(await meter.getAttribute('aria-valuetext')).toBe('4 of 5 letters used, 1 left');
      expect(await violationsOn(page)).toEqual([]);
      await page.getByLabel('Token').fill('no token');
      await page.getByRole('button', { name: 'Show' }).click();
      await page.getByText('Your usage cannot be shown at the moment.').waitFor();
    },
    FLOW_MS,
  );
});

declare global {
  var innerWidth: number;
}
