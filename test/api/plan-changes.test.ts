import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Stripe } from 'stripe';
import { DAY_MS } from '../../lambdas/domain/instants.ts';
import { standInPriceId } from '../../local/stripe-products.ts';
import { someApiUser } from '../support/api-client.ts';
import { atStripe, customerOf, stripeOf } from '../support/at-stripe.ts';
import { usePostage } from '../support/server.ts';
import { idOf } from '../support/stripe.ts';
import {
  account,
  atStripeOf,
  billing,
  CANCELLATION,
  change,
  CHANGES,
  ENTERPRISE,
  passes,
  PRO,
  PRO_YEARLY,
  refusedAs,
  setCard,
  subscriber,
} from '../support/subscribers.ts';

const postage = usePostage();
let stripe: Stripe;

beforeAll(() => {
  stripe = stripeOf(postage());
});

describe('a smaller plan', () => {
  it('is scheduled, changed and taken back', async () => {
    const user = await subscriber(postage(), ENTERPRISE);
    expect(await change(user, PRO)).toMatchObject({ status: 200, body: { status: 'done' } });
    const { period } = (await account(user)) as { period: { endsAt: string } };
    const endsAt = new Date(Math.floor(Date.parse(period.endsAt) / 1_000) * 1_000).toISOString();
    expect(await billing(user)).toMatchObject({ ...ENTERPRISE, scheduled: { ...PRO, at: endsAt } });
    const { schedule } = await atStripeOf(postage(), user);
    expect(await change(user, PRO)).toMatchObject(refusedAs('already_scheduled'));
    expect(await change(user, PRO_YEARLY)).toMatchObject({ status: 200 });
    expect(await billing(user)).toMatchObject({ scheduled: { ...PRO_YEARLY, at: endsAt } });
    expect(idOf((await atStripeOf(postage(), user)).schedule)).toBe(idOf(schedule));
    expect(await user.call('DELETE', CHANGES)).toMatchObject({ status: 200 });
    expect(await billing(user)).toMatchObject({ ...ENTERPRISE, scheduled: null });
    expect(await user.call('DELETE', CHANGES)).toMatchObject(refusedAs('nothing_scheduled'));
  });

  it('holds from the end of the period on, and can be left again', async () => {
    const user = await subscriber(postage(), ENTERPRISE);
    await change(user, PRO);
    await passes(postage(), user, 32 * DAY_MS);
    expect(await account(user)).toMatchObject({ plan: 'pro' });
    // Its schedule is still there, with nothing to come.
    expect((await atStripeOf(postage(), user)).schedule).not.toBeNull();
    expect(await billing(user)).toMatchObject({ ...PRO, scheduled: null });
    expect(await change(user, ENTERPRISE)).toMatchObject({ status: 200 });
    expect(await account(user)).toMatchObject({ plan: 'enterprise' });
    expect((await atStripeOf(postage(), user)).schedule).toBeNull();
  });

  it('is scheduled while the last invoice is unpaid, and a larger one is not', async () => {
    const user = await subscriber(postage(), PRO_YEARLY);
    await setCard(postage(), user, 'pm_card_chargeCustomerFail');
    const { id } = await atStripeOf(postage(), user);
    await stripe.subscriptions.update(id, {
      billing_cycle_anchor: { type: 'now' },
      proration_behavior: 'none',
    });
    await atStripe(postage(), 'POST', '/flush');
    expect(await account(user)).toMatchObject({ status: 'past_due' });
    expect(await change(user, ENTERPRISE)).toMatchObject(refusedAs('past_due'));
    expect(await change(user, PRO)).toMatchObject({ status: 200 });
    expect(await billing(user)).toMatchObject({ scheduled: PRO });
  });
});

