/** What users do on the page, and what they look for. */
import { randomUUID } from 'node:crypto';
import type { Locator, Page } from 'playwright-core';

export function someone(): string {
  return `user-${randomUUID()}`;
}

export function says(page: Page, text: string | RegExp): Promise<void> {
  return page.getByText(text).filter({ visible: true }).first().waitFor();
}

export function button(page: Page, name: string | RegExp): Locator {
  return page.getByRole('button', { name }).filter({ visible: true }).first();
}

export function press(page: Page, name: string | RegExp): Promise<void> {
  return button(page, name).click();
}

export function visit(page: Page, name: string): Promise<void> {
  return page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name }).click();
}
