import { describe, expect, it } from '@jest/globals';
import { DAY_MS, toIso } from '../../lambdas/domain/instants.ts';
import { idOf } from '../support/stripe.ts';
import { schedule, givenLetter } from './support/deeds.ts';
import { eventually } from './support/eventually.ts';
import { ask, expectAnswer, get } from './support/http.ts';
import {
  atStripe,
  buyFive,
  givenPayingUser,
  inPortal,
  itWithStripe,
  stripeOf,
  subscribe,
  untilEntitled,
} from './support/paying.ts';
import { useWorld } from './support/use-world.ts';

const world = useWorld();
const PRO = { plan: 'pro', interval: 'month' };
const ENTERPRISE = { plan: 'enterprise', interval: 'month' };

describe('a subscription', () => {
  itWithStripe('begins with a paid Checkout, and no second one beside it', async () => {
    const user = await givenPayingUser(world(), 'freeSubscriber', PRO);
    await untilEntitled(world(), user, { plan: 'pro', status: 'active' });
    const letterId = await givenLetter(world(), user);
    expectAnswer(await schedule(world(), user, letterId, 'mail'), 201, { paidWith: 'credit' });
    expect(await get(world(), '/credits', user.token)).toMatchObject({ available: 1, granted: 2, used: 1 });
    const second = await ask(world(), 'POST /billing/checkout-sessions', { token: user.token, json: PRO });
    expectAnswer(second, 409, { code: 'already_subscribed' });
  });

  itWithStripe(
    'is upgraded, made smaller from the end of the period on, cancelled and kept after all',
    async () => {
      const user = await givenPayingUser(world(), 'freeUpgrader', PRO);
      const { token } = user;
      await untilEntitled(world(), user, { plan: 'pro' });
      const upgraded = await ask(world(), 'POST /billing/plan-changes', { token, json: ENTERPRISE });
      expectAnswer(upgraded, 200, { ...ENTERPRISE, status: 'done' });
      await untilEntitled(world(), user, { plan: 'enterprise', status: 'active' });
      expect(await get(world(), '/credits', token)).toMatchObject({ available: 10 });
      expectAnswer(await ask(world(), 'POST /billing/plan-changes', { token, json: PRO }), 200, { ...PRO });
      expect(await get(world(), '/billing', token)).toMatchObject({ ...ENTERPRISE, scheduled: PRO });
      expectAnswer(await ask(world(), 'DELETE /billing/plan-changes', { token }), 200);
      expect(await get(world(), '/billing', token)).toMatchObject({ ...ENTERPRISE, scheduled: null });
      expectAnswer(await ask(world(), 'POST /billing/cancellation', { token }), 200, { status: 'done' });
      const { periodEndsAt } = await get(world(), '/usage', token);
      await untilEntitled(world(), user, { plan: 'enterprise', endsAt: periodEndsAt });
      expectAnswer(await ask(world(), 'DELETE /billing/cancellation', { token }), 200);
      await untilEntitled(world(), user, { plan: 'enterprise', endsAt: undefined });
    },
  );

  itWithStripe('G8: is ended at once at Stripe, and begun anew; what was bought stays', async () => {
    const user = await world().meet('freeResubscriber');
    const subscription = await subscribe(world(), user, PRO);
    await untilEntitled(world(), user, { plan: 'pro', status: 'active' });
    await buyFive(world(), user);
    const letterId = await givenLetter(world(), user);
    await stripeOf(world()).subscriptions.cancel(subscription);
    await untilEntitled(world(), user, { plan: 'none', status: 'canceled' });
    const kept = { available: 5, included: 0, purchased: 5 };
    expect(await get(world(), '/credits', user.token)).toMatchObject(kept);
    expectAnswer(await schedule(world(), user, letterId, 'mail'), 402, { code: 'plan_required' });

    await subscribe(world(), user, PRO);
    await untilEntitled(world(), user, { plan: 'pro', status: 'active' });
    expect(await get(world(), '/credits', user.token)).toMatchObject({ available: 7, purchased: 5 });
    expectAnswer(await schedule(world(), user, letterId, 'mail'), 201, { paidWith: 'credit' });
  });

  itWithStripe('is tried out until the trial ends', async () => {
    const user = await world().meet('freeTrier');
    const subscription = await subscribe(world(), user, PRO);
    const trialEnd = Math.floor((await world().now()) / 1_000) + 3 * 86_400;
    await stripeOf(world()).subscriptions.update(subscription, { trial_end: trialEnd });
    await untilEntitled(world(), user, { plan: 'pro', status: 'trialing' });
    const trialInfo = { isInTrial: true, trialEndsAt: toIso(trialEnd * 1_000), daysRemaining: 3 };
    expect(await get(world(), '/entitlements', user.token)).toMatchObject({ trialInfo });
    await stripeOf(world()).subscriptions.update(subscription, { trial_end: 'now' });
    await untilEntitled(world(), user, { plan: 'pro', status: 'active', trialInfo: undefined });
  });

  itWithStripe(
    'stays for seven days of grace when its invoice is not paid, and goes on once it is',
    async () => {
      const user = await world().meet('freeDebtor');
      const subscription = await subscribe(world(), user, PRO);
      await untilEntitled(world(), user, { plan: 'pro', status: 'active' });
      await inPortal(world(), user, 'card', { paymentMethod: 'pm_card_chargeCustomerFail' });
      const begun = await world().now();
      const { latest_invoice: invoice } = await stripeOf(world()).subscriptions.update(subscription, {
        billing_cycle_anchor: { type: 'now' },
        proration_behavior: 'none',
      });
      await untilEntitled(world(), user, { plan: 'pro', status: 'past_due' });
      const { graceEndsAt } = await get(world(), '/entitlements', user.token);
      const grace = Date.parse(String(graceEndsAt)) - begun;
      expect(Math.round(grace / DAY_MS)).toBe(7);
      await atStripe(world(), `/invoices/${idOf(invoice)}/pay`, { paymentMethod: 'pm_card_visa' });
      await untilEntitled(world(), user, { plan: 'pro', status: 'active', graceEndsAt: undefined });
    },
  );
});

