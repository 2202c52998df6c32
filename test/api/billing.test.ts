import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Stripe } from 'stripe';
import { standInPriceId } from '../../local/stripe-products.ts';
import { call, someApiUser, type ApiAnswer, type ApiUser } from '../support/api-client.ts';
import { atStripe, customerOf, inPortal, payCheckout, sessionIn, stripeOf } from '../support/at-stripe.ts';
import { usePostage } from '../support/server.ts';

const CHECKOUT = '/billing/checkout-sessions';
const PORTAL = '/billing/portal-sessions';
const PRO = { plan: 'pro', interval: 'month' };

const postage = usePostage();
let stripe: Stripe;

beforeAll(() => {
  stripe = stripeOf(postage());
});

async function begin(user: ApiUser, body: object = PRO, headers = {}): Promise<string> {
  const answer = await user.call('POST', CHECKOUT, { body, headers });
  expect(answer).toMatchObject({ status: 200 });
  return String(answer.body['url']);
}

async function entitlements(user: ApiUser): Promise<Record<string, unknown>> {
  return (await user.call('GET', '/entitlements')).body;
}

describe('Checkout', () => {
  it('tells Stripe who the user is, and where to send them back to', async () => {
    const user = await someApiUser(postage());
    const session = await stripe.checkout.sessions.retrieve(sessionIn(await begin(user)));
    expect(session).toMatchObject({
      mode: 'subscription',
      customer: await customerOf(postage(), user),
      client_reference_id: user.id,
      metadata: { userId: user.id },
      success_url: `${postage().url}/app/?checkout=succeeded`,
      cancel_url: `${postage().url}/app/?checkout=cancelled`,
    });
    const customer = await stripe.customers.retrieve((await customerOf(postage(), user)) ?? '');
    expect(customer).toMatchObject({ metadata: { userId: user.id } });
  });

  it('makes one customer when it is begun several times at once', async () => {
    const user = await someApiUser(postage());
    await Promise.all([begin(user), begin(user), begin(user)]);
    const { data } = await stripe.customers.list({ limit: 100 });
    expect(data.filter(({ metadata }) => metadata['userId'] === user.id)).toHaveLength(1);
  });

  it('G2: the same key gives the same page, and is refused for another plan', async () => {
    const user = await someApiUser(postage());
    const headers = { 'idempotency-key': 'one' };
    expect(await begin(user, PRO, headers)).toBe(await begin(user, PRO, headers));
    const other = await user.call('POST', CHECKOUT, { body: { ...PRO, plan: 'enterprise' }, headers });
    expect(other).toMatchObject({ status: 409, body: { code: 'idempotency_conflict' } });
  });

  it('is refused to a user who subscribes already', async () => {
    const user = await someApiUser(postage());
    await payCheckout(postage(), await begin(user));
    expect(await user.call('POST', CHECKOUT, { body: PRO })).toMatchObject({
      status: 409,
      body: { code: 'already_subscribed' },
    });
  });

  it('is refused to a user who subscribes already, also before the event has come', async () => {
    const user = await someApiUser(postage());
    const url = await begin(user);
    await atStripe(postage(), 'PUT', '', { webhooks: { drop: true } });
    try {
      await atStripe(postage(), 'POST', `/checkout/${sessionIn(url)}/pay`);
      expect(await entitlements(user)).toMatchObject({ plan: 'none' });
      expect(await user.call('POST', CHECKOUT, { body: PRO })).toMatchObject({
        status: 409,
        body: { code: 'already_subscribed' },
      });
    } finally {
      await atStripe(postage(), 'PUT', '');
      await atStripe(postage(), 'POST', '/flush');
    }
  });

  it('is refused to a user whose subscription has failed to be paid for so long that it gives no plan', async () => {
    const user = await someApiUser(postage());
    await payCheckout(postage(), await begin(user));
    const customer = (await customerOf(postage(), user)) ?? '';
    const paymentMethod = 'pm_card_chargeCustomerFail';
    expect(await inPortal(postage(), user, 'card', { paymentMethod })).toMatchObject({ status: 200 });
    const [subscription] = (await stripe.subscriptions.list({ customer })).data;
    const changed = await stripe.subscriptions.update(subscription?.id ?? '', {
      items: [{ id: subscription?.items.data[0]?.id ?? '', price: standInPriceId('enterprise', 'month') }],
      proration_behavior: 'always_invoice',
    });
    expect(changed.status).toBe('past_due');
    await atStripe(postage(), 'POST', '/flush');
    await postage().setPlan(user.id, 'none');
    expect(await user.call('POST', CHECKOUT, { body: PRO })).toMatchObject({
      status: 409,
      body: { code: 'already_subscribed' },
    });
  });

  it('goes on for a user whose customer was deleted at Stripe', async () => {
    const user = await someApiUser(postage());
    await begin(user);
    const former = (await customerOf(postage(), user)) ?? '';
    await stripe.customers.del(former);
    await payCheckout(postage(), await begin(user));
    expect(await customerOf(postage(), user)).not.toBe(former);
    expect(await entitlements(user)).toMatchObject({ plan: 'pro', status: 'active' });
  });

  it('G2: goes on for them under a key, too', async () => {
    const user = await someApiUser(postage());
    await begin(user);
    await stripe.customers.del((await customerOf(postage(), user)) ?? '');
    const headers = { 'idempotency-key': 'after' };
    expect(await begin(user, PRO, headers)).toBe(await begin(user, PRO, headers));
  });

  it.each<[string, object, string]>([
    ['a plan that does not exist', { plan: 'gold', interval: 'month' }, 'plan'],
    ['the free plan', { plan: 'none', interval: 'month' }, 'plan'],
    ['an interval that does not exist', { plan: 'pro', interval: 'week' }, 'interval'],
    ['a plan that is not sold by the year', { plan: 'enterprise', interval: 'year' }, 'interval'],
    ['more than is asked', { ...PRO, price: 'price_1' }, 'price'],
  ])('of %s is refused', async (_, body, path) => {
    const user = await someApiUser(postage());
    expect(await user.call('POST', CHECKOUT, { body })).toMatchObject({
      status: 422,
      body: { code: 'invalid', errors: [{ path }] },
    });
    expect(await customerOf(postage(), user)).toBeNull();
  });

  it.each(['server_error', 'rate_limit', 'garbage', 'cut'])(
    'is told to be busy when Stripe answers with %s, and begins when that is over',
    async (fault) => {
      const user = await someApiUser(postage());
      await atStripe(postage(), 'PUT', '', { api: { errorRate: 1, errors: [fault] } });
      try {
        const answer = await user.call('POST', CHECKOUT, { body: PRO });
        expect(answer).toMatchObject({ status: 503, body: { code: 'busy' } });
        expect(answer.headers.get('retry-after')).toBe('1');
      } finally {
        await atStripe(postage(), 'PUT', '');
      }
      await begin(user);
    },
  );
});

