import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Stripe } from 'stripe';
import { DAY_MS } from '../../lambdas/domain/instants.ts';
import { standInPriceId } from '../../local/stripe-products.ts';
import { type ApiAnswer, type ApiUser, call, someApiUser } from '../support/api-client.ts';
import { atStripe, customerOf, inPortal, payCheckout, stripeOf } from '../support/at-stripe.ts';
import { usePostage } from '../support/server.ts';
import { idOf } from '../support/stripe.ts';

const CHANGES = '/billing/plan-changes';
const CANCELLATION = '/billing/cancellation';
const PRO = { plan: 'pro', interval: 'month' };
const PRO_YEARLY = { plan: 'pro', interval: 'year' };
const ENTERPRISE = { plan: 'enterprise', interval: 'month' };
const NEEDS_HOLDER = 'pm_card_authenticationRequired';

const postage = usePostage();
let stripe: Stripe;

beforeAll(() => {
  stripe = stripeOf(postage());
});

async function subscriber(order: object = PRO, paymentMethod = 'pm_card_visa'): Promise<ApiUser> {
  const user = await someApiUser(postage());
  const { body } = await user.call('POST', '/billing/checkout-sessions', { body: order });
  await payCheckout(postage(), String(body['url']), { paymentMethod });
  return user;
}

const change = (user: ApiUser, body: object, headers = {}): Promise<ApiAnswer> =>
  user.call('POST', CHANGES, { body, headers });

async function account(user: ApiUser): Promise<Record<string, unknown>> {
  return (await user.call('GET', '/account')).body;
}

async function billing(user: ApiUser): Promise<Record<string, unknown>> {
  return (await user.call('GET', '/billing')).body;
}

async function atStripeOf(user: ApiUser): Promise<Stripe.Subscription> {
  const customer = (await customerOf(postage(), user)) ?? '';
  const [subscription] = (await stripe.subscriptions.list({ customer, expand: ['data.schedule'] })).data;
  if (subscription === undefined) {
    throw new Error('There is no subscription.');
  }
  return subscription;
}

async function setCard(user: ApiUser, paymentMethod: string): Promise<void> {
  expect(await inPortal(postage(), user, 'card', { paymentMethod })).toMatchObject({ status: 200 });
}

/** Time passes, and what Stripe does meanwhile. Tokens end with it. */
async function passes(user: ApiUser, ms: number): Promise<void> {
  const now = new Date(postage().clock.now() + ms).toISOString();
  expect(await call(postage(), 'POST', '/dev/clock', { body: { now } })).toMatchObject({ status: 200 });
  await stripe.customers.list({ limit: 1 });
  await atStripe(postage(), 'POST', '/flush');
  const token = await postage().token(user.id);
  user.call = (method, path, request) => call(postage(), method, path, { token, ...request });
}

const refusedAs = (reason: string): object => ({
  status: 409,
  body: { code: 'illegal_transition', reason },
});

/** The holder answers their bank in the dialog of the answer's client secret. */
async function authenticate({ body }: ApiAnswer, approved: boolean): Promise<void> {
  const intent = /pi_\w+?(?=_secret)/.exec(String(body['clientSecret']))?.[0] ?? '';
  await atStripe(postage(), 'POST', `/payment-intents/${intent}/authenticate`, { approved });
  await atStripe(postage(), 'POST', '/flush');
}