describe('a renewal that nobody pays', () => {
  /** A trial that ends within seconds, because Stripe's clock is the real one where the stack is deployed. */
  async function untilRenewed(subscription: string): Promise<string> {
    const { subscriptions, invoices } = stripeOf(world());
    const trialEnd = Math.floor((await world().now()) / 1_000) + 4;
    await subscriptions.update(subscription, { trial_end: trialEnd, proration_behavior: 'none' });
    return eventually('an invoice of the period after the trial', async () => {
      const { data } = await invoices.list({ subscription });
      return data.find(({ billing_reason: reason }) => reason === 'subscription_cycle')?.id ?? null;
    });
  }

  itWithStripe('withholds its unspent credits until it is paid', async () => {
    const user = await world().meet('freeDefaulter');
    const { token } = user;
    const subscription = await subscribe(world(), user, PRO);
    await untilEntitled(world(), user, { plan: 'pro', status: 'active' });
    await inPortal(world(), user, 'card', { paymentMethod: 'pm_card_chargeCustomerFail' });
    const invoice = await untilRenewed(subscription);
    await untilEntitled(world(), user, { plan: 'pro', status: 'active' });
    // Stripe leaves the invoice in draft for an hour. What is used meanwhile is used.
    const letterId = await givenLetter(world(), user);
    expectAnswer(await schedule(world(), user, letterId, 'mail'), 201, { paidWith: 'credit' });
    expect(await get(world(), '/credits', token)).toMatchObject({ available: 1, included: 1 });

    await stripeOf(world()).invoices.finalizeInvoice(invoice);
    await expect(stripeOf(world()).invoices.pay(invoice)).rejects.toThrow('declined');
    await untilEntitled(world(), user, { plan: 'pro', status: 'past_due' });
    expect(await get(world(), '/credits', token)).toMatchObject({ available: 0, included: 0 });
    expect(await get(world(), '/account', token)).toMatchObject({ credits: { available: 0, withheld: 1 } });
    expectAnswer(await schedule(world(), user, letterId, 'mail'), 402, { code: 'insufficient_credits' });
    expectAnswer(await schedule(world(), user, letterId, 'email'), 201);

    await atStripe(world(), `/invoices/${invoice}/pay`, { paymentMethod: 'pm_card_visa' });
    await untilEntitled(world(), user, { plan: 'pro', status: 'active', graceEndsAt: undefined });
    expect(await get(world(), '/account', token)).toMatchObject({ credits: { available: 1, withheld: 0 } });
    expectAnswer(await schedule(world(), user, letterId, 'mail'), 201, { paidWith: 'credit' });
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
