import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Stripe } from 'stripe';
import { type Control, type TestStripe } from '../src/index.ts';
import {
  openStripe,
  openWebhookEndpoint,
  PAYMENT,
  stripeError,
  useStripe,
  type WebhookEndpoint,
} from './support.ts';

const NOW = '2026-11-24T10:00:00.000Z';

const begin = useStripe();
let endpoint: WebhookEndpoint;
let sandbox: TestStripe;
let stripe: Stripe;
let control: Control;

beforeEach(async () => {
  endpoint = await openWebhookEndpoint();
  sandbox = await openStripe(NOW, { webhookUrl: () => `${endpoint.url}/webhooks/stripe` });
  ({ stripe } = sandbox);
  ({ control } = sandbox.standIn);
});
afterEach(async () => {
  await sandbox.stop();
  await endpoint.close();
});

async function createCustomers(count: number): Promise<string[]> {
  const names = Array.from({ length: count }, (_, index) => String(index));
  for (const name of names) {
    await stripe.customers.create({ name });
  }
  return names;
}

/** The names of the customers in the order in which their events came. */
function receivedNames(): string[] {
  return endpoint.received.map(({ body }) => {
    const event = JSON.parse(body) as Stripe.CustomerCreatedEvent;
    return event.data.object.name ?? '';
  });
}

describe('idempotency keys', () => {
  it('give the same answer to the same request, without a second effect', async () => {
    const options = { idempotencyKey: 'order-1' };
    const first = await stripe.paymentIntents.create(PAYMENT, options);
    const second = await stripe.paymentIntents.create({ currency: 'usd', amount: 300 }, options);
    expect(second.id).toBe(first.id);
    expect(first.lastResponse.headers).not.toHaveProperty('idempotent-replayed');
    expect(second.lastResponse.headers).toMatchObject({
      'idempotent-replayed': 'true',
      'original-request': first.lastResponse.requestId,
      'idempotency-key': 'order-1',
    });
    expect((await stripe.paymentIntents.list()).data).toHaveLength(1);
  });

  it('give the answer as it was then, whatever has become of the object', async () => {
    const options = { idempotencyKey: 'order-1' };
    const { id } = await stripe.paymentIntents.create(PAYMENT, options);
    await stripe.paymentIntents.cancel(id);
    expect((await stripe.paymentIntents.create(PAYMENT, options)).status).toBe('requires_payment_method');
  });

  it('refuse other parameters and other endpoints', async () => {
    const options = { idempotencyKey: 'order-1' };
    await stripe.paymentIntents.create(PAYMENT, options);
    const other = await stripeError(stripe.paymentIntents.create({ ...PAYMENT, amount: 250 }, options));
    expect(other).toBeInstanceOf(Stripe.errors.StripeIdempotencyError);
    expect(other).toMatchObject({ statusCode: 400, rawType: 'idempotency_error' });
    expect(other.message).toContain('same parameters');
    const elsewhere = await stripeError(stripe.customers.create({}, options));
    expect(elsewhere.message).toContain('same endpoint');
  });

  it('replay a decline, and do not charge again', async () => {
    const { id } = await stripe.paymentIntents.create(PAYMENT);
    const params = { payment_method: 'pm_card_chargeCustomerFail', off_session: true };
    const options = { idempotencyKey: 'confirm-1' };
    const first = await stripeError(stripe.paymentIntents.confirm(id, params, options));
    const again = await stripeError(stripe.paymentIntents.confirm(id, params, options));
    expect(again).toBeInstanceOf(Stripe.errors.StripeCardError);
    expect(again.charge).toBe(first.charge);
    expect(again.headers).toMatchObject({ 'idempotent-replayed': 'true' });
    expect((await stripe.charges.list({ payment_intent: id })).data).toHaveLength(1);
  });

  it('are not used up by a request that could not be read', async () => {
    const options = { idempotencyKey: 'order-1' };
    await stripeError(stripe.rawRequest('POST', '/v1/payment_intents', { amount: 300 }, options));
    await expect(stripe.paymentIntents.create(PAYMENT, options)).resolves.toBeDefined();
  });

  it('refuse a second request while the first is under way', async () => {
    control.setFaults({ api: { latencyMs: 150 } });
    const options = { idempotencyKey: 'order-1' };
    const results = await Promise.allSettled([
      stripe.paymentIntents.create(PAYMENT, options),
      stripe.paymentIntents.create(PAYMENT, options),
    ]);
    const refused = results.find((result) => result.status === 'rejected');
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(refused?.reason).toMatchObject({ statusCode: 409, code: 'idempotency_key_in_use' });
  });

  it('are forgotten after 24 hours of the clock, and not before', async () => {
    const options = { idempotencyKey: 'order-1' };
    const first = await stripe.paymentIntents.create(PAYMENT, options);
    sandbox.moveTo('2026-11-25T09:59:59.999Z');
    expect((await stripe.paymentIntents.create(PAYMENT, options)).id).toBe(first.id);
    sandbox.moveTo('2026-11-25T10:00:00.000Z');
    expect((await stripe.paymentIntents.create(PAYMENT, options)).id).not.toBe(first.id);
  });
});

