import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Stripe } from 'stripe';
import { call, someApiUser, type ApiAnswer, type ApiUser } from '../support/api-client.ts';
import { atStripe, customerOf, payCheckout, sessionIn, stripeOf } from '../support/at-stripe.ts';
import { usePostage } from '../support/server.ts';
import { itemsOf } from '../support/users.ts';

const PURCHASES = '/credits/purchases';

const postage = usePostage();
let stripe: Stripe;

beforeAll(() => {
  stripe = stripeOf(postage());
});

async function order(user: ApiUser, bundle: unknown = 10, headers = {}): Promise<ApiAnswer> {
  return user.call('POST', PURCHASES, { body: { bundle }, headers });
}

async function begin(user: ApiUser, bundle = 10, headers = {}): Promise<{ id: string; url: string }> {
  const answer = await order(user, bundle, headers);
  expect(answer).toMatchObject({ status: 201 });
  return { id: String(answer.body['id']), url: String(answer.body['checkoutUrl']) };
}

async function credits(user: ApiUser): Promise<Record<string, unknown>> {
  return (await user.call('GET', '/credits')).body;
}

async function purchasesOf(user: ApiUser): Promise<string[]> {
  return [...(await itemsOf(postage().store, user.id)).keys()].filter((key) => key.startsWith('PURCHASE#'));
}

describe('the list of purchases', () => {
  it('shows each with its status, newest first and in pages; G13: to its user only', async () => {
    const user = await someApiUser(postage(), 'pro');
    const paid = await begin(user, 5);
    await payCheckout(postage(), paid.url);
    const open = await begin(user, 10);
    const first = await user.call('GET', `${PURCHASES}?limit=1`);
    expect(first).toMatchObject({
      status: 200,
      body: {
        items: [
          {
            id: open.id,
            status: 'open',
            credits: 10,
            price: { amountCents: 2_700, currency: 'usd' },
            returnedCents: 0,
            creditsTaken: 0,
            checkoutUrl: open.url,
          },
        ],
        nextCursor: expect.any(String),
      },
    });
    const cursor = String(first.body['nextCursor']);
    expect(await user.call('GET', `${PURCHASES}?limit=1&cursor=${cursor}`)).toMatchObject({
      body: { items: [{ id: paid.id, status: 'paid', credits: 5, checkoutUrl: null }], nextCursor: null },
    });
    const stranger = await someApiUser(postage(), 'pro');
    expect(await stranger.call('GET', PURCHASES)).toMatchObject({ body: { items: [], nextCursor: null } });
    expect(await stranger.call('GET', `${PURCHASES}?cursor=${cursor}`)).toMatchObject({ status: 422 });
    expect(await call(postage(), 'GET', PURCHASES)).toMatchObject({ status: 401 });
  });
});