describe('the Portal', () => {
  it('opens after a Checkout', async () => {
    const user = await someApiUser(postage());
    await payCheckout(postage(), await begin(user));
    const answer = await user.call('POST', PORTAL);
    expect(answer).toMatchObject({
      status: 200,
      body: { url: expect.stringMatching(/^https?:\/\/.+\/p\/session\/bps_/) },
    });
  });

  it('takes a card of a customer without a subscription', async () => {
    const user = await someApiUser(postage());
    await begin(user);
    const card = { paymentMethod: 'pm_card_visa' };
    expect(await inPortal(postage(), user, 'card', card)).toMatchObject({ status: 200 });
  });

  it('has one configuration of its own, which neither changes nor cancels a plan', async () => {
    const user = await someApiUser(postage());
    await payCheckout(postage(), await begin(user));
    await user.call('POST', PORTAL);
    await user.call('POST', PORTAL);
    const { data } = await stripe.billingPortal.configurations.list({ active: true });
    expect(data.map(({ metadata }) => metadata?.['postage'])).toEqual(['dev']);
    expect(data[0]?.features).toMatchObject({
      customer_update: { enabled: true },
      invoice_history: { enabled: true },
      payment_method_update: { enabled: true },
      subscription_cancel: { enabled: false },
      subscription_pause: { enabled: false },
      subscription_update: { enabled: false },
    });
    const price = { price: 'price_enterprise_month' };
    expect(await inPortal(postage(), user, 'price', price)).toMatchObject({ status: 422 });
    expect(await inPortal(postage(), user, 'cancel')).toMatchObject({ status: 422 });
  });

  it('can not be opened while Stripe has no active configuration of the stage', async () => {
    const user = await someApiUser(postage());
    await begin(user);
    const { data } = await stripe.billingPortal.configurations.list({ active: true });
    const id = data[0]?.id ?? '';
    await stripe.billingPortal.configurations.update(id, { active: false });
    expect(await user.call('POST', PORTAL)).toMatchObject({ status: 503, body: { code: 'not_configured' } });
    await stripe.billingPortal.configurations.update(id, { active: true });
    expect(await user.call('POST', PORTAL)).toMatchObject({ status: 200 });
  });

  it('does not open before a Checkout, and says to begin one', async () => {
    const user = await someApiUser(postage());
    expect(await user.call('POST', PORTAL)).toMatchObject({
      status: 404,
      body: { code: 'not_found', detail: expect.stringContaining(`POST ${CHECKOUT}`) },
    });
  });
});

