import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Stripe } from 'stripe';
import { linkFirstCustomer } from '../../lambdas/commands/link-customer.ts';
import { DAY_MS } from '../../lambdas/domain/instants.ts';
import { usd } from '../../lambdas/domain/catalogue.ts';
import { ADDRESS, type ApiAnswer, type ApiUser, LETTER, someApiUser } from '../support/api-client.ts';
import { atStripe, inPortal, stripeOf } from '../support/at-stripe.ts';
import { usePostage } from '../support/server.ts';
import { plentyOfTime } from '../support/table.ts';
import { expectClosedBooks } from '../support/users.ts';

const postage = usePostage();
let stripe: Stripe;
let ada: ApiUser;
let customerId: string;
let letterId: string;

beforeAll(() => {
  stripe = stripeOf(postage());
});

beforeEach(async () => {
  await atStripe(postage(), 'PUT', '');
  await givenPayer('pm_card_visa');
});

/** A user of Pro with a card, whose two credits are used up. */
async function givenPayer(card: string | null): Promise<void> {
  ada = await someApiUser(postage(), 'pro');
  const customer = await stripe.customers.create({
    metadata: { userId: ada.id },
    ...(card === null ? {} : { payment_method: card, invoice_settings: { default_payment_method: card } }),
  });
  customerId = customer.id;
  const link = { userId: ada.id, customerId };
  await linkFirstCustomer(postage().store, link, postage().clock.now(), plentyOfTime());
  letterId = String((await ada.call('POST', '/letters', { body: LETTER })).body['id']);
  for (let credits = 0; credits < 2; credits += 1) {
    expect(await send()).toMatchObject({ status: 201, body: { paidWith: 'credit' } });
  }
}

/** The same order each time, as a repetition is. */
async function send(key?: string, part: object = {}): Promise<ApiAnswer> {
  const deliverAt = '2090-01-31T09:00:00.000Z';
  const body = { letterId, channel: 'mail', deliverAt, recipient: ADDRESS, payAsYouGo: true, ...part };
  const headers: Record<string, string> = key === undefined ? {} : { 'idempotency-key': key };
  return ada.call('POST', '/deliveries', { body, headers });
}

async function charges(): Promise<Stripe.Charge[]> {
  const { data } = await stripe.charges.list({ customer: customerId, limit: 100 });
  return data.filter(({ status }) => status === 'succeeded');
}

async function byCard(): Promise<Record<string, unknown>[]> {
  const { body } = await ada.call('GET', '/deliveries?limit=100');
  return (body['items'] as Record<string, unknown>[]).filter(({ paidWith }) => paidWith === 'card');
}

const PRICE = usd(300);

describe('a mail for which there is no credit left', () => {
  it('G9: is paid by card, with a receipt, and once for a key', async () => {
    const paid = await send('one');
    const expected = { status: 'scheduled', paidWith: 'card', price: PRICE };
    expect(paid).toMatchObject({ status: 201, body: expected });
    expect(paid.headers.get('location')).toBe(`/deliveries/${String(paid.body['id'])}`);
    expect(paid.headers.has('idempotent-replayed')).toBe(false);
    const [charge, ...others] = await charges();
    expect(others).toEqual([]);
    expect(charge).toMatchObject({
      amount: PRICE.amountCents,
      currency: 'usd',
      receipt_url: paid.body['receiptUrl'],
    });

    const again = await send('one');
    expect(again).toMatchObject({ status: 201, body: paid.body });
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect(await charges()).toHaveLength(1);
    const { body } = await ada.call('GET', `/deliveries/${String(paid.body['id'])}`);
    expect(body).toMatchObject({ ...expected, recipient: ADDRESS, receiptUrl: paid.body['receiptUrl'] });
    expect((await ada.call('GET', '/usage')).body).toMatchObject({ usage: { mailsSent: 3 } });
    await expectClosedBooks(postage().store, ada.id, postage().clock.now());
  });

  it('is refused with its price where the user has not agreed to pay', async () => {
    const refused = await send(undefined, { payAsYouGo: false });
    expect(refused).toMatchObject({ status: 402, body: { code: 'insufficient_credits', price: PRICE } });
    expect([await charges(), await byCard()]).toEqual([[], []]);
  });

  it('costs nothing when its letter is missing or the day’s mails are used up', async () => {
    expect(await send(undefined, { letterId: 'none' })).toMatchObject({ status: 404 });
    for (let mails = 2; mails < 10; mails += 1) {
      expect(await send()).toMatchObject({ status: 201, body: { paidWith: 'card' } });
    }
    expect(await send()).toMatchObject({ status: 429, body: { code: 'rate_limited' } });
    expect(await charges()).toHaveLength(8);
  });

  it('G9, G11: is refunded at once when it is cancelled', async () => {
    const { body } = await send();
    const path = `/deliveries/${String(body['id'])}`;
    for (let times = 0; times < 2; times += 1) {
      expect(await ada.call('DELETE', path)).toMatchObject({
        status: 200,
        body: { status: 'cancelled', refund: 'done' },
      });
    }
    expect(await charges()).toMatchObject([{ refunded: true, amount_refunded: PRICE.amountCents }]);
    expect((await ada.call('GET', '/credits')).body).toMatchObject({ available: 0, used: 2 });
  });

  it('G9: is refunded by the reconciler when it is cancelled with its letter', async () => {
    await send();
    expect(await ada.call('DELETE', `/letters/${letterId}?cancelDeliveries=true`)).toMatchObject({
      status: 204,
    });
    await postage().reconcile();
    expect(await charges()).toMatchObject([{ refunded: true }]);
  });
});