describe('a cancellation', () => {
  it('ends the plan with its period, and can be taken back', async () => {
    const user = await subscriber(postage());
    const { periodEndsAt } = (await user.call('GET', '/usage')).body;
    expect(await user.call('POST', CANCELLATION)).toMatchObject({
      status: 200,
      body: { kind: 'cancellation', status: 'done', plan: null, effectiveAt: periodEndsAt },
    });
    expect(await account(user)).toMatchObject({ plan: 'pro', endsAt: periodEndsAt });
    expect(await user.call('POST', CANCELLATION)).toMatchObject(refusedAs('cancelled'));
    expect(await change(user, ENTERPRISE)).toMatchObject(refusedAs('cancelled'));
    expect(await user.call('DELETE', CANCELLATION)).toMatchObject({ status: 200 });
    expect(await account(user)).not.toHaveProperty('endsAt');
    expect(await user.call('DELETE', CANCELLATION)).toMatchObject(refusedAs('nothing_scheduled'));
  });

  it('takes the place of what was scheduled', async () => {
    const user = await subscriber(postage(), ENTERPRISE);
    await change(user, PRO);
    expect(await user.call('POST', CANCELLATION)).toMatchObject({ status: 200 });
    expect(await billing(user)).toMatchObject({ scheduled: null, endsAt: expect.any(String) });
    expect(await user.call('DELETE', CANCELLATION)).toMatchObject({ status: 200 });
    expect(await billing(user)).toMatchObject({ scheduled: null, endsAt: null });
    await user.call('POST', CANCELLATION);
    await passes(postage(), user, 32 * DAY_MS);
    expect(await account(user)).toMatchObject({ plan: 'none', status: 'canceled' });
    expect(await user.call('POST', CANCELLATION)).toMatchObject(refusedAs('not_subscribed'));
  });

  it('is possible after the days of grace, as long as Stripe tries to charge', async () => {
    const user = await subscriber(postage());
    await setCard(postage(), user, 'pm_card_chargeCustomerFail');
    const { period } = (await account(user)) as { period: { endsAt: string } };
    // Stripe tries for eight days, and the grace has seven.
    for (const days of [0.25, 7.5]) {
      await passes(postage(), user, Date.parse(period.endsAt) + days * DAY_MS - postage().clock.now());
    }
    expect(await account(user)).toMatchObject({ plan: 'none' });
    expect((await atStripeOf(postage(), user)).status).toBe('past_due');
    expect(await billing(user)).toMatchObject({ isUnpaid: true, isStalled: false });
    expect(await user.call('POST', CANCELLATION)).toMatchObject({ status: 200 });
  });
});

describe('what a cancellation would do', () => {
  it('stands in the answer: a year that is paid ends with the year, and not with the period of usage', async () => {
    const user = await subscriber(postage(), PRO_YEARLY);
    const { period } = (await account(user)) as { period: { endsAt: string } };
    const shown = await billing(user);
    expect(shown).toMatchObject({ isUnpaid: false, isStalled: false, isCustomer: true });
    expect(Date.parse(String(shown['periodEndsAt'])) - Date.parse(period.endsAt)).toBeGreaterThan(
      300 * DAY_MS,
    );
    const { body } = await user.call('POST', CANCELLATION);
    expect(body).toMatchObject({ effectiveAt: shown['periodEndsAt'] });
  });

  it('is at once where Stripe has given up charging, so that the user can choose a plan again', async () => {
    await atStripe(postage(), 'POST', '/billing', { afterRetries: 'unpaid' });
    const user = await subscriber(postage());
    const { period } = (await account(user)) as { period: { endsAt: string } };
    await setCard(postage(), user, 'pm_card_chargeCustomerFail');
    for (const days of [0.25, 9]) {
      await passes(postage(), user, Date.parse(period.endsAt) + days * DAY_MS - postage().clock.now());
    }
    expect(await account(user)).toMatchObject({ plan: 'none', status: 'canceled' });
    expect((await atStripeOf(postage(), user)).status).toBe('unpaid');
    await atStripe(postage(), 'POST', '/billing', { afterRetries: 'canceled' });
    expect(await billing(user)).toMatchObject({ isUnpaid: true, isStalled: true });
    const order = { body: PRO };
    expect(await user.call('POST', '/billing/checkout-sessions', order)).toMatchObject({ status: 409 });
    expect(await user.call('POST', CANCELLATION)).toMatchObject({ status: 200, body: { status: 'done' } });
    expect(await billing(user)).toMatchObject({ periodEndsAt: null, isStalled: false, isCustomer: true });
    expect(await user.call('POST', '/billing/checkout-sessions', order)).toMatchObject({ status: 200 });
  });
});

describe('in a trial', () => {
  it('only the price changes', async () => {
    const user = await someApiUser(postage());
    await user.call('POST', '/billing/checkout-sessions', { body: PRO });
    const customer = (await customerOf(postage(), user)) ?? '';
    await setCard(postage(), user, 'pm_card_visa');
    await stripe.subscriptions.create({
      customer,
      items: [{ price: standInPriceId('pro', 'month') }],
      trial_period_days: 3,
    });
    await atStripe(postage(), 'POST', '/flush');
    const before = await account(user);
    expect(before).toMatchObject({ plan: 'pro', status: 'trialing' });
    expect((await user.call('GET', '/billing/preview?plan=enterprise&interval=month')).body).toMatchObject({
      way: 'price_only',
      dueNow: { amountCents: 0 },
      next: { price: { amountCents: 2900 }, at: before['trialEndsAt'] },
    });
    expect(await change(user, ENTERPRISE)).toMatchObject({ status: 200 });
    const { trialEndsAt, period } = before;
    expect(await account(user)).toMatchObject({
      plan: 'enterprise',
      status: 'trialing',
      trialEndsAt,
      period,
    });
  });
});

