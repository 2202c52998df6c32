/** Two Checkouts of one user: only the newest can be paid. */
import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Stripe } from 'stripe';
import { type ApiAnswer, type ApiUser, someApiUser } from '../support/api-client.ts';
import { customerOf, payCheckout, sessionIn, stripeOf } from '../support/at-stripe.ts';
import { usePostage } from '../support/server.ts';

const postage = usePostage();
let stripe: Stripe;
let ada: ApiUser;

beforeAll(() => {
  stripe = stripeOf(postage());
});

beforeEach(async () => {
  ada = await someApiUser(postage());
});

function ask(plan: string, key?: string): Promise<ApiAnswer> {
  const headers: Record<string, string> = key === undefined ? {} : { 'idempotency-key': key };
  return ada.call('POST', '/billing/checkout-sessions', { body: { plan, interval: 'month' }, headers });
}

async function begin(plan: string, key?: string): Promise<string> {
  const answer = await ask(plan, key);
  expect(answer).toMatchObject({ status: 200 });
  return String(answer.body['url']);
}

async function statusesOf(...urls: string[]): Promise<(string | null)[]> {
  const sessions = await Promise.all(urls.map((url) => stripe.checkout.sessions.retrieve(sessionIn(url))));
  return sessions.map(({ status }) => status);
}

describe('a second Checkout', () => {
  it('G9: expires the first, whatever its plan', async () => {
    const [first, second] = [await begin('pro'), await begin('enterprise')];
    const third = await begin('enterprise');
    expect(await statusesOf(first, second, third)).toEqual(['expired', 'expired', 'open']);
    await payCheckout(postage(), third);
    expect((await ada.call('GET', '/entitlements')).body).toMatchObject({ plan: 'enterprise' });
  });

  it('G9: of several that are begun at once leaves one', async () => {
    const urls = await Promise.all([begin('pro'), begin('enterprise'), begin('pro'), begin('pro')]);
    const statuses = await statusesOf(...urls);
    expect(statuses.filter((status) => status === 'open')).toHaveLength(1);
  });

  it('G2: leaves the first one’s key good: it begins one page anew, and stays with that', async () => {
    const first = await begin('pro', 'one');
    const second = await begin('enterprise', 'two');
    const again = await begin('pro', 'one');
    expect(await begin('pro', 'one')).toBe(again);
    expect(await statusesOf(first, second, again)).toEqual(['expired', 'expired', 'open']);
  });

  it('leaves bundles and what the owner sells otherwise alone', async () => {
    await begin('pro');
    const customer = (await customerOf(postage(), ada)) ?? '';
    const bundle = await stripe.checkout.sessions.create({
      mode: 'payment',
      customer,
      metadata: { userId: ada.id },
      line_items: [
        { quantity: 1, price_data: { currency: 'usd', unit_amount: 500, product_data: { name: 'Other' } } },
      ],
      success_url: 'https://app.test/',
    });
    const other = await stripe.checkout.sessions.create({
      mode: 'subscription',
      customer,
      metadata: { userId: ada.id },
      line_items: [
        {
          quantity: 1,
          price_data: {
            currency: 'usd',
            unit_amount: 500,
            recurring: { interval: 'month' },
            product_data: { name: 'Other' },
          },
        },
      ],
      success_url: 'https://app.test/',
    });
    await begin('pro');
    for (const { id } of [bundle, other]) {
      expect((await stripe.checkout.sessions.retrieve(id)).status).toBe('open');
    }
  });
});