describe('webhooks', () => {
  it('are signed so that the SDK accepts them, by the clock', async () => {
    const { id } = await stripe.customers.create({ email: 'a@example.com' });
    await control.settled();
    const [received] = endpoint.received;
    const signature = String(received?.headers['stripe-signature']);
    const verify = (body: string, atIso: string): Stripe.Event =>
      stripe.webhooks.constructEvent(
        body,
        signature,
        sandbox.standIn.webhookSecret,
        300,
        undefined,
        Date.parse(atIso),
      );
    const event = verify(received?.body ?? '', NOW);
    expect(event).toMatchObject({
      type: 'customer.created',
      api_version: Stripe.API_VERSION,
      created: Date.parse(NOW) / 1_000,
      pending_webhooks: 1,
      data: { object: { id, email: 'a@example.com' } },
    });
    expect(() => verify(`${received?.body ?? ''} `, NOW)).toThrow(
      Stripe.errors.StripeSignatureVerificationError,
    );
    expect(() => verify(received?.body ?? '', '2026-11-24T10:05:01.000Z')).toThrow('tolerance');
  });

  it('come once and in order when nothing goes wrong', async () => {
    const names = await createCustomers(10);
    await control.settled();
    expect(receivedNames()).toEqual(names);
  });

  it('are tried again until they are answered with 2xx, signed afresh', async () => {
    endpoint.answerWith(500);
    await stripe.customers.create({ name: 'a' });
    await untilReceived(2);
    endpoint.answerWith(200);
    sandbox.clock.moveTo('2026-11-24T10:00:10.000Z');
    await control.settled();
    const ids = new Set(endpoint.events().map(({ id }) => id));
    expect(ids.size).toBe(1);
    const times = endpoint.received.map(({ headers }) => String(headers['stripe-signature']).split(',')[0]);
    expect(new Set(times).size).toBe(2);
  });

  it('are held back while nobody listens, and delivered by a flush', async () => {
    let url: string | null = null;
    const own = await begin(NOW, { webhookUrl: () => url });
    await own.stripe.customers.create({ name: 'a' });
    await own.standIn.control.settled();
    expect(endpoint.received).toHaveLength(0);
    url = endpoint.url;
    expect(await own.standIn.control.flush()).toEqual({ delivered: 1, failed: 0 });
    expect(endpoint.received).toHaveLength(1);
  });

  it('can be dropped, until a flush', async () => {
    control.setFaults({ webhooks: { drop: 0.5 } });
    const names = await createCustomers(20);
    await control.settled();
    const came = endpoint.received.length;
    expect(came).toBeGreaterThan(0);
    expect(came).toBeLessThan(20);
    expect(await control.flush()).toEqual({ delivered: 20 - came, failed: 0 });
    expect(receivedNames().sort()).toEqual([...names].sort());
    expect(await control.flush()).toEqual({ delivered: 0, failed: 0 });
  });

  it('can come twice', async () => {
    control.setFaults({ webhooks: { duplicate: true } });
    await createCustomers(3);
    await control.settled();
    const ids = endpoint.events().map(({ id }) => id);
    expect(ids).toHaveLength(6);
    expect(new Set(ids).size).toBe(3);
  });

  it('can come in any order, the same for the same seed', async () => {
    control.setFaults({ webhooks: { shuffle: true, delayMs: 200 } });
    const names = await createCustomers(12);
    await control.settled();
    expect(receivedNames()).not.toEqual(names);
    expect(receivedNames().sort()).toEqual([...names].sort());
  });

  it('can be late', async () => {
    control.setFaults({ webhooks: { delayMs: 120 } });
    const startedAt = performance.now();
    await createCustomers(1);
    await control.settled();
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(120);
  });

  it('that fail in a flush are held back for the next', async () => {
    control.setFaults({ webhooks: { drop: true } });
    await createCustomers(2);
    endpoint.answerWith(503);
    expect(await control.flush()).toEqual({ delivered: 0, failed: 2 });
    endpoint.answerWith(200);
    expect(await control.flush()).toEqual({ delivered: 2, failed: 0 });
  });

  async function untilReceived(count: number): Promise<void> {
    while (endpoint.received.length < count) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
});

describe('faults of the API', () => {
  it('after the effect cut the connection, and the same key then finds what was made', async () => {
    control.setFaults({ api: { dropAfterEffect: 1 } });
    const options = { idempotencyKey: 'order-1' };
    const error = await stripeError(stripe.paymentIntents.create(PAYMENT, options));
    expect(error).toBeInstanceOf(Stripe.errors.StripeConnectionError);
    control.setFaults({});
    const { data } = await stripe.paymentIntents.list();
    expect(data).toHaveLength(1);
    expect((await stripe.paymentIntents.create(PAYMENT, options)).id).toBe(data[0]?.id);
  });

  it('before the effect leave nothing, and the key free', async () => {
    const options = { idempotencyKey: 'order-1' };
    for (const [fault, expected] of [
      ['server_error', { statusCode: 500, type: 'StripeAPIError' }],
      ['rate_limit', { statusCode: 429, type: 'StripeRateLimitError' }],
      ['garbage', { type: 'StripeAPIError', message: 'Invalid JSON received from the Stripe API' }],
      ['cut', { type: 'StripeConnectionError' }],
    ] as const) {
      control.setFaults({ api: { errorRate: 1, errors: [fault] } });
      expect(await stripeError(stripe.paymentIntents.create(PAYMENT, options))).toMatchObject(expected);
    }
    control.setFaults({});
    expect((await stripe.paymentIntents.list()).data).toEqual([]);
    await expect(stripe.paymentIntents.create(PAYMENT, options)).resolves.toBeDefined();
  });

  it('can be silence until the client’s time limit', async () => {
    control.setFaults({ api: { errorRate: 1, errors: ['hang'] } });
    const error = await stripeError(stripe.customers.list({}, { timeout: 100 }));
    expect(error).toMatchObject({ type: 'StripeConnectionError' });
    expect(error.message).toContain('timeout');
  });

  it('can be slowness', async () => {
    control.setFaults({ api: { latencyMs: 100 } });
    const startedAt = performance.now();
    await stripe.customers.list();
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(99);
  });

  it('come as often as the error rate says', async () => {
    control.setFaults({ api: { errorRate: 0.3 } });
    let failures = 0;
    for (let count = 0; count < 100; count += 1) {
      await stripe.customers.list().catch(() => {
        failures += 1;
      });
    }
    expect(failures).toBeGreaterThan(15);
    expect(failures).toBeLessThan(45);
  });
});

describe('the control routes', () => {
  async function call(
    method: string,
    path: string,
    body?: unknown,
  ): Promise<{ status: number; json: unknown }> {
    const sent = body === undefined ? null : JSON.stringify(body);
    const answer = await fetch(`${sandbox.standIn.url}/control${path}`, { method, body: sent });
    return { status: answer.status, json: await answer.json() };
  }

  it('set faults, and take them back', async () => {
    const set = await call('PUT', '', {
      webhooks: { shuffle: true, duplicate: 0.5, drop: true, delayMs: 5 },
      api: { latencyMs: 1, errorRate: 0.1, dropAfterEffect: 0.2 },
    });
    expect(set.json).toEqual({
      webhooks: { shuffle: true, duplicate: 0.5, drop: 1, delayMs: 5 },
      api: {
        latencyMs: 1,
        errorRate: 0.1,
        errors: ['server_error'],
        dropAfterEffect: 0.2,
        errorAfterEffect: 0,
        forbidden: [],
      },
    });
    expect((await call('PUT', '', {})).json).toMatchObject({ webhooks: { drop: 0 } });
    expect((await call('PUT', '', { webhooks: { drop: 2 } })).status).toBe(400);
    expect((await call('PUT', '', { webhook: {} })).status).toBe(400);
  });

  it('pay a Checkout, dispute, close, settle and flush', async () => {
    const session = await stripe.checkout.sessions.create({
      mode: 'payment',
      success_url: 'https://example.com',
      line_items: [
        { price_data: { currency: 'usd', unit_amount: 1_400, product_data: { name: '5' } }, quantity: 1 },
      ],
    });
    const declined = await call('POST', `/checkout/${session.id}/pay`, {
      paymentMethod: 'pm_card_chargeCustomerFail',
    });
    expect(declined).toMatchObject({
      status: 402,
      json: { error: { message: 'Your card was declined.', decline_code: 'generic_decline' } },
    });
    const paid = await call('POST', `/checkout/${session.id}/pay`);
    expect(paid).toMatchObject({ status: 200, json: { payment_status: 'paid' } });
    const { payment_intent: intent } = paid.json as Stripe.Checkout.Session;
    const opened = await call('POST', '/disputes', { payment_intent: intent, amount: 700 });
    expect(opened.json).toMatchObject({ object: 'dispute', amount: 700, status: 'needs_response' });
    const { id } = opened.json as Stripe.Dispute;
    expect((await call('POST', `/disputes/${id}/close`, { status: 'won' })).json).toMatchObject({
      status: 'won',
    });
    expect((await call('POST', '/checkout/cs_test_none/pay')).status).toBe(404);
    expect((await call('POST', '/checkout/cs_test_none')).status).toBe(404);
    await control.settled();
    expect((await call('POST', '/flush')).json).toEqual({ delivered: 0, failed: 0 });
  });
});

describe('over a restart', () => {
  it('keeps objects, keys, idempotency and what was not delivered', async () => {
    const kept = new Map<string, string>();
    const data = {
      read: (name: string): unknown => JSON.parse(kept.get(name) ?? 'null'),
      write: (name: string, value: object) => void kept.set(name, JSON.stringify(value)),
    };
    const first = await openStripe(NOW, { data });
    const options = { idempotencyKey: 'order-1' };
    const intent = await first.stripe.paymentIntents.create(PAYMENT, options);
    await first.stop();

    const second = await begin(NOW, { data, webhookUrl: () => endpoint.url });
    expect(second.standIn.secretKey).toBe(first.standIn.secretKey);
    expect(second.standIn.webhookSecret).toBe(first.standIn.webhookSecret);
    expect((await second.stripe.paymentIntents.create(PAYMENT, options)).id).toBe(intent.id);
    expect((await second.stripe.paymentIntents.create(PAYMENT)).id).not.toBe(intent.id);
    const price = await second.stripe.prices.retrieve('price_pro_month');
    expect(price.unit_amount_decimal?.toString()).toBe('900');
    await second.standIn.control.flush();
    expect(endpoint.events().map(({ type }) => type)).toContain('payment_intent.created');
  });

  it('forgets everything when it is reset', async () => {
    await stripe.customers.create();
    control.reset();
    expect((await stripe.customers.list()).data).toEqual([]);
    expect((await stripe.prices.list({ limit: 100 })).data.length).toBeGreaterThan(0);
  });
});