describe('a card that does not pay', () => {
  it('G2, G9: is answered with the reason, also when the same key asks again', async () => {
    await givenPayer('pm_card_chargeCustomerFail');
    const declined = { code: 'payment_failed', price: PRICE, declineCode: 'generic_decline' };
    expect(await send('one')).toMatchObject({ status: 402, body: declined });
    const again = await send('one');
    expect(again).toMatchObject({ status: 402, body: declined });
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    await inPortal(postage(), ada, 'card', { paymentMethod: 'pm_card_visa' });
    expect(await send('two')).toMatchObject({ status: 201, body: { status: 'scheduled' } });
    await atStripe(postage(), 'POST', '/flush');
    expect((await byCard()).map(({ status }) => status)).toEqual(['scheduled', 'failed']);
    expect(await charges()).toHaveLength(1);
  });

  it('G2: that is missing is asked for, also when the same key asks again', async () => {
    await givenPayer(null);
    const required = { code: 'payment_method_required', price: PRICE };
    for (let times = 0; times < 2; times += 1) {
      expect(await send('one')).toMatchObject({ status: 402, body: required });
    }
    expect(await byCard()).toMatchObject([{ status: 'failed', failure: 'payment_method_missing' }]);
  });

  it('is asked for when the user has never been at Stripe', async () => {
    ada = await someApiUser(postage(), 'pro');
    letterId = String((await ada.call('POST', '/letters', { body: LETTER })).body['id']);
    await send();
    await send();
    expect(await send()).toMatchObject({ status: 402, body: { code: 'payment_method_required' } });
  });

  it('G9: whose holder has to authenticate waits for them, and the same key goes on', async () => {
    await givenPayer('pm_card_authenticationRequired');
    const asked = await send('one');
    expect(asked).toMatchObject({ status: 402, body: { code: 'payment_action_required', price: PRICE } });
    expect((await byCard()).map(({ id }) => id)).toEqual([asked.body['deliveryId']]);
    const clientSecret = String(asked.body['clientSecret']);
    const [intentId] = clientSecret.split('_secret');
    const [pending] = await byCard();
    expect(pending).toMatchObject({ status: 'pending_payment', price: PRICE });
    const path = `/deliveries/${String(pending?.['id'])}`;
    expect(await ada.call('DELETE', `/letters/${letterId}?cancelDeliveries=true`)).toMatchObject({
      status: 409,
    });
    expect((await send('one')).body).toMatchObject({ clientSecret });
    await atStripe(postage(), 'POST', `/payment-intents/${String(intentId)}/authenticate`, {
      approved: true,
    });
    await atStripe(postage(), 'POST', '/flush');
    expect((await ada.call('GET', path)).body).toMatchObject({ status: 'scheduled' });
    expect(await send('one')).toMatchObject({ status: 201, body: { status: 'scheduled' } });
    expect(await charges()).toHaveLength(1);
  });
});

