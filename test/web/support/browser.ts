/** A browser for tests. Where there is none, one clear line says that they do not run. */
import { afterAll, beforeAll, describe, expect } from '@jest/globals';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { CHROMIUM, HAS_CHROMIUM, openChromium } from './chromium.ts';

if (!HAS_CHROMIUM) {
  process.stderr.write(`Skipped: the page is not tried in a browser, because there is no ${CHROMIUM}.\n`);
}

export const describeInBrowser = HAS_CHROMIUM ? describe : describe.skip;

/** Long enough for a flow of clicks on a busy machine. */
export const FLOW_MS = 120_000;
const STEP_MS = 20_000;

export interface Visitor {
  /** Opens a window of its own, and fails the test when the page logs an error. */
  open: (options?: BrowserContextOptions) => Promise<Page>;
}

/** A browser for a test file. Errors that the page logs are collected, and a test file may have none. */
export function useBrowser(): Visitor & { errors: string[] } {
  let browser: Browser;
  const errors: string[] = [];
  beforeAll(async () => {
    if (HAS_CHROMIUM) {
      browser = await openChromium();
    }
  }, FLOW_MS);
  afterAll(async () => {
    if (HAS_CHROMIUM) {
      await browser.close();
    }
    expect(errors).toEqual([]);
  });
  return {
    errors,
    open: async (options = {}) => {
      const context = await browser.newContext({
        viewport: { width: 1280, height: 900 },
        timezoneId: 'Europe/Berlin',
        locale: 'en-US',
        ...options,
      });
      const page = await context.newPage();
      page.setDefaultTimeout(STEP_MS);
      page.on('pageerror', (error) => errors.push(String(error)));
      page.on('console', (message) => {
        // A refusal is an answer too, and the browser logs each that is not 2xx.
        if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) {
          errors.push(message.text());
        }
      });
      return page;
    },
  };
}

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe finds against WCAG 2.2 AA and its best practices. */
export async function violationsOn(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  return page.evaluate(async () => {
    const { violations } = await globalThis.axe.run(document, {
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
    });
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
  });
}

declare global {
  // The page has it once it is evaluated there.
  var axe: {
    run: (
      context: unknown,
      options: object,
    ) => Promise<{ violations: { id: string; nodes: { html: string }[] }[] }>;
  };
  var document: {
    documentElement: { scrollWidth: number };
    activeElement: {
      id: string;
      textContent: string | null;
      labels?: { textContent: string | null }[];
    } | null;
  };
}

/** How far the page has moved under its reader since it was loaded: https://web.dev/articles/cls */
export async function layoutShiftOn(page: Page): Promise<number> {
  return page.evaluate(`new Promise((resolve) => {
    let sum = 0;
    const observer = new PerformanceObserver((list) => {
      for (const { value, hadRecentInput } of list.getEntries()) {
        sum += hadRecentInput ? 0 : value;
      }
    });
    observer.observe({ type: 'layout-shift', buffered: true });
    setTimeout(() => resolve(sum), 100);
  })`);
}

const SCREENSHOTS = fileURLToPath(new URL('../../../coverage/screenshots/', import.meta.url));

export async function screenshot(page: Page, name: string): Promise<void> {
  mkdirSync(SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: `${SCREENSHOTS}${name}.png`, fullPage: true });
}
