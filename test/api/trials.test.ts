import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Stripe } from 'stripe';
import { catalogue } from '#config';
import { type ApiUser, someApiUser } from '../support/api-client.ts';
import { atStripe, customerOf, payCheckout, stripeOf } from '../support/at-stripe.ts';
import { usePostage } from '../support/server.ts';

const postage = usePostage();
let stripe: Stripe;

beforeAll(() => {
  // Before the function is loaded, which is when it is first called.
  Object.assign(catalogue, { trialDays: 14 });
  stripe = stripeOf(postage());
});

async function subscribe(user: ApiUser): Promise<void> {
  const answer = await user.call('POST', '/billing/checkout-sessions', {
    body: { plan: 'pro', interval: 'month' },
  });
  expect(answer).toMatchObject({ status: 200 });
  await payCheckout(postage(), String(answer.body['url']));
}

async function entitlements(user: ApiUser): Promise<unknown> {
  return (await user.call('GET', '/entitlements')).body;
}

describe('a trial', () => {
  it('begins with the first subscription, and with no later one', async () => {
    const user = await someApiUser(postage());
    await subscribe(user);
    expect(await entitlements(user)).toMatchObject({
      plan: 'pro',
      status: 'trialing',
      trialInfo: { isInTrial: true, daysRemaining: 14 },
    });

    const customer = (await customerOf(postage(), user)) ?? '';
    const { data } = await stripe.subscriptions.list({ customer });
    await stripe.subscriptions.cancel(data[0]?.id ?? '');
    await atStripe(postage(), 'POST', '/flush');
    expect(await entitlements(user)).toMatchObject({ plan: 'none', status: 'canceled' });

    await subscribe(user);
    expect(await entitlements(user)).toMatchObject({ plan: 'pro', status: 'active' });
  });
});