describe('events that failed', () => {
  it('G12: are listed for the owner, and sent again when the cause is gone', async () => {
    const admin = await someApiUser(postage());
    const token = await postage().token(admin.id, 'admin');
    const asAdmin = (method: string, path: string): Promise<ApiAnswer> =>
      call(postage(), method, path, { token });

    const customer = await stripe.customers.create({
      payment_method: 'pm_card_visa',
      invoice_settings: { default_payment_method: 'pm_card_visa' },
    });
    await stripe.subscriptions.create({ customer: customer.id, items: [{ price: 'price_pro_month' }] });
    await atStripe(postage(), 'POST', '/flush');
    const { body } = await asAdmin('GET', '/admin/failed-events?limit=100');
    const failed = body['items'] as { id: string; type: string; reason: string }[];
    expect(failed.map(({ reason }) => reason)).toEqual(failed.map(() => 'customer_without_user'));
    expect(failed.map(({ type }) => type)).toContain('customer.subscription.created');

    const user = await someApiUser(postage());
    await stripe.customers.update(customer.id, { metadata: { userId: user.id } });
    const [first] = failed;
    const path = `/admin/failed-events/${first?.id ?? ''}/redrive`;
    expect(await asAdmin('POST', path)).toMatchObject({ status: 200, body: { id: first?.id } });
    await postage().paymentsSettled();
    expect(await entitlements(user)).toMatchObject({ plan: 'pro', status: 'active' });
    expect(await asAdmin('POST', path)).toMatchObject({ status: 404 });
    const rest = (await asAdmin('GET', '/admin/failed-events')).body['items'] as { id: string }[];
    expect(rest.map(({ id }) => id)).not.toContain(first?.id);
    const audit = await asAdmin(
      'GET',
      `/admin/audit-events?type=EventRedriven&date=${new Date(postage().clock.now()).toISOString().slice(0, 10)}`,
    );
    expect(audit.body['items']).toMatchObject([{ actor: admin.id, data: { event: first?.id } }]);
  });

  it('are listed page by page', async () => {
    const token = await postage().token('owner', 'admin');
    const seen: string[] = [];
    let cursor = '';
    do {
      const { body } = await call(postage(), 'GET', `/admin/failed-events?limit=1${cursor}`, { token });
      seen.push(...(body['items'] as { id: string }[]).map(({ id }) => id));
      const { nextCursor } = body as { nextCursor: string | null };
      cursor = nextCursor === null ? '' : `&cursor=${nextCursor}`;
    } while (cursor !== '');
    const { body } = await call(postage(), 'GET', '/admin/failed-events?limit=100', { token });
    expect(seen).toEqual((body['items'] as { id: string }[]).map(({ id }) => id));
    expect(seen.length).toBeGreaterThan(1);
  });

  it('G12: are all sent again by one request', async () => {
    const token = await postage().token('owner', 'admin');
    const list = async (): Promise<unknown[]> =>
      (await call(postage(), 'GET', '/admin/failed-events?limit=100', { token })).body['items'] as unknown[];
    const failed = await list();
    expect(failed.length).toBeGreaterThan(1);
    const again = await call(postage(), 'POST', '/admin/failed-events/redrive', { token });
    expect(again).toMatchObject({ status: 200, body: { redriven: failed.length, hasMore: false } });
    await postage().paymentsSettled();
    // The one before has removed their cause.
    expect(await list()).toEqual([]);
  });

  it('G13: are for administrators only', async () => {
    const user = await someApiUser(postage());
    expect(await user.call('POST', '/admin/failed-events/redrive')).toMatchObject({ status: 403 });
    expect(await user.call('GET', '/admin/failed-events')).toMatchObject({ status: 403 });
    expect(await user.call('POST', '/admin/failed-events/evt_1/redrive')).toMatchObject({ status: 403 });
  });
});