describe('a larger plan', () => {
  it('holds at once, and begins a period that is paid', async () => {
    const user = await subscriber();
    const answer = await change(user, ENTERPRISE);
    expect(answer).toMatchObject({
      status: 200,
      body: { ...ENTERPRISE, kind: 'plan_change', status: 'done' },
    });
    expect(await account(user)).toMatchObject({ plan: 'enterprise', credits: { included: 10 } });
    expect(await billing(user)).toMatchObject({ ...ENTERPRISE, scheduled: null, waiting: null });
  });

  it('is also the longer interval of the same plan', async () => {
    const user = await subscriber();
    expect(await change(user, PRO_YEARLY)).toMatchObject({ status: 200 });
    expect(await billing(user)).toMatchObject({ ...PRO_YEARLY, scheduled: null });
  });

  it('G2: is answered from its record under its key, also a month later', async () => {
    const user = await subscriber();
    const headers = { 'idempotency-key': 'larger' };
    const first = await change(user, ENTERPRISE, headers);
    await passes(user, 32 * DAY_MS);
    const again = await change(user, ENTERPRISE, headers);
    expect(again).toMatchObject({ status: 200, body: first.body });
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect(await change(user, PRO, headers)).toMatchObject({
      status: 409,
      body: { code: 'idempotency_conflict' },
    });
  });

  it('grants nothing when the card is declined, and leaves nothing behind', async () => {
    const user = await subscriber();
    await setCard(user, 'pm_card_chargeCustomerFail');
    const headers = { 'idempotency-key': 'declined' };
    const declined = { status: 402, body: { code: 'payment_failed', declineCode: 'generic_decline' } };
    expect(await change(user, ENTERPRISE, headers)).toMatchObject(declined);
    expect(await account(user)).toMatchObject({ plan: 'pro', status: 'active', credits: { included: 2 } });
    const subscription = await atStripeOf(user);
    expect(subscription).toMatchObject({ pending_update: null, status: 'active' });
    const { data } = await stripe.invoices.list({ subscription: subscription.id });
    expect(data.map(({ status }) => status)).toEqual(['void', 'paid']);
    await setCard(user, 'pm_card_visa');
    expect(await change(user, ENTERPRISE, headers)).toMatchObject(declined);
    await passes(user, 32 * DAY_MS);
    expect(await change(user, ENTERPRISE, headers)).toMatchObject(declined);
    expect(await change(user, ENTERPRISE)).toMatchObject({ status: 200 });
  });

  it('puts what was scheduled back when the card is declined', async () => {
    const user = await subscriber(ENTERPRISE);
    expect(await change(user, PRO)).toMatchObject({ status: 200, body: { status: 'done' } });
    const before = await billing(user);
    expect(before).toMatchObject({ plan: 'enterprise', scheduled: PRO });
    const id = (await atStripeOf(user)).id;
    const item = (await atStripeOf(user)).items.data[0]?.id ?? '';
    // Somebody makes the present plan smaller in the Dashboard, so that there is a larger one.
    await stripe.subscriptions.update(id, { items: [{ id: item, price: standInPriceId('pro', 'month') }] });
    await setCard(user, 'pm_card_chargeCustomerFail');
    expect(await change(user, PRO_YEARLY)).toMatchObject({ status: 402 });
    expect(await billing(user)).toMatchObject({ scheduled: before['scheduled'] });
  });

  it('tells what the holder of the card has to do, and holds once they have', async () => {
    const user = await subscriber(PRO, NEEDS_HOLDER);
    const headers = { 'idempotency-key': 'holder' };
    const asked = await change(user, ENTERPRISE, headers);
    const needed = { code: 'payment_action_required', clientSecret: expect.stringMatching(/^pi_.*_secret_/) };
    expect(asked).toMatchObject({ status: 402, body: needed });
    expect(await account(user)).toMatchObject({ plan: 'pro', credits: { included: 2 } });
    expect(await billing(user)).toMatchObject({
      ...PRO,
      waiting: { ...ENTERPRISE, clientSecret: asked.body['clientSecret'] },
    });
    // The same key, and another request for the same, are told the same.
    expect(await change(user, ENTERPRISE, headers)).toMatchObject({ status: 402, body: asked.body });
    expect(await change(user, ENTERPRISE)).toMatchObject({ status: 402, body: asked.body });
    await authenticate(asked, true);
    expect(await account(user)).toMatchObject({ plan: 'enterprise', credits: { included: 10 } });
    expect(await change(user, ENTERPRISE, headers)).toMatchObject({ status: 200, body: { status: 'done' } });
  });

  it('does not happen when the holder says no', async () => {
    const user = await subscriber(PRO, NEEDS_HOLDER);
    const headers = { 'idempotency-key': 'no' };
    await authenticate(await change(user, ENTERPRISE, headers), false);
    expect(await account(user)).toMatchObject({ plan: 'pro' });
    expect(await change(user, ENTERPRISE, headers)).toMatchObject({
      status: 402,
      body: { code: 'payment_failed' },
    });
    expect(await billing(user)).toMatchObject({ waiting: null });
  });

  it('is forgotten when nobody answers the bank', async () => {
    const user = await subscriber(PRO, NEEDS_HOLDER);
    const headers = { 'idempotency-key': 'silence' };
    expect(await change(user, ENTERPRISE, headers)).toMatchObject({ status: 402 });
    await passes(user, DAY_MS);
    expect(await change(user, ENTERPRISE, headers)).toMatchObject({
      status: 402,
      body: { code: 'payment_failed' },
    });
    expect((await atStripeOf(user)).pending_update).toBeNull();
  });

  it('is one change when two ask for it at once without a key', async () => {
    const user = await subscriber();
    const answers = await Promise.all([change(user, ENTERPRISE), change(user, ENTERPRISE)]);
    expect(answers.map(({ status }) => status)).toContain(200);
    expect(answers.every(({ status }) => status === 200 || status === 409)).toBe(true);
    const { data } = await stripe.invoices.list({ subscription: (await atStripeOf(user)).id });
    expect(data).toHaveLength(2);
  });

  it.each<[string, object]>([
    ['another larger plan', PRO_YEARLY],
    ['the same subscription as it is', ENTERPRISE],
  ])('that waits for its holder is not overtaken by %s', async (_, other) => {
    const user = await subscriber(PRO, NEEDS_HOLDER);
    const waits = other === ENTERPRISE ? PRO_YEARLY : ENTERPRISE;
    expect(await change(user, waits)).toMatchObject({ status: 402 });
    expect(await change(user, other)).toMatchObject(refusedAs('change_open'));
  });

  it('that waits for its holder is taken back', async () => {
    const user = await subscriber(PRO, NEEDS_HOLDER);
    const headers = { 'idempotency-key': 'waits' };
    expect(await change(user, ENTERPRISE, headers)).toMatchObject({ status: 402 });
    expect(await user.call('DELETE', CHANGES)).toMatchObject({ status: 200, body: { status: 'done' } });
    expect(await change(user, ENTERPRISE, headers)).toMatchObject(refusedAs('taken_back'));
    expect((await atStripeOf(user)).pending_update).toBeNull();
    expect(await billing(user)).toMatchObject({ ...PRO, waiting: null });
  });

  it('that waits for its holder gives way to a cancellation', async () => {
    const user = await subscriber(PRO, NEEDS_HOLDER);
    const headers = { 'idempotency-key': 'gives way' };
    expect(await change(user, ENTERPRISE, headers)).toMatchObject({ status: 402 });
    expect(await user.call('POST', CANCELLATION)).toMatchObject({ status: 200 });
    expect(await change(user, ENTERPRISE, headers)).toMatchObject(refusedAs('replaced'));
    expect(await atStripeOf(user)).toMatchObject({ pending_update: null, cancel_at: expect.any(Number) });
  });
});

