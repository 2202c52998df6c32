import { describe, expect, it } from '@jest/globals';
import * as z from 'zod/mini';
import { isLive } from '../../lambdas/domain/account.ts';
import { itAtStripe } from './support/at-stripe.ts';
import { schedule, givenLetter } from './support/deeds.ts';
import { eventually } from './support/eventually.ts';
import { ask, expectAnswer, get, membersOf } from './support/http.ts';
import type { Person } from './support/people.ts';
import { useWorld } from './support/use-world.ts';
import type { User, World } from './support/world.ts';

const world = useWorld();

const PRO = { plan: 'pro', interval: 'month' };

async function atStripe(path: string, body: object = {}): Promise<Record<string, unknown>> {
  return membersOf(await world().atStripe?.('POST', path, body));
}

async function pageFor({ token }: User, route: string, json?: object): Promise<string> {
  const answer = await ask(world(), `POST ${route}`, { token, ...(json === undefined ? {} : { json }) });
  expectAnswer(answer, 200);
  return z.parse(z.string(), answer.body['url']);
}

function sessionIn(url: string): string {
  return /cs_test_\w+/.exec(url)?.[0] ?? url;
}

/** What holds is asked for until the event has come. */
async function untilEntitled(to: World, { token }: User, expected: Record<string, unknown>): Promise<void> {
  await eventually(`entitled to ${JSON.stringify(expected)}`, async () => {
    const entitlements = await get(to, '/entitlements', token);
    return Object.entries(expected).every(([name, value]) => entitlements[name] === value) || null;
  });
}

async function givenPayingUser(person: Person, order: object): Promise<User> {
  const user = await world().meet(person);
  const page = await pageFor(user, '/billing/checkout-sessions', order);
  await atStripe(`/checkout/${sessionIn(page)}/pay`);
  return user;
}

/** The id that Stripe knows a user's subscription by. */
async function subscriptionOf({ userId }: User): Promise<string> {
  const account = await world().storedAccount(userId);
  return account?.kind === 'account' && isLive(account.subscription) ? account.subscription.id : 'none';
}

describe('a subscription', () => {
  itAtStripe('begins with a paid Checkout, and no second one beside it', async () => {
    const user = await givenPayingUser('freeSubscriber', PRO);
    await untilEntitled(world(), user, { plan: 'pro', status: 'active' });
    const letterId = await givenLetter(world(), user);
    expectAnswer(await schedule(world(), user, letterId, 'mail'), 201, { paidWith: 'credit' });
    expect(await get(world(), '/credits', user.token)).toMatchObject({ available: 1, granted: 2, used: 1 });
    const second = await ask(world(), 'POST /billing/checkout-sessions', { token: user.token, json: PRO });
    expectAnswer(second, 409, { code: 'already_subscribed' });
  });

  itAtStripe('is upgraded, and ended at the end of what is paid, in the Portal', async () => {
    const user = await givenPayingUser('freeUpgrader', PRO);
    await untilEntitled(world(), user, { plan: 'pro' });
    expect(await pageFor(user, '/billing/portal-sessions')).toContain('bps_');
    const subscription = await subscriptionOf(user);
    await atStripe(`/portal/${subscription}/price`, { price: 'price_enterprise_month' });
    await untilEntitled(world(), user, { plan: 'enterprise', status: 'active' });
    expect(await get(world(), '/credits', user.token)).toMatchObject({ available: 10 });
    await atStripe(`/portal/${subscription}/cancel`);
    const { periodEndsAt } = await get(world(), '/usage', user.token);
    await untilEntitled(world(), user, { plan: 'enterprise', endsAt: periodEndsAt });
  });
});

describe("Stripe's events", () => {
  it('G13: are refused without its signature', async () => {
    const unsigned = await ask(world(), 'POST /webhooks/stripe', {
      json: { id: 'evt_1', type: 'invoice.paid' },
    });
    expectAnswer(unsigned, 401, { code: 'unauthenticated' });
    const forged = { 'stripe-signature': `t=${String(Math.floor(Date.now() / 1_000))},v1=${'0'.repeat(64)}` };
    const answer = await ask(world(), 'POST /webhooks/stripe', { json: { id: 'evt_1' }, headers: forged });
    expectAnswer(answer, 401, { code: 'unauthenticated' });
  });
});