describe('buying a bundle', () => {
  it('tells Stripe who buys what, on the page and on the payment', async () => {
    const user = await someApiUser(postage(), 'pro');
    const { id, url } = await begin(user);
    const metadata = { userId: user.id, purchaseId: id };
    const session = await stripe.checkout.sessions.retrieve(sessionIn(url));
    expect(session).toMatchObject({
      mode: 'payment',
      customer: await customerOf(postage(), user),
      client_reference_id: user.id,
      metadata,
      amount_total: 2_700,
      currency: 'usd',
      success_url: `${postage().url}/app/?checkout=succeeded`,
      cancel_url: `${postage().url}/app/?checkout=cancelled`,
    });
    await payCheckout(postage(), url);
    const { data } = await stripe.paymentIntents.list({ customer: session.customer as string });
    expect(data).toMatchObject([{ amount: 2_700, status: 'succeeded', metadata }]);
  });

  it('G2: the same key gives the same purchase and page, is refused for another bundle, and is paid once', async () => {
    const user = await someApiUser(postage(), 'pro');
    const headers = { 'idempotency-key': 'one' };
    const first = await begin(user, 10, headers);
    const again = await order(user, 10, headers);
    const open = { id: first.id, status: 'open', checkoutUrl: first.url };
    expect(again).toMatchObject({ status: 201, body: open });
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect(await order(user, 25, headers)).toMatchObject({
      status: 409,
      body: { code: 'idempotency_conflict' },
    });
    // The record comes before whether it is sold.
    expect(await order(user, 7, headers)).toMatchObject({ status: 409 });
    await payCheckout(postage(), first.url);
    const paid = { id: first.id, status: 'paid', checkoutUrl: null };
    expect((await order(user, 10, headers)).body).toEqual(paid);
    expect(await credits(user)).toMatchObject({ purchased: 10 });
    expect(await purchasesOf(user)).toHaveLength(1);
  });

  it('G2: the same key at the same instant makes one purchase with one page', async () => {
    const user = await someApiUser(postage(), 'pro');
    const headers = { 'idempotency-key': 'at once' };
    const answers = await Promise.all(Array.from({ length: 5 }, () => order(user, 5, headers)));
    const done = answers.filter(({ status }) => status === 201);
    // Stripe carries out one request of a key at a time: others may be told to come again.
    expect(answers.every(({ status }) => status === 201 || status === 503)).toBe(true);
    const last = await begin(user, 5, headers);
    expect(new Set(done.map(({ body }) => body['checkoutUrl']))).toEqual(new Set([last.url]));
    expect(await purchasesOf(user)).toHaveLength(1);
  });

  it('G2: the key of a purchase whose page has expired says so, and gives no page', async () => {
    const user = await someApiUser(postage(), 'pro');
    const headers = { 'idempotency-key': 'expired' };
    const { id, url } = await begin(user, 5, headers);
    await stripe.checkout.sessions.expire(sessionIn(url));
    await atStripe(postage(), 'POST', '/flush');
    const again = await order(user, 5, headers);
    expect(again).toMatchObject({ status: 201, body: { id, status: 'expired', checkoutUrl: null } });
    expect((await begin(user, 5, { 'idempotency-key': 'anew' })).url).not.toBe(url);
  });

  it('is refused to a free user, who could not use them, and says what is needed', async () => {
    const user = await someApiUser(postage());
    expect(await order(user)).toMatchObject({
      status: 402,
      body: { code: 'plan_required', upgradeTo: 'pro' },
    });
    expect(await purchasesOf(user)).toEqual([]);
  });

  it('that was begun with a plan is answered again without one', async () => {
    const user = await someApiUser(postage(), 'pro');
    const headers = { 'idempotency-key': 'late' };
    const first = await begin(user, 5, headers);
    await postage().setPlan(user.id, 'none');
    expect(await begin(user, 5, headers)).toEqual(first);
    await payCheckout(postage(), first.url);
    expect(await credits(user)).toMatchObject({ purchased: 5 });
  });

  it.each<[string, unknown, string]>([
    ['that does not exist', { bundle: 7 }, 'bundle'],
    ['as text', { bundle: '10' }, 'bundle'],
    ['of none', { bundle: 0 }, 'bundle'],
    ['of less than none', { bundle: -5 }, 'bundle'],
    ['that is not named', {}, 'bundle'],
    ['at a price of the buyer’s own', { bundle: 5, amountCents: 1 }, 'amountCents'],
  ])('%s is refused', async (_, body, path) => {
    const user = await someApiUser(postage(), 'pro');
    expect(await user.call('POST', PURCHASES, { body })).toMatchObject({
      status: 422,
      body: { code: 'invalid', errors: [{ path }] },
    });
    expect(await purchasesOf(user)).toEqual([]);
  });

  it.each(['server_error', 'rate_limit', 'garbage', 'cut'])(
    'is told to be busy when Stripe answers with %s, and goes on when that is over',
    async (fault) => {
      const user = await someApiUser(postage(), 'pro');
      const headers = { 'idempotency-key': fault };
      await atStripe(postage(), 'PUT', '', { api: { errorRate: 1, errors: [fault] } });
      try {
        const answer = await order(user, 5, headers);
        expect(answer).toMatchObject({ status: 503, body: { code: 'busy' } });
        expect(answer.headers.get('retry-after')).toBe('1');
      } finally {
        await atStripe(postage(), 'PUT', '');
      }
      await payCheckout(postage(), (await begin(user, 5, headers)).url);
      expect(await credits(user)).toMatchObject({ purchased: 5 });
    },
  );

  it('goes on when the answer with the page was lost, and is charged once', async () => {
    const user = await someApiUser(postage(), 'pro');
    await begin(user, 5);
    const headers = { 'idempotency-key': 'lost' };
    await atStripe(postage(), 'PUT', '', { api: { dropAfterEffect: 1 } });
    expect(await order(user, 10, headers)).toMatchObject({ status: 503 });
    await atStripe(postage(), 'PUT', '');
    const { url } = await begin(user, 10, headers);
    const { data } = await stripe.checkout.sessions.list({
      customer: (await customerOf(postage(), user)) ?? '',
    });
    expect(data.filter(({ amount_total: total }) => total === 2_700).map(({ id }) => id)).toEqual([
      sessionIn(url),
    ]);
  });

  it('goes on for a user whose customer was deleted at Stripe', async () => {
    const user = await someApiUser(postage(), 'pro');
    await begin(user);
    const former = (await customerOf(postage(), user)) ?? '';
    await stripe.customers.del(former);
    await payCheckout(postage(), (await begin(user)).url);
    expect(await customerOf(postage(), user)).not.toBe(former);
    expect(await credits(user)).toMatchObject({ purchased: 10 });
  });

  it('goes on under the same key when the customer was deleted in between', async () => {
    const user = await someApiUser(postage(), 'pro');
    await begin(user);
    const headers = { 'idempotency-key': 'deleted' };
    await atStripe(postage(), 'PUT', '', { api: { errorRate: 1, errors: ['server_error'] } });
    expect(await order(user, 5, headers)).toMatchObject({ status: 503 });
    await atStripe(postage(), 'PUT', '');
    await stripe.customers.del((await customerOf(postage(), user)) ?? '');
    await payCheckout(postage(), (await begin(user, 5, headers)).url);
    expect(await credits(user)).toMatchObject({ purchased: 5 });
  });

  it('G13: needs a token', async () => {
    expect(await call(postage(), 'POST', PURCHASES, { body: { bundle: 5 } })).toMatchObject({ status: 401 });
  });
});

describe('a refund', () => {
  it('of half a bundle takes half of it back', async () => {
    const user = await someApiUser(postage(), 'pro');
    await payCheckout(postage(), (await begin(user)).url);
    const { data } = await stripe.paymentIntents.list({
      customer: (await customerOf(postage(), user)) ?? '',
    });
    await stripe.refunds.create({ payment_intent: data[0]?.id ?? '', amount: 1_350 });
    await atStripe(postage(), 'POST', '/flush');
    expect(await credits(user)).toMatchObject({ purchased: 5, takenBack: 5, owed: 0 });
  });
});
