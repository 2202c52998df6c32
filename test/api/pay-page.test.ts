/** The example page, in a browser, against the stand-in's double of Stripe.js. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';
import { linkFirstCustomer } from '../../lambdas/commands/link-customer.ts';
import { ADDRESS, type ApiUser, call, LETTER, someApiUser } from '../support/api-client.ts';
import { stripeOf } from '../support/at-stripe.ts';
import { usePostage } from '../support/server.ts';
import { plentyOfTime } from '../support/table.ts';

const postage = usePostage();

it('comes with Stripe.js, and may load nothing else', async () => {
  const page = await fetch(`${postage().url}/docs/pay`);
  const policy = page.headers.get('content-security-policy') ?? '';
  expect(page.status).toBe(200);
  expect(policy).toContain("default-src 'none'; script-src 'sha256-");
  expect(policy).toContain(`connect-src 'self' ${postage().stripe.url ?? ''}`);
  expect(await page.text()).toContain(
    `<script src="${postage().stripe.url ?? ''}/endive/stripe.js"></script>`,
  );
});

const PATH = '/usr/bin/chromium';
const hasBrowser = existsSync(PATH);
if (!hasBrowser) {
  process.stderr.write(`Skipped: the page that pays by card is not tried, because there is no ${PATH}.\n`);
}

(hasBrowser ? describe : describe.skip)('the page that pays for a mail by card', () => {
  let browser: Browser;

  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: PATH, args: ['--no-sandbox'] });
  });

  afterAll(async () => {
    await browser.close();
  });

  /** A user of Pro with this card, whose credits are used up. */
  async function givenPayer(card: string): Promise<{ ada: ApiUser; order: object }> {
    const ada = await someApiUser(postage(), 'pro');
    const customer = await stripeOf(postage()).customers.create({
      metadata: { userId: ada.id },
      payment_method: card,
      invoice_settings: { default_payment_method: card },
    });
    const link = { userId: ada.id, customerId: customer.id };
    await linkFirstCustomer(postage().store, link, postage().clock.now(), plentyOfTime());
    const letterId = String((await ada.call('POST', '/letters', { body: LETTER })).body['id']);
    const deliverAt = '2090-01-31T09:00:00.000Z';
    const order = { letterId, channel: 'mail', deliverAt, recipient: ADDRESS, payAsYouGo: true };
    for (let credits = 0; credits < 2; credits += 1) {
      expect(await ada.call('POST', '/deliveries', { body: order })).toMatchObject({ status: 201 });
    }
    return { ada, order };
  }

  async function schedule({ ada, order }: { ada: ApiUser; order: object }): Promise<Page> {
    const page = await browser.newPage();
    await page.goto(`${postage().url}/docs/pay`);
    const { body } = await call(postage(), 'GET', '/dev/stripe');
    await page.getByLabel('Token').fill(await postage().token(ada.id));
    await page.getByLabel('publishable key').fill(String(body['publishableKey']));
    await page.getByLabel('Body').fill(JSON.stringify(order));
    await page.getByRole('button', { name: 'Schedule' }).click();
    return page;
  }

  async function answerIn(page: Page): Promise<unknown> {
    const text = await page.locator('output', { hasText: '{' }).textContent();
    await page.close();
    return JSON.parse(text ?? '');
  }

  it('G9: schedules a mail that is paid at once', async () => {
    const page = await schedule(await givenPayer('pm_card_visa'));
    expect(await answerIn(page)).toMatchObject({ status: 'scheduled', paidWith: 'card' });
  });

  it('G9: lets the holder authenticate, with the secret alone', async () => {
    const page = await schedule(await givenPayer('pm_card_authenticationRequired'));
    await page.getByRole('button', { name: 'Authorize' }).click();
    expect(await answerIn(page)).toMatchObject({ status: 'scheduled', paidWith: 'card' });
  });

  it('G2, G9: says that nobody has paid when the holder does not', async () => {
    const page = await schedule(await givenPayer('pm_card_authenticationRequired'));
    await page.getByRole('button', { name: 'Fail' }).click();
    expect(await answerIn(page)).toMatchObject({ status: 402, code: 'payment_failed' });
  });
});