describe('a smaller plan', () => {
  it('is scheduled, changed and taken back', async () => {
    const user = await subscriber(ENTERPRISE);
    expect(await change(user, PRO)).toMatchObject({ status: 200, body: { status: 'done' } });
    const { period } = (await account(user)) as { period: { endsAt: string } };
    const endsAt = new Date(Math.floor(Date.parse(period.endsAt) / 1_000) * 1_000).toISOString();
    expect(await billing(user)).toMatchObject({ ...ENTERPRISE, scheduled: { ...PRO, at: endsAt } });
    const { schedule } = await atStripeOf(user);
    expect(await change(user, PRO)).toMatchObject(refusedAs('already_scheduled'));
    expect(await change(user, PRO_YEARLY)).toMatchObject({ status: 200 });
    expect(await billing(user)).toMatchObject({ scheduled: { ...PRO_YEARLY, at: endsAt } });
    expect(idOf((await atStripeOf(user)).schedule)).toBe(idOf(schedule));
    expect(await user.call('DELETE', CHANGES)).toMatchObject({ status: 200 });
    expect(await billing(user)).toMatchObject({ ...ENTERPRISE, scheduled: null });
    expect(await user.call('DELETE', CHANGES)).toMatchObject(refusedAs('nothing_scheduled'));
  });

  it('holds from the end of the period on, and can be left again', async () => {
    const user = await subscriber(ENTERPRISE);
    await change(user, PRO);
    await passes(user, 32 * DAY_MS);
    expect(await account(user)).toMatchObject({ plan: 'pro' });
    // Its schedule is still there, with nothing to come.
    expect((await atStripeOf(user)).schedule).not.toBeNull();
    expect(await billing(user)).toMatchObject({ ...PRO, scheduled: null });
    expect(await change(user, ENTERPRISE)).toMatchObject({ status: 200 });
    expect(await account(user)).toMatchObject({ plan: 'enterprise' });
    expect((await atStripeOf(user)).schedule).toBeNull();
  });

  it('is scheduled while the last invoice is unpaid, and a larger one is not', async () => {
    const user = await subscriber(PRO_YEARLY);
    await setCard(user, 'pm_card_chargeCustomerFail');
    const { id } = await atStripeOf(user);
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
    const user = await subscriber();
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
    const user = await subscriber(ENTERPRISE);
    await change(user, PRO);
    expect(await user.call('POST', CANCELLATION)).toMatchObject({ status: 200 });
    expect(await billing(user)).toMatchObject({ scheduled: null, endsAt: expect.any(String) });
    expect(await user.call('DELETE', CANCELLATION)).toMatchObject({ status: 200 });
    expect(await billing(user)).toMatchObject({ scheduled: null, endsAt: null });
    await user.call('POST', CANCELLATION);
    await passes(user, 32 * DAY_MS);
    expect(await account(user)).toMatchObject({ plan: 'none', status: 'canceled' });
    expect(await user.call('POST', CANCELLATION)).toMatchObject(refusedAs('not_subscribed'));
  });

  it('is possible after the days of grace, as long as Stripe tries to charge', async () => {
    const user = await subscriber();
    await setCard(user, 'pm_card_chargeCustomerFail');
    const { period } = (await account(user)) as { period: { endsAt: string } };
    // Stripe tries for eight days, and the grace has seven.
    for (const days of [0.25, 7.5]) {
      await passes(user, Date.parse(period.endsAt) + days * DAY_MS - postage().clock.now());
    }
    expect(await account(user)).toMatchObject({ plan: 'none' });
    expect((await atStripeOf(user)).status).toBe('past_due');
    expect(await user.call('POST', CANCELLATION)).toMatchObject({ status: 200 });
  });
});

