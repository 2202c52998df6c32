/** Users who pay at Stripe, where it is a stand-in that pays when it is told to. */
import { it } from '@jest/globals';
import * as z from 'zod/mini';
import { eventually } from './eventually.ts';
import { ask, expectAnswer, get, membersOf } from './http.ts';
import type { Person } from './people.ts';
import type { User, World } from './world.ts';

/** The real Stripe wants a person at its page. */
export const itWithStripe =
  process.env['POSTAGE_URL'] === undefined || process.env['POSTAGE_STRIPE_DEV_URL'] !== undefined
    ? it
    : it.skip;

/** What customers and banks do, told at a `/dev/stripe` route. */
export async function atStripe(
  world: World,
  path: string,
  body: object = {},
): Promise<Record<string, unknown>> {
  return membersOf(await world.atStripe?.('POST', path, body));
}

/** The address of a page at Stripe. */
async function pageFor(world: World, { token }: User, route: string, json?: object): Promise<string> {
  const answer = await ask(world, `POST ${route}`, { token, ...(json === undefined ? {} : { json }) });
  expectAnswer(answer, 200);
  return z.parse(z.string(), answer.body['url']);
}

/** What a user does in the Portal: `price`, `cancel`, `keep` or `card`, as its `/dev/stripe` routes are named. */
export async function inPortal(world: World, user: User, act: string, body?: object): Promise<void> {
  const page = await pageFor(world, user, '/billing/portal-sessions');
  await atStripe(world, `/portal/${/bps_\w+/.exec(page)?.[0] ?? page}/${act}`, body);
}

/** Somebody who has ordered a subscription and paid for it; Stripe's event may not have come yet. */
export async function givenPayingUser(
  world: World,
  person: Person,
  order: object,
  paymentMethod = 'pm_card_visa',
): Promise<User> {
  const user = await world.meet(person);
  const page = await pageFor(world, user, '/billing/checkout-sessions', order);
  const session = /cs_test_\w+/.exec(page)?.[0] ?? page;
  await atStripe(world, `/checkout/${session}/pay`, { paymentMethod });
  return user;
}

/** What holds is asked for until the event has come. */
export async function untilEntitled(
  world: World,
  { token }: User,
  expected: Record<string, unknown>,
): Promise<void> {
  await eventually(`entitled to ${JSON.stringify(expected)}`, async () => {
    const entitlements = await get(world, '/entitlements', token);
    return Object.entries(expected).every(([name, value]) => entitlements[name] === value) || null;
  });
}
