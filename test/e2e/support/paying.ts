/** Users who pay at Stripe, where it is a stand-in that pays when it is told to. */
import { it } from '@jest/globals';
import type { Stripe } from 'stripe';
import * as z from 'zod/mini';
import { eventually } from './eventually.ts';
import { ask, expectAnswer, get, membersOf } from './http.ts';
import type { Person } from './people.ts';
import type { User, World } from './world.ts';

/** The real Stripe wants a person at its page. */
export const itWithStripe =
  process.env['POSTAGE_URL'] === undefined || process.env['POSTAGE_STRIPE_CONTROL_URL'] !== undefined
    ? it
    : it.skip;

/** What customers and banks do, told at a control route of the stand-in. */
export async function atStripe(
  world: World,
  path: string,
  body: object = {},
): Promise<Record<string, unknown>> {
  return membersOf(await world.atStripe?.('POST', path, body));
}

/** Stripe's own API, for what is done there by hand. */
export function stripeOf({ stripe }: World): Stripe {
  if (stripe === null) {
    throw new Error('Stripe is there in the cases of `itWithStripe` only.');
  }
  return stripe;
}

/** Pays at the page of a Checkout. @returns its session; Stripe's event may not have come yet */
export async function payAt(world: World, page: string, body?: object): Promise<Record<string, unknown>> {
  return atStripe(world, `/checkout/${/cs_test_\w+/.exec(page)?.[0] ?? page}/pay`, body);
}

/** The address of a page at Stripe. */
async function pageFor(world: World, { token }: User, route: string, json?: object): Promise<string> {
  const answer = await ask(world, `POST ${route}`, { token, ...(json === undefined ? {} : { json }) });
  expectAnswer(answer, 200);
  return z.parse(z.string(), answer.body['url']);
}

/** What a user does in the Portal: `card`, as the stand-in's control route is named. */
export async function inPortal(world: World, user: User, act: string, body?: object): Promise<void> {
  const page = await pageFor(world, user, '/billing/portal-sessions');
  await atStripe(world, `/portal/${/bps_\w+/.exec(page)?.[0] ?? page}/${act}`, body);
}

/** Orders a subscription and pays for it. @returns its id at Stripe, whose event may not have come yet */
export async function subscribe(
  world: World,
  user: User,
  order: object,
  paymentMethod = 'pm_card_visa',
): Promise<string> {
  const page = await pageFor(world, user, '/billing/checkout-sessions', order);
  const { subscription } = await payAt(world, page, { paymentMethod });
  return z.parse(z.string(), subscription);
}

/** Somebody who has ordered a subscription and paid for it; Stripe's event may not have come yet. */
export async function givenPayingUser(
  world: World,
  person: Person,
  order: object,
  paymentMethod?: string,
): Promise<User> {
  const user = await world.meet(person);
  await subscribe(world, user, order, paymentMethod);
  return user;
}

/** Buys five credits, and waits for them. @returns the PaymentIntent that they were paid by */
export async function buyFive(world: World, user: User): Promise<string> {
  const { token } = user;
  const before = z.parse(z.int(), (await get(world, '/credits', token))['purchased']);
  const begun = await ask(world, 'POST /credits/purchases', { token, json: { bundle: 5 } });
  expectAnswer(begun, 201);
  const { payment_intent: intent } = await payAt(world, z.parse(z.string(), begun.body['checkoutUrl']));
  await untilCredits(world, user, { purchased: before + 5 });
  return z.parse(z.string(), intent);
}

type Until = (world: World, user: User, expected: Record<string, unknown>) => Promise<true>;

/** Asks a route until it answers what is expected, which it does once the event has come. */
function untilAnswered(path: string): Until {
  return (world, { token }, expected) =>
    eventually(`${path} with ${JSON.stringify(expected)}`, async () => {
      const answer = await get(world, path, token);
      return Object.entries(expected).every(([name, value]) => answer[name] === value) || null;
    });
}

export const untilCredits = untilAnswered('/credits');
export const untilEntitled = untilAnswered('/entitlements');