describe('what is not changed', () => {
  it.each<[string, object, string]>([
    ['a plan that does not exist', { plan: 'gold', interval: 'month' }, 'plan'],
    ['the free plan', { plan: 'none', interval: 'month' }, 'plan'],
    ['an interval that does not exist', { plan: 'pro', interval: 'week' }, 'interval'],
    ['a plan that is not sold by the year', { plan: 'enterprise', interval: 'year' }, 'interval'],
  ])('%s', async (_, body, path) => {
    const user = await subscriber(postage());
    const expected = { status: 422, body: { code: 'invalid', errors: [{ path }] } };
    expect(await change(user, body)).toMatchObject(expected);
    const query = new URLSearchParams({ ...body }).toString();
    expect(await user.call('GET', `/billing/preview?${query}`)).toMatchObject(expected);
  });

  it('G2: what is not sold, under the key of a change that was made', async () => {
    const user = await subscriber(postage());
    const headers = { 'idempotency-key': 'made' };
    expect(await change(user, ENTERPRISE, headers)).toMatchObject({ status: 200 });
    expect(await change(user, { plan: 'gold', interval: 'month' }, headers)).toMatchObject({
      status: 409,
      body: { code: 'idempotency_conflict' },
    });
  });

  it('the plan that the user has', async () => {
    const user = await subscriber(postage());
    expect(await change(user, PRO)).toMatchObject(refusedAs('same_plan'));
    expect(await user.call('GET', '/billing/preview?plan=pro&interval=month')).toMatchObject(
      refusedAs('same_plan'),
    );
  });

  it('a subscription that is not there', async () => {
    const user = await someApiUser(postage());
    for (const answer of [
      await change(user, PRO),
      await user.call('DELETE', CHANGES),
      await user.call('POST', CANCELLATION),
      await user.call('DELETE', CANCELLATION),
      await user.call('GET', '/billing/preview?plan=pro&interval=month'),
    ]) {
      expect(answer).toMatchObject(refusedAs('not_subscribed'));
    }
    expect(await billing(user)).toEqual({
      plan: 'none',
      status: 'none',
      interval: null,
      periodEndsAt: null,
      endsAt: null,
      scheduled: null,
      waiting: null,
      isUnpaid: false,
      isStalled: false,
      isCustomer: false,
    });
  });

  it('a subscription that is paid by invoices, which can be cancelled all the same', async () => {
    const user = await subscriber(postage());
    const { id } = await atStripeOf(postage(), user);
    await stripe.subscriptions.update(id, { collection_method: 'send_invoice', days_until_due: 30 });
    expect(await change(user, ENTERPRISE)).toMatchObject(refusedAs('by_invoice'));
    expect(await user.call('GET', '/billing/preview?plan=enterprise&interval=month')).toMatchObject(
      refusedAs('by_invoice'),
    );
    expect(await user.call('POST', CANCELLATION)).toMatchObject({ status: 200 });
  });

  it('a subscription at a price that the catalogue does not know', async () => {
    const user = await subscriber(postage());
    const { id, items } = await atStripeOf(postage(), user);
    const { product } = await stripe.prices.retrieve(standInPriceId('pro', 'month'));
    const other = await stripe.prices.create({
      product: idOf(product),
      currency: 'usd',
      unit_amount: 500,
      recurring: { interval: 'month' },
    });
    await stripe.subscriptions.update(id, {
      items: [{ id: items.data[0]?.id ?? '', price: other.id }],
    });
    expect(await change(user, ENTERPRISE)).toMatchObject(refusedAs('unknown_price'));
  });

  it('G13: a subscription of somebody else', async () => {
    await subscriber(postage());
    const stranger = await someApiUser(postage());
    expect(await stranger.call('POST', CANCELLATION)).toMatchObject(refusedAs('not_subscribed'));
  });

  it('a subscription by a method for which Stripe has no pending updates, to a larger plan', async () => {
    const user = await subscriber(postage());
    await setCard(postage(), user, 'pm_usBankAccount_success');
    expect(await change(user, ENTERPRISE)).toMatchObject(refusedAs('method'));
  });
});

describe('the preview', () => {
  it('tells what a larger plan costs now, and next', async () => {
    const user = await subscriber(postage());
    const { body } = await user.call('GET', '/billing/preview?plan=enterprise&interval=month');
    const dueNow = (body['dueNow'] as { amountCents: number }).amountCents;
    expect(dueNow).toBeGreaterThan(1_900);
    expect(dueNow).toBeLessThanOrEqual(2_900);
    expect(body).toMatchObject({ way: 'at_once', next: { price: { amountCents: 2_900 } } });
    expect(await change(user, ENTERPRISE)).toMatchObject({ status: 200 });
  });

  it('tells when a smaller plan begins, whether or not another one is scheduled', async () => {
    const user = await subscriber(postage(), ENTERPRISE);
    const at = (await user.call('GET', '/usage')).body['periodEndsAt'];
    const smaller = {
      way: 'at_period_end',
      dueNow: { amountCents: 0 },
      holdsFrom: at,
      next: { price: { amountCents: 9_000 }, at },
    };
    const path = '/billing/preview?plan=pro&interval=year';
    expect((await user.call('GET', path)).body).toMatchObject(smaller);
    await change(user, PRO);
    expect((await user.call('GET', path)).body).toMatchObject(smaller);
  });
});
