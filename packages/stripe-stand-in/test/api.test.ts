import { afterAll, describe, expect, it } from '@jest/globals';
import { Stripe } from 'stripe';
import { sdkFor } from '../src/index.ts';
import { openStripe, PRO, PRODUCTS, stripeError } from './support.ts';

const NOW = '2026-11-24T10:00:00.000Z';

const sandbox = await openStripe(NOW);
const { stripe } = sandbox;
afterAll(() => sandbox.stop());

describe('the API itself', () => {
  it('refuses a wrong key and a missing one', async () => {
    const wrong = await stripeError(sdkFor(sandbox.standIn, 'sk_test_wrong_key_123456').customers.list());
    expect(wrong).toBeInstanceOf(Stripe.errors.StripeAuthenticationError);
    expect(wrong.statusCode).toBe(401);
    expect(wrong.message).toMatch(/^Invalid API Key provided: sk_test_\*+3456$/);

    const response = await fetch(`${sandbox.standIn.url}/v1/customers`);
    expect(response.status).toBe(401);
  });

  it('takes a key as the user name of basic authentication, as curl sends it', async () => {
    const credentials = Buffer.from(`${sandbox.standIn.secretKey}:`).toString('base64');
    const response = await fetch(`${sandbox.standIn.url}/v1/customers`, {
      headers: { authorization: `Basic ${credentials}` },
    });
    expect(response.status).toBe(200);
  });

  it('answers with a request id, its version and the date of its clock', async () => {
    const customers = await stripe.customers.list();
    expect(customers.lastResponse.requestId).toMatch(/^req_/);
    expect(customers.lastResponse.apiVersion).toBe('2026-10-28.endive');
    expect(customers.lastResponse.headers['date']).toBe('Tue, 24 Nov 2026 10:00:00 GMT');
  });

  it('speaks one version of the API', async () => {
    const error = await stripeError(stripe.customers.list({}, { apiVersion: '2020-08-27' }));
    expect(error).toBeInstanceOf(Stripe.errors.StripeInvalidRequestError);
  });

  it('refuses what Stripe does not know, by name', async () => {
    const unknown = await stripeError(stripe.rawRequest('POST', '/v1/customers', { emial: 'a@example.com' }));
    expect(unknown).toMatchObject({ statusCode: 400, code: 'parameter_unknown', param: 'emial' });
    expect(unknown.message).toBe('Received unknown parameter: emial');

    const nested = await stripeError(
      stripe.rawRequest('POST', '/v1/customers', { invoice_settings: { method: 'pm_1' } }),
    );
    expect(nested).toMatchObject({ code: 'parameter_unknown', param: 'invoice_settings[method]' });
  });

  it('refuses what is missing or wrong, by name', async () => {
    const missing = await stripeError(stripe.rawRequest('POST', '/v1/payment_intents', { currency: 'usd' }));
    expect(missing).toMatchObject({ statusCode: 400, code: 'parameter_missing', param: 'amount' });

    const wrong = await stripeError(
      stripe.rawRequest('POST', '/v1/payment_intents', { amount: '3.5', currency: 'usd' }),
    );
    expect(wrong).toMatchObject({ code: 'parameter_invalid_integer', param: 'amount' });

    const empty = await stripeError(
      stripe.rawRequest('POST', '/v1/payment_intents', { amount: '', currency: 'usd' }),
    );
    expect(empty).toMatchObject({ code: 'parameter_invalid_empty', param: 'amount' });

    const foreign = await stripeError(stripe.paymentIntents.create({ amount: 300, currency: 'eur' }));
    expect(foreign.param).toBe('currency');
  });

  it.each([
    ['customer', () => stripe.customers.retrieve('cus_none')],
    ['subscription', () => stripe.subscriptions.retrieve('sub_none')],
    ['payment_intent', () => stripe.paymentIntents.retrieve('pi_none')],
    ['invoice', () => stripe.invoices.retrieve('in_none')],
    ['charge', () => stripe.charges.retrieve('ch_none')],
    ['refund', () => stripe.refunds.retrieve('re_none')],
    ['dispute', () => stripe.disputes.retrieve('du_none')],
    ['event', () => stripe.events.retrieve('evt_none')],
    ['price', () => stripe.prices.retrieve('price_none')],
    ['product', () => stripe.products.retrieve('prod_none')],
    ['checkout.session', () => stripe.checkout.sessions.retrieve('cs_test_none')],
    ['PaymentMethod', () => stripe.paymentMethods.retrieve('pm_none')],
    ['configuration', () => stripe.billingPortal.configurations.retrieve('bpc_none')],
  ])('knows no such %s', async (kind, call) => {
    const error = await stripeError(call());
    expect(error).toBeInstanceOf(Stripe.errors.StripeInvalidRequestError);
    expect(error).toMatchObject({ statusCode: 404, code: 'resource_missing', param: 'id' });
    expect(error.message).toMatch(new RegExp(`^No such ${kind}: '\\w+_none'$`));
  });

  it('knows no other URL', async () => {
    const error = await stripeError(stripe.rawRequest('GET', '/v1/nothing'));
    expect(error.statusCode).toBe(404);
    expect(error.message).toContain('Unrecognized request URL (GET: /v1/nothing)');
  });

  it('reads brackets, and does not let a parameter reach a prototype', async () => {
    const response = await fetch(`${sandbox.standIn.url}/v1/customers`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${sandbox.standIn.secretKey}`,
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: 'metadata[__proto__]=x&metadata[user]=u1&preferred_locales[]=de&preferred_locales[]=en',
    });
    const customer = (await response.json()) as Stripe.Customer;
    expect(customer.preferred_locales).toEqual(['de', 'en']);
    expect(customer.metadata['user']).toBe('u1');
    expect(({} as Record<string, unknown>)['x']).toBeUndefined();
  });
});

describe('lists', () => {
  it('go page by page, the newest first', async () => {
    const created: string[] = [];
    for (let count = 0; count < 5; count += 1) {
      created.unshift((await stripe.customers.create({ email: 'page@example.com' })).id);
    }
    const first = await stripe.customers.list({ email: 'page@example.com', limit: 2 });
    expect(first.data.map(({ id }) => id)).toEqual(created.slice(0, 2));
    expect(first.has_more).toBe(true);

    const second = await stripe.customers.list({
      email: 'page@example.com',
      limit: 3,
      starting_after: created[1],
    });
    expect(second.data.map(({ id }) => id)).toEqual(created.slice(2));
    expect(second.has_more).toBe(false);

    const back = await stripe.customers.list({
      email: 'page@example.com',
      limit: 2,
      ending_before: created[4],
    });
    expect(back.data.map(({ id }) => id)).toEqual(created.slice(2, 4));
    expect(back.has_more).toBe(true);

    const all = await stripe.customers
      .list({ email: 'page@example.com', limit: 2 })
      .autoPagingToArray({ limit: 100 });
    expect(all.map(({ id }) => id)).toEqual(created);
  });

  it('refuse a limit of 0 and of 101, and a start that is not there', async () => {
    expect((await stripeError(stripe.customers.list({ limit: 0 }))).param).toBe('limit');
    expect((await stripeError(stripe.customers.list({ limit: 101 }))).param).toBe('limit');
    expect((await stripeError(stripe.customers.list({ starting_after: 'cus_none' }))).code).toBe(
      'resource_missing',
    );
  });

  it('can be asked for a time of creation', async () => {
    const now = Date.parse(NOW) / 1_000;
    await stripe.customers.create({ email: 'time@example.com' });
    const later = await stripe.customers.list({ email: 'time@example.com', created: { gt: now } });
    expect(later.data).toEqual([]);
    const then = await stripe.customers.list({ email: 'time@example.com', created: now });
    expect(then.data).toHaveLength(1);
  });
});

describe('the catalogue', () => {
  it('holds the products and prices that were handed in', async () => {
    for (const { prices, ...product } of PRODUCTS) {
      for (const expected of prices) {
        const price = await stripe.prices.retrieve(expected.id ?? '', { expand: ['product'] });
        expect(price).toMatchObject({ ...expected, type: 'recurring', active: true, product });
        expect(price.unit_amount_decimal?.toString()).toBe(String(expected.unit_amount));
      }
    }
    const { data } = await stripe.prices.list({ lookup_keys: ['pro_month', 'enterprise_month'] });
    expect(data.map(({ unit_amount: cents }) => cents)).toEqual([2_900, 900]);
  });

  it('takes further products and prices', async () => {
    const product = await stripe.products.create({ name: 'Paper' });
    const price = await stripe.prices.create({ product: product.id, currency: 'usd', unit_amount: 700 });
    expect(price).toMatchObject({ type: 'one_time', product: product.id, active: true });
    const retired = await stripe.prices.update(price.id, { active: false });
    expect(retired.active).toBe(false);
    expect((await stripe.prices.list({ product: product.id, active: true })).data).toEqual([]);
    expect((await stripe.products.retrieve(product.id)).name).toBe('Paper');
    expect((await stripe.products.list({ limit: 1 })).data[0]?.id).toBe(product.id);
  });
});

describe('customers', () => {
  it('are created, changed and deleted', async () => {
    const created = await stripe.customers.create({
      email: 'a@example.com',
      name: 'Ann',
      metadata: { userId: 'u1', plan: 'pro' },
    });
    expect(created).toMatchObject({
      object: 'customer',
      email: 'a@example.com',
      balance: 0,
      livemode: false,
    });
    expect(created.id).toMatch(/^cus_[0-9A-Za-z]{24}$/);

    const updated = await stripe.customers.update(created.id, {
      name: '',
      metadata: { plan: '', extra: 'yes' },
      address: { line1: '1 Main St', country: 'US' },
    });
    expect(updated).toMatchObject({
      name: null,
      metadata: { userId: 'u1', extra: 'yes' },
      address: { line1: '1 Main St', country: 'US', city: null },
    });
    expect(updated.metadata['plan']).toBeUndefined();

    const deleted = await stripe.customers.del(created.id);
    expect(deleted).toEqual({ id: created.id, object: 'customer', deleted: true });
    expect(await stripe.customers.retrieve(created.id)).toMatchObject({ deleted: true });
    const error = await stripeError(stripe.customers.update(created.id, { name: 'x' }));
    expect(error).toMatchObject({ statusCode: 404, code: 'resource_missing' });
  });

  it('begin with a card as their default', async () => {
    const customer = await stripe.customers.create({
      payment_method: 'pm_card_visa',
      invoice_settings: { default_payment_method: 'pm_card_visa' },
    });
    const { data } = await stripe.customers.listPaymentMethods(customer.id);
    expect(data).toHaveLength(1);
    expect(customer.invoice_settings.default_payment_method).toBe(data[0]?.id);
    expect(data[0]).toMatchObject({
      type: 'card',
      card: { brand: 'visa', last4: '4242' },
      customer: customer.id,
    });
  });
});

describe('payment methods', () => {
  it('are attached, listed and detached', async () => {
    const { id: customer } = await stripe.customers.create();
    const method = await stripe.paymentMethods.attach('pm_card_mastercard', { customer });
    expect(method).toMatchObject({ object: 'payment_method', customer, card: { brand: 'mastercard' } });
    expect(method.id).toMatch(/^pm_[0-9A-Za-z]{24}$/);
    await stripe.customers.update(customer, { invoice_settings: { default_payment_method: method.id } });

    const { data } = await stripe.paymentMethods.list({ customer, type: 'card' });
    expect(data.map(({ id }) => id)).toEqual([method.id]);

    expect((await stripe.paymentMethods.detach(method.id)).customer).toBeNull();
    const bare = await stripe.customers.retrieve(customer);
    expect(bare).toMatchObject({ invoice_settings: { default_payment_method: null } });
  });

  it('belong to one customer', async () => {
    const [one, other] = [await stripe.customers.create(), await stripe.customers.create()];
    const { id } = await stripe.paymentMethods.attach('pm_card_visa', { customer: one.id });
    const error = await stripeError(stripe.paymentMethods.attach(id, { customer: other.id }));
    expect(error.message).toContain('already been attached');
    const foreign = await stripeError(
      stripe.customers.update(other.id, { invoice_settings: { default_payment_method: id } }),
    );
    expect(foreign.code).toBe('resource_missing');
  });

  it('attach when they decline only later, and not when they decline at once', async () => {
    const { id: customer } = await stripe.customers.create();
    await expect(
      stripe.paymentMethods.attach('pm_card_chargeCustomerFail', { customer }),
    ).resolves.toMatchObject({ customer });
    const error = await stripeError(
      stripe.paymentMethods.attach('pm_card_visa_chargeDeclined', { customer }),
    );
    expect(error).toBeInstanceOf(Stripe.errors.StripeCardError);
    expect(error).toMatchObject({ code: 'card_declined', decline_code: 'generic_decline', statusCode: 402 });
  });
});

describe('expansion', () => {
  it('puts objects in the place of ids, several levels deep', async () => {
    const customer = await stripe.customers.create({
      payment_method: 'pm_card_visa',
      invoice_settings: { default_payment_method: 'pm_card_visa' },
    });
    const subscription = await stripe.subscriptions.create({
      customer: customer.id,
      items: [{ price: PRO }],
      expand: ['customer', 'latest_invoice.payments.data.payment.payment_intent.latest_charge'],
    });
    expect(subscription.customer).toMatchObject({ object: 'customer', id: customer.id });
    const invoice = subscription.latest_invoice;
    const payment = typeof invoice === 'object' ? invoice?.payments?.data[0]?.payment.payment_intent : null;
    expect(payment).toMatchObject({
      object: 'payment_intent',
      latest_charge: { object: 'charge', amount: 900 },
    });

    const { data } = await stripe.subscriptions.list({
      customer: customer.id,
      expand: ['data.default_payment_method'],
    });
    expect(data[0]?.default_payment_method).toBeNull();
    const expanded = await stripe.customers.retrieve(customer.id, { expand: ['subscriptions'] });
    expect(expanded).toMatchObject({ subscriptions: { data: [{ id: subscription.id }] } });
  });

  it('refuses what is no reference', async () => {
    const { id } = await stripe.customers.create({ email: 'a@example.com' });
    for (const path of ['email', 'nothing', 'id']) {
      const error = await stripeError(stripe.customers.retrieve(id, { expand: [path] }));
      expect(error.message).toBe(`This property cannot be expanded (${path}).`);
    }
  });
});
