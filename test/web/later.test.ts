/** What users find on the page once time has passed, and what helps them then. */
import { expect, it } from '@jest/globals';
import * as z from 'zod/mini';
import { DAY_MS } from '../../lambdas/domain/instants.ts';
import { dev } from '../e2e/support/dev.ts';
import { describeInBrowser, FLOW_MS, useBrowser, violationsOn } from './support/browser.ts';
import { signIn } from './support/chromium.ts';
import { press, says, someone, visit } from './support/steps.ts';
import { useSite } from './support/use-site.ts';

const clock = z.object({ now: z.string() });

describeInBrowser('the page, later', () => {
  const site = useSite();
  const browser = useBrowser();

  const order = (path: string, body: object = {}) => dev(site().url, 'POST', `/dev/stripe${path}`, body);

  async function passDays(days: number): Promise<void> {
    const { now } = clock.parse(await dev(site().url, 'GET', '/dev/clock'));
    const then = new Date(Date.parse(now) + days * DAY_MS).toISOString();
    await dev(site().url, 'POST', '/dev/clock', { now: then });
  }

  /** The id at the end of the address of a page at Stripe. */
  async function pageAtStripe(user: string, path: string, body: object = {}): Promise<string> {
    const { url } = await site().call(user, 'POST', path, body);
    return String(url).split('/').at(-1) ?? '';
  }

  /** A subscriber whose card declines from now on. */
  async function givenDecliningSubscriber(): Promise<string> {
    const user = someone();
    const plan = { plan: 'pro', interval: 'month' };
    await order(`/checkout/${await pageAtStripe(user, '/billing/checkout-sessions', plan)}/pay`);
    const paymentMethod = 'pm_card_chargeCustomerFail';
    await order(`/portal/${await pageAtStripe(user, '/billing/portal-sessions')}/card`, { paymentMethod });
    return user;
  }

  it(
    'G11: promises no credit of an earlier period for which there is no room',
    async () => {
      const user = someone();
      await site().setPlan(user, 'pro');
      const { id: letterId } = await site().call(user, 'POST', '/letters', { title: 'To me', body: 'Hi' });
      const recipient = { name: 'Ada', line1: '1', city: 'London', postalCode: 'SW1Y 4JH', country: 'GB' };
      const mail = { letterId, channel: 'mail', deliverAt: '2090-01-31T09:00:00Z', recipient };
      await site().call(user, 'POST', '/deliveries', mail);
      await passDays(32);
      const page = await browser.open();
      await signIn(page, site(), user);
      await visit(page, 'Letters');
      await press(page, /^Cancel$/);
      await says(
        page,
        /An included or carried one of an earlier period comes back only if your plan has room/,
      );
      await press(page, 'Cancel the delivery');
      await says(page, 'Cancelled');
      expect(await site().call(user, 'GET', '/credits')).toMatchObject({ available: 2 });
      const { items } = await site().call(user, 'GET', '/credits/ledger');
      expect(items).toMatchObject({ 0: { kind: 'expiry' }, 1: { kind: 'regranted' } });
    },
    FLOW_MS,
  );

  it(
    'says what is wrong with a subscription that Stripe has given up charging, and ends it, so that another can begin',
    async () => {
      await order('/billing', { afterRetries: 'unpaid' });
      const user = await givenDecliningSubscriber();
      await passDays(45);
      await order('/billing', { afterRetries: 'canceled' });
      expect(await site().call(user, 'GET', '/account')).toMatchObject({ status: 'canceled', plan: 'none' });

      const page = await browser.open();
      await signIn(page, site(), user);
      await visit(page, 'Plans');
      await press(page, 'Get Pro');
      await says(page, 'You have a subscription already.');
      await page.getByRole('link', { name: 'To your plan' }).click();
      await says(page, 'Your subscription gives you no plan');
      await page.getByRole('button', { name: 'Cards and invoices' }).waitFor();
      expect(await violationsOn(page)).toEqual([]);
      await press(page, 'End it now');
      await says(page, 'End the subscription now?');
      await press(page, 'End the subscription');
      await page.getByRole('link', { name: 'Choose a plan' }).waitFor();
      await page.getByRole('button', { name: 'Cards and invoices' }).waitFor();
      await page.getByRole('link', { name: 'Choose a plan' }).click();
      await press(page, 'Get Pro');
      await page.getByLabel(/that pays/).check();
      await press(page, /^Pay/);
      await says(page, 'Your plan is Pro.');
    },
    FLOW_MS,
  );

  it(
    'leads whoever has no plan any more to their card and invoices, also while Stripe still tries to charge',
    async () => {
      const user = await givenDecliningSubscriber();
      const { period } = await site().call(user, 'GET', '/account');
      const { endsAt } = z.parse(z.object({ endsAt: z.string() }), period);
      const { now } = clock.parse(await dev(site().url, 'GET', '/dev/clock'));
      const days = (Date.parse(endsAt) - Date.parse(now)) / DAY_MS;
      // Stripe tries for eight days, and the grace has seven.
      await passDays(days + 0.25);
      await order('/flush');
      await passDays(7.25);
      await order('/flush');

      const page = await browser.open();
      await signIn(page, site(), user);
      await says(page, 'Its last invoice was not paid in time.');
      await press(page, /^Cancel$/);
      await says(page, /^It ends /);
      await press(page, 'Keep it');
      await press(page, 'Cards and invoices');
      await says(page, 'Use this card');
    },
    FLOW_MS,
  );
});
