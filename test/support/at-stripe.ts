/** What happens at the stand-in for Stripe that a Postage has, beside what Postage does there. */
import { expect } from '@jest/globals';
import type { Stripe } from 'stripe';
import { sdkFor } from 'stripe-stand-in';
import { readStoredAccount } from '../../lambdas/adapters/dynamodb/accounts.ts';
import { type ApiAnswer, type ApiUser, call } from './api-client.ts';
import { type Postage } from './server.ts';
import { plentyOfTime } from './table.ts';

/** The SDK on it. */
export function stripeOf({ stripe: { url, secretKey } }: Postage): Stripe {
  return sdkFor({ url: url ?? '', secretKey });
}

/** What customers and banks do, and faults: a `/dev/stripe` route. */
export async function atStripe(
  postage: Postage,
  method: 'PUT' | 'POST',
  path: string,
  body: object = {},
): Promise<ApiAnswer> {
  const answer = await call(postage, method, `/dev/stripe${path}`, { body });
  expect(answer).toMatchObject({ status: 200 });
  return answer;
}

/** The id of a Checkout session is the last part of its page's address. */
export function sessionIn(url: string): string {
  return /cs_test_\w+/.exec(url)?.[0] ?? url;
}

/** Pays at a Checkout's page, and lets Postage hear of it. */
export async function payCheckout(postage: Postage, url: string, body: object = {}): Promise<void> {
  await atStripe(postage, 'POST', `/checkout/${sessionIn(url)}/pay`, body);
  await atStripe(postage, 'POST', '/flush');
}

/** What a user does in the Portal: `card`, or tries to do there, as its `/dev/stripe` routes are named. */
export async function inPortal(
  postage: Postage,
  user: ApiUser,
  act: string,
  body: object = {},
): Promise<ApiAnswer> {
  const { url } = (await user.call('POST', '/billing/portal-sessions')).body;
  return call(postage, 'POST', `/dev/stripe/portal/${/bps_\w+/.exec(String(url))?.[0] ?? ''}/${act}`, {
    body,
  });
}

/** The customer that Postage knows a user by. */
export async function customerOf({ store }: Postage, { id }: ApiUser): Promise<string | null> {
  const account = await readStoredAccount(store, id, plentyOfTime());
  return account?.kind === 'account' ? account.customerId : null;
}
