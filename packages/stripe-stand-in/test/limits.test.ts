import { describe, expect, it } from '@jest/globals';
import { Stripe } from 'stripe';
import { PAYMENT, stripeError, useStripe } from './support.ts';

const NOW = '2026-11-24T10:00:00.000Z';

const begin = useStripe();

describe('a limit of requests', () => {
  it('is 25 a second for each endpoint, by the clock of the stand-in if one likes', async () => {
    const { stripe, clock } = await begin(NOW, { rateLimits: { by: 'clock' } });
    const { id } = await stripe.customers.create({});
    for (let count = 0; count < 25; count += 1) {
      await stripe.customers.retrieve(id);
    }
    const error = await stripeError(stripe.customers.retrieve(id));
    expect(error).toBeInstanceOf(Stripe.errors.StripeRateLimitError);
    expect(error).toMatchObject({ statusCode: 429, code: 'rate_limit' });
    expect(error.headers).toMatchObject({ 'stripe-rate-limited-reason': 'endpoint-rate' });
    await expect(stripe.customers.list()).resolves.toBeDefined();
    clock.moveTo('2026-11-24T10:00:01.000Z');
    await expect(stripe.customers.retrieve(id)).resolves.toMatchObject({ id });
  });

  it('counts for all endpoints together too, and leaves an idempotency key free', async () => {
    const { stripe, clock } = await begin(NOW, { rateLimits: { by: 'clock', global: 2 } });
    await stripe.customers.list();
    await stripe.prices.list();
    const options = { idempotencyKey: 'one' };
    const error = await stripeError(stripe.paymentIntents.create(PAYMENT, options));
    expect(error.headers).toMatchObject({ 'stripe-rate-limited-reason': 'global-rate' });
    clock.moveTo('2026-11-24T10:00:01.000Z');
    const { lastResponse } = await stripe.paymentIntents.create(PAYMENT, options);
    expect(lastResponse.headers).not.toHaveProperty('idempotent-replayed');
  });

  it('holds by the time of the process, and there is none unless one asks for it', async () => {
    const limited = await begin(NOW, { rateLimits: { endpoint: 5 } });
    const answers = await Promise.allSettled(
      Array.from({ length: 20 }, () => limited.stripe.customers.list()),
    );
    expect(answers.some(({ status }) => status === 'rejected')).toBe(true);
    await limited.stop();
    const { stripe } = await begin(NOW);
    await expect(
      Promise.all(Array.from({ length: 40 }, () => stripe.customers.list())),
    ).resolves.toHaveLength(40);
  });
});

describe('a 500 of an endpoint that had begun', () => {
  it('is kept under the key, and each repetition is the same answer for a day', async () => {
    const { stripe, standIn, clock } = await begin(NOW);
    const create = (): Promise<Stripe.PaymentIntent> =>
      stripe.paymentIntents.create(PAYMENT, { idempotencyKey: 'mail-1' });
    standIn.control.setFaults({ api: { errorRate: 1, errors: ['kept_server_error'] } });
    const first = await stripeError(create());
    expect(first).toMatchObject({ statusCode: 500, type: 'StripeAPIError' });
    standIn.control.setFaults({});
    const second = await stripeError(create());
    expect(second.statusCode).toBe(500);
    expect(second.headers).toMatchObject({
      'idempotent-replayed': 'true',
      'original-request': first.requestId,
    });
    expect((await stripe.paymentIntents.list()).data).toEqual([]);
    clock.moveTo('2026-11-25T10:00:00.000Z');
    await expect(create()).resolves.toMatchObject({ amount: 300 });
  });

  it('may have had its effect nevertheless', async () => {
    const { stripe, standIn } = await begin(NOW);
    standIn.control.setFaults({ api: { errorAfterEffect: true } });
    const create = (): Promise<Stripe.PaymentIntent> =>
      stripe.paymentIntents.create(PAYMENT, { idempotencyKey: 'mail-1' });
    await stripeError(create());
    standIn.control.setFaults({});
    expect((await stripeError(create())).headers).toMatchObject({ 'idempotent-replayed': 'true' });
    expect((await stripe.paymentIntents.list()).data).toHaveLength(1);
  });

  it('that came before the endpoint began is kept nowhere', async () => {
    const { stripe, standIn } = await begin(NOW);
    standIn.control.setFaults({ api: { errorRate: 1, errors: ['server_error'] } });
    await stripeError(stripe.paymentIntents.create(PAYMENT, { idempotencyKey: 'mail-1' }));
    standIn.control.setFaults({});
    const { lastResponse } = await stripe.paymentIntents.create(PAYMENT, { idempotencyKey: 'mail-1' });
    expect(lastResponse.headers).not.toHaveProperty('idempotent-replayed');
  });
});