describe('in a trial', () => {
  it('only the price changes', async () => {
    const user = await someApiUser(postage());
    await user.call('POST', '/billing/checkout-sessions', { body: PRO });
    const customer = (await customerOf(postage(), user)) ?? '';
    await setCard(user, 'pm_card_visa');
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
    const user = await subscriber();
    const expected = { status: 422, body: { code: 'invalid', errors: [{ path }] } };
    expect(await change(user, body)).toMatchObject(expected);
    const query = new URLSearchParams({ ...body }).toString();
    expect(await user.call('GET', `/billing/preview?${query}`)).toMatchObject(expected);
  });

  it('the plan that the user has', async () => {
    const user = await subscriber();
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
      endsAt: null,
      scheduled: null,
      waiting: null,
    });
  });

  it('a subscription by a method for which Stripe has no pending updates, to a larger plan', async () => {
    const user = await subscriber();
    await setCard(user, 'pm_usBankAccount_success');
    expect(await change(user, ENTERPRISE)).toMatchObject(refusedAs('method'));
  });
});

describe('the preview', () => {
  it('tells what a larger plan costs now, and next', async () => {
    const user = await subscriber();
    const { body } = await user.call('GET', '/billing/preview?plan=enterprise&interval=month');
    const dueNow = (body['dueNow'] as { amountCents: number }).amountCents;
    expect(dueNow).toBeGreaterThan(1_900);
    expect(dueNow).toBeLessThanOrEqual(2_900);
    expect(body).toMatchObject({ way: 'at_once', next: { price: { amountCents: 2_900 } } });
    expect(await change(user, ENTERPRISE)).toMatchObject({ status: 200 });
  });

  it('tells when a smaller plan begins, whether or not another one is scheduled', async () => {
    const user = await subscriber(ENTERPRISE);
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
