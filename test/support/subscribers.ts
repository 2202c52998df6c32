/** Subscribers who change their plan over the API of a Postage. */
import { expect } from '@jest/globals';
import type { Stripe } from 'stripe';
import { type ApiAnswer, type ApiUser, call, someApiUser } from './api-client.ts';
import { atStripe, customerOf, inPortal, payCheckout, stripeOf } from './at-stripe.ts';
import { type Postage } from './server.ts';

export const CHANGES = '/billing/plan-changes';
export const CANCELLATION = '/billing/cancellation';
export const PRO = { plan: 'pro', interval: 'month' };
export const PRO_YEARLY = { plan: 'pro', interval: 'year' };
export const ENTERPRISE = { plan: 'enterprise', interval: 'month' };

export async function subscriber(
  postage: Postage,
  order: object = PRO,
  paymentMethod = 'pm_card_visa',
): Promise<ApiUser> {
  const user = await someApiUser(postage);
  const { body } = await user.call('POST', '/billing/checkout-sessions', { body: order });
  await payCheckout(postage, String(body['url']), { paymentMethod });
  return user;
}

export function change(user: ApiUser, body: object, headers = {}): Promise<ApiAnswer> {
  return user.call('POST', CHANGES, { body, headers });
}

export async function account(user: ApiUser): Promise<Record<string, unknown>> {
  return (await user.call('GET', '/account')).body;
}

export async function billing(user: ApiUser): Promise<Record<string, unknown>> {
  return (await user.call('GET', '/billing')).body;
}

export async function atStripeOf(postage: Postage, user: ApiUser): Promise<Stripe.Subscription> {
  const customer = (await customerOf(postage, user)) ?? '';
  const { data } = await stripeOf(postage).subscriptions.list({ customer, expand: ['data.schedule'] });
  const [subscription] = data;
  if (subscription === undefined) {
    throw new Error('There is no subscription.');
  }
  return subscription;
}

export async function setCard(postage: Postage, user: ApiUser, paymentMethod: string): Promise<void> {
  expect(await inPortal(postage, user, 'card', { paymentMethod })).toMatchObject({ status: 200 });
}

/** Time passes, and what Stripe does meanwhile. Tokens end with it. */
export async function passes(postage: Postage, user: ApiUser, ms: number): Promise<void> {
  const now = new Date(postage.clock.now() + ms).toISOString();
  expect(await call(postage, 'POST', '/dev/clock', { body: { now } })).toMatchObject({ status: 200 });
  await stripeOf(postage).customers.list({ limit: 1 });
  await atStripe(postage, 'POST', '/flush');
  const token = await postage.token(user.id);
  user.call = (method, path, request) => call(postage, method, path, { token, ...request });
}

export function refusedAs(reason: string): object {
  return { status: 409, body: { code: 'illegal_transition', reason } };
}