describe('a payment method', () => {
  it('G9: that is a Link account pays at once', async () => {
    await givenPayer('pm_link');
    expect(await send()).toMatchObject({ status: 201, body: { status: 'scheduled' } });
    expect(await charges()).toMatchObject([{ payment_method_details: { type: 'link' } }]);
  });

  it.each(['pm_usBankAccount_success', 'pm_paypal', 'pm_cashapp'] as const)(
    'that takes days or a page of its own (%s) pays no mail, and is not asked',
    async (name) => {
      await givenPayer(name);
      expect(await send('one')).toMatchObject({ status: 402, body: { code: 'payment_method_required' } });
      expect(await charges()).toEqual([]);
    },
  );

  it('G9: whose bank wants its holder stays on the intent, so that the secret alone finishes', async () => {
    await givenPayer('pm_card_authenticationRequired');
    const asked = await send('one');
    const intentId = String(asked.body['clientSecret']).split('_secret')[0] ?? '';
    const {
      status,
      next_action: next,
      payment_method: method,
    } = await stripe.paymentIntents.retrieve(intentId);
    expect([status, next?.type, typeof method]).toEqual(['requires_action', 'use_stripe_sdk', 'string']);
  });

  it('G2, G9: that a holder does not authenticate is declined', async () => {
    await givenPayer('pm_card_authenticationRequired');
    const asked = await send('one');
    const intentId = String(asked.body['clientSecret']).split('_secret')[0] ?? '';
    await atStripe(postage(), 'POST', `/payment-intents/${intentId}/authenticate`, { approved: false });
    await atStripe(postage(), 'POST', '/flush');
    for (let times = 0; times < 2; times += 1) {
      expect(await send('one')).toMatchObject({
        status: 402,
        body: { code: 'payment_failed', declineCode: 'authentication_not_handled' },
      });
    }
  });
});

describe('a charge that is disputed, or refunded by hand', () => {
  it('G9: shows since when its mail is held, and that it was cancelled', async () => {
    const { body } = await send();
    const path = `/deliveries/${String(body['id'])}`;
    const [charge] = await charges();
    const opened = await atStripe(postage(), 'POST', '/disputes', { charge: charge?.id });
    await atStripe(postage(), 'POST', '/flush');
    const held = await ada.call('GET', path);
    expect(held.body).toMatchObject({ status: 'scheduled', heldSince: expect.stringMatching(/Z$/) });
    await atStripe(postage(), 'POST', `/disputes/${String(opened.body['id'])}/close`, { status: 'won' });
    await atStripe(postage(), 'POST', '/flush');
    expect((await ada.call('GET', path)).body).not.toHaveProperty('heldSince');
    await stripe.refunds.create({ charge: charge?.id ?? '' });
    await atStripe(postage(), 'POST', '/flush');
    expect((await ada.call('GET', path)).body).toMatchObject({ status: 'cancelled', refund: 'done' });
  });
});

describe('a payment that is pending', () => {
  async function givenPending(): Promise<{ path: string; authenticate: () => Promise<unknown> }> {
    await givenPayer('pm_card_authenticationRequired');
    const { body } = await send('one');
    const [intentId] = String(body['clientSecret']).split('_secret');
    const path = `/payment-intents/${String(intentId)}/authenticate`;
    return {
      path: `/deliveries/${String(body['deliveryId'])}`,
      authenticate: () => atStripe(postage(), 'POST', path, { approved: true }),
    };
  }

  it('G9: is called off with its delivery, after which its letter can go', async () => {
    const { path } = await givenPending();
    for (let times = 0; times < 2; times += 1) {
      const cancelled = await ada.call('DELETE', path);
      expect(cancelled).toMatchObject({ status: 200, body: { status: 'cancelled', paidWith: 'card' } });
      expect(cancelled.body).not.toHaveProperty('refund');
    }
    expect(await send('one')).toMatchObject({ status: 201, body: { status: 'cancelled' } });
    expect(await ada.call('DELETE', `/letters/${letterId}?cancelDeliveries=true`)).toMatchObject({
      status: 204,
    });
    const { data } = await stripe.paymentIntents.list({ customer: customerId });
    expect(data).toMatchObject([{ status: 'canceled' }]);
    expect(await charges()).toEqual([]);
  });

  it('G9: is refunded when it comes before it is called off', async () => {
    const { path, authenticate } = await givenPending();
    await authenticate();
    expect(await ada.call('DELETE', path)).toMatchObject({
      status: 200,
      body: { status: 'cancelled', refund: 'done' },
    });
    expect(await charges()).toMatchObject([{ refunded: true }]);
  });

  it('G9: is not called off while Stripe is away', async () => {
    const { path } = await givenPending();
    await atStripe(postage(), 'PUT', '', { api: { errorRate: 1 } });
    expect(await ada.call('DELETE', path)).toMatchObject({ status: 503, body: { code: 'busy' } });
    await atStripe(postage(), 'PUT', '');
    expect((await ada.call('GET', path)).body).toMatchObject({ status: 'pending_payment' });
  });
});

