/** `npm run web:screenshots -- URL`: the pictures of the README, of the page that `npm start` serves. It needs Chromium. */
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const [url = 'http://127.0.0.1:3000'] = process.argv.slice(2);
const FOLDER = fileURLToPath(new URL('../docs/pictures/', import.meta.url));
const SIZE = { width: 1100, height: 960 };

/** Who looks at what. */
const PICTURES = [
  { name: 'usage', user: 'demo-free', path: '/' },
  { name: 'dashboard', user: 'owner', path: '/dashboard' },
] as const;

mkdirSync(FOLDER, { recursive: true });
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
for (const { name, user, path } of PICTURES) {
  const page = await browser.newPage({ viewport: SIZE, colorScheme: 'light', locale: 'en-US' });
  await page.goto(`${url}/app${path}`);
  await page.getByRole('banner').getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('button', { name: user }).click();
  await page.getByRole('button', { name: 'Sign out' }).waitFor();
  await page.waitForLoadState('networkidle');
  await page.screenshot({ path: `${FOLDER}${name}.png` });
}
await browser.close();