describe('a Stripe that fails', () => {
  it.each(['server_error', 'rate_limit', 'garbage', 'cut'])(
    'G9: (%s) leaves the delivery pending, and the same key goes on',
    async (fault) => {
      await atStripe(postage(), 'PUT', '', { api: { errorRate: 1, errors: [fault] } });
      const pending = await send('one');
      expect(pending).toMatchObject({ status: 202, body: { status: 'pending_payment', price: PRICE } });
      await atStripe(postage(), 'PUT', '');
      const paid = await send('one');
      expect(paid).toMatchObject({ status: 201, body: { id: pending.body['id'], status: 'scheduled' } });
      expect(paid.headers.get('idempotent-replayed')).toBe('true');
      expect(await charges()).toHaveLength(1);
    },
  );

  it('G9: and keeps its failure under its key for a day keeps nobody from paying or from their refund', async () => {
    await atStripe(postage(), 'PUT', '', { api: { errorAfterEffect: 1 } });
    expect(await send('one')).toMatchObject({ status: 202, body: { status: 'pending_payment' } });
    await atStripe(postage(), 'PUT', '');
    const { status, body } = await send('one');
    expect([status, body['status']]).toEqual([201, 'scheduled']);
    expect(await charges()).toHaveLength(1);

    const path = `/deliveries/${String(body['id'])}`;
    await atStripe(postage(), 'PUT', '', { api: { errorAfterEffect: 1 } });
    expect((await ada.call('DELETE', path)).body).toMatchObject({ status: 'cancelled', refund: 'needed' });
    await atStripe(postage(), 'PUT', '');
    expect((await ada.call('DELETE', path)).body).toMatchObject({ refund: 'done' });
    expect(await charges()).toMatchObject([{ refunded: true, amount_refunded: PRICE.amountCents }]);
  });

  it('and keeps its failure under the key of a new customer makes another one', async () => {
    ada = await someApiUser(postage());
    const begin = (): Promise<ApiAnswer> =>
      ada.call('POST', '/billing/checkout-sessions', { body: { plan: 'pro', interval: 'month' } });
    await atStripe(postage(), 'PUT', '', { api: { errorAfterEffect: 1 } });
    expect(await begin()).toMatchObject({ status: 503, body: { code: 'busy' } });
    await atStripe(postage(), 'PUT', '');
    expect(await begin()).toMatchObject({ status: 200 });
  });

  it('G9: is asked again what it has done when its answers are lost', async () => {
    await atStripe(postage(), 'PUT', '', { api: { dropAfterEffect: 1 } });
    expect(await send('one')).toMatchObject({ status: 202 });
    await atStripe(postage(), 'PUT', '', { api: { dropAfterEffect: 0.5 } });
    let answer = await send('one');
    for (let times = 0; answer.status !== 201 && times < 30; times += 1) {
      answer = await send('one');
    }
    expect(answer).toMatchObject({ status: 201, body: { status: 'scheduled' } });
    await atStripe(postage(), 'PUT', '');
    expect(await charges()).toHaveLength(1);
    expect((await stripe.paymentIntents.list({ customer: customerId })).data).toHaveLength(1);
  });

  it('G9: is waited for no longer than a request may take', async () => {
    await atStripe(postage(), 'PUT', '', { api: { errorRate: 1, errors: ['hang'] } });
    const startedAt = performance.now();
    expect(await send('one')).toMatchObject({ status: 202, body: { status: 'pending_payment' } });
    expect(performance.now() - startedAt).toBeLessThan(22_000);
    await atStripe(postage(), 'PUT', '');
    expect(await send('one')).toMatchObject({ status: 201, body: { status: 'scheduled' } });
    expect(await charges()).toHaveLength(1);
  });

  it('G9: costs a user who never comes back nothing', async () => {
    await atStripe(postage(), 'PUT', '', { api: { errorRate: 1 } });
    expect(await send('one')).toMatchObject({ status: 202 });
    await atStripe(postage(), 'PUT', '');
    postage().clock.moveTo(postage().clock.now() + DAY_MS);
    await postage().reconcile();
    // Their tokens have expired too.
    const token = await postage().token(ada.id);
    const { body } = await ada.call('GET', '/deliveries?limit=1', { token });
    expect(body['items']).toMatchObject([{ status: 'failed', failure: 'payment_expired' }]);
    expect(await charges()).toEqual([]);
  });
});
