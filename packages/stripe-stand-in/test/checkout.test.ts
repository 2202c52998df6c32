import { afterAll, describe, expect, it } from '@jest/globals';
import { type Stripe } from 'stripe';
import { idOf, openStripe, PRO, seconds, stripeError, typesSince, useStripe } from './support.ts';

const NOW = '2026-11-24T10:00:00.000Z';

const sandbox = await openStripe(NOW);
const { stripe } = sandbox;
const { control } = sandbox.standIn;
afterAll(() => sandbox.stop());

const ITEM: Stripe.Checkout.SessionCreateParams.LineItem = {
  price_data: { currency: 'usd', unit_amount: 2_700, product_data: { name: '10 bottles' } },
  quantity: 1,
};

const begin = useStripe();

async function openCheckout(
  params: Partial<Stripe.Checkout.SessionCreateParams>,
  { checkout } = stripe,
): Promise<Stripe.Checkout.Session> {
  return checkout.sessions.create({
    mode: 'payment',
    line_items: [ITEM],
    success_url: 'https://example.com/done',
    ...params,
  });
}

describe('a Checkout for a single payment', () => {
  it('is open until it is paid', async () => {
    const { id: customer } = await stripe.customers.create({ email: 'ann@example.com' });
    const session = await openCheckout({
      customer,
      client_reference_id: 'u1',
      metadata: { size: '10' },
      payment_intent_data: { metadata: { purchaseId: 'p1' } },
    });
    expect(session).toMatchObject({
      object: 'checkout.session',
      mode: 'payment',
      status: 'open',
      payment_status: 'unpaid',
      amount_total: 2_700,
      currency: 'usd',
      customer,
      client_reference_id: 'u1',
      metadata: { size: '10' },
      payment_intent: null,
      expires_at: seconds(NOW) + 24 * 3_600,
    });
    expect(session.id).toMatch(/^cs_test_/);
    expect(session.url).toMatch(/^https:\/\/checkout\.stripe\.com\//);

    const before = control.events().length;
    control.payCheckout(session.id);
    const paid = await stripe.checkout.sessions.retrieve(session.id, {
      expand: ['payment_intent', 'line_items'],
    });
    expect(paid).toMatchObject({
      status: 'complete',
      payment_status: 'paid',
      url: null,
      payment_intent: { status: 'succeeded', amount: 2_700, customer, metadata: { purchaseId: 'p1' } },
      line_items: { data: [{ quantity: 1, amount_total: 2_700, description: '10 bottles' }] },
      customer_details: { email: 'ann@example.com' },
    });
    expect(typesSince(sandbox, before)).toEqual([
      'payment_intent.created',
      'charge.succeeded',
      'payment_intent.succeeded',
      'checkout.session.completed',
    ]);
    const found = await stripe.checkout.sessions.list({
      payment_intent: (paid.payment_intent as Stripe.PaymentIntent).id,
    });
    expect(found.data.map(({ id }) => id)).toEqual([session.id]);
    expect(() => control.payCheckout(session.id)).toThrow('complete');
  });

  it('stays open after a decline, and is paid by another card with the same intent', async () => {
    const session = await openCheckout({});
    expect(() => control.payCheckout(session.id, { paymentMethod: 'pm_card_chargeCustomerFail' })).toThrow(
      'Your card was declined.',
    );
    const declined = await stripe.checkout.sessions.retrieve(session.id);
    expect(declined).toMatchObject({ status: 'open', payment_status: 'unpaid' });
    control.payCheckout(session.id, { paymentMethod: 'pm_card_visa', email: 'guest@example.com' });
    const paid = await stripe.checkout.sessions.retrieve(session.id);
    expect(paid).toMatchObject({
      payment_status: 'paid',
      payment_intent: declined.payment_intent,
      customer: null,
      customer_details: { email: 'guest@example.com' },
    });
  });

  it('asks for authentication on its own page', async () => {
    const session = await openCheckout({});
    const paymentMethod = 'pm_card_authenticationRequired';
    expect(() => control.payCheckout(session.id, { paymentMethod, authenticate: false })).toThrow(
      'authenticate',
    );
    expect(control.payCheckout(session.id, { paymentMethod })).toMatchObject({ payment_status: 'paid' });
  });

  it('keeps the card for later when that was asked for', async () => {
    const session = await openCheckout({ payment_intent_data: { setup_future_usage: 'off_session' } });
    control.payCheckout(session.id, { email: 'new@example.com' });
    const { customer } = await stripe.checkout.sessions.retrieve(session.id, { expand: ['customer'] });
    expect(customer).toMatchObject({ object: 'customer', email: 'new@example.com' });
    const { data } = await stripe.customers.listPaymentMethods((customer as Stripe.Customer).id);
    expect(data).toHaveLength(1);
  });

  it.each([
    ['pm_usBankAccount_success', 'checkout.session.async_payment_succeeded', 'paid', 'succeeded'],
    [
      'pm_usBankAccount_insufficientFunds',
      'checkout.session.async_payment_failed',
      'unpaid',
      'requires_payment_method',
    ],
  ] as const)(
    'paid by %s ends days later in %s',
    async (paymentMethod, event, paymentStatus, intentStatus) => {
      const slow = await begin(NOW);
      const { id } = await openCheckout({}, slow.stripe);
      slow.standIn.control.payCheckout(id, { paymentMethod });
      const waiting = await slow.stripe.checkout.sessions.retrieve(id, { expand: ['payment_intent'] });
      expect(waiting).toMatchObject({
        status: 'complete',
        payment_status: 'unpaid',
        payment_intent: { status: 'processing' },
      });
      slow.moveTo('2026-11-28T10:00:00.000Z');
      const settled = await slow.stripe.checkout.sessions.retrieve(id, { expand: ['payment_intent'] });
      expect(settled).toMatchObject({
        payment_status: paymentStatus,
        payment_intent: { status: intentStatus },
      });
      expect(slow.standIn.control.events().at(-1)?.type).toBe(event);
    },
  );

  it('can be settled by hand', async () => {
    const session = await openCheckout({});
    const { payment_intent: intent } = control.payCheckout(session.id, {
      paymentMethod: 'pm_usBankAccount_success',
    });
    expect(control.settlePayment(idOf(intent), 'failed').status).toBe('requires_payment_method');
    expect(() => control.settlePayment(idOf(intent), 'failed')).toThrow('not processing');
  });

  it('expires by itself after a day, or when it is told to', async () => {
    const own = await begin(NOW);
    const told = await openCheckout({}, own.stripe);
    expect(await own.stripe.checkout.sessions.expire(told.id)).toMatchObject({
      status: 'expired',
      url: null,
    });
    expect((await stripeError(own.stripe.checkout.sessions.expire(told.id))).statusCode).toBe(400);
    const left = await openCheckout({}, own.stripe);
    own.moveTo('2026-11-25T10:00:00.000Z');
    expect((await own.stripe.checkout.sessions.retrieve(left.id)).status).toBe('expired');
    expect(own.standIn.control.events().at(-1)?.type).toBe('checkout.session.expired');
    expect(() => own.standIn.control.payCheckout(left.id)).toThrow('expired');
  });

  it.each([
    ['a recurring price', { line_items: [{ price: PRO, quantity: 1 }] }, 'line_items[0][price]'],
    ['no quantity', { line_items: [{ price: PRO }] }, 'line_items[0][quantity]'],
    ['neither price nor data', { line_items: [{ quantity: 1 }] }, 'line_items[0]'],
    ['data for a subscription', { subscription_data: { trial_period_days: 3 } }, 'subscription_data'],
    ['an end too soon', { expires_at: seconds(NOW) + 60 }, 'expires_at'],
    ['a customer that is not there', { customer: 'cus_none' }, 'customer'],
  ])('refuses %s', async (_what, params, param) => {
    expect((await stripeError(openCheckout(params))).param).toBe(param);
  });

  it('names allowed methods, not the types of older versions', async () => {
    const error = await stripeError(
      stripe.rawRequest('POST', '/v1/checkout/sessions', {
        mode: 'payment',
        success_url: 'https://example.com',
        line_items: [ITEM],
        payment_method_types: ['card'],
      }),
    );
    expect(error.code).toBe('parameter_unknown');
    const session = await openCheckout({ allowed_payment_method_types: ['card'] });
    expect(() => control.payCheckout(session.id, { paymentMethod: 'pm_usBankAccount_success' })).toThrow(
      'does not take us_bank_account',
    );
  });
});

describe('a Checkout for a subscription', () => {
  it('makes customer, subscription and invoice, and keeps the card as the subscription’s', async () => {
    const session = await openCheckout({
      mode: 'subscription',
      line_items: [{ price: PRO, quantity: 1 }],
      client_reference_id: 'u2',
      customer_email: 'bob@example.com',
      subscription_data: { metadata: { userId: 'u2' } },
    });
    expect(session).toMatchObject({ subscription: null, amount_total: 900 });
    const before = control.events().length;
    control.payCheckout(session.id);
    const paid = await stripe.checkout.sessions.retrieve(session.id, {
      expand: ['subscription.default_payment_method', 'customer', 'invoice'],
    });
    expect(paid).toMatchObject({
      status: 'complete',
      payment_status: 'paid',
      payment_intent: null,
      customer: { email: 'bob@example.com' },
      subscription: {
        status: 'active',
        metadata: { userId: 'u2' },
        default_payment_method: { card: { last4: '4242' } },
      },
      invoice: { status: 'paid', amount_paid: 900 },
    });
    expect(typesSince(sandbox, before)).toEqual(
      expect.arrayContaining(['customer.created', 'customer.subscription.created', 'invoice.paid']),
    );
    expect(typesSince(sandbox, before).at(-1)).toBe('checkout.session.completed');
  });

  it('makes nothing when the card declines', async () => {
    const session = await openCheckout({ mode: 'subscription', line_items: [{ price: PRO, quantity: 1 }] });
    const count = (await stripe.subscriptions.list({ status: 'all', limit: 100 })).data.length;
    expect(() => control.payCheckout(session.id, { paymentMethod: 'pm_card_chargeCustomerFail' })).toThrow(
      'declined',
    );
    expect((await stripe.subscriptions.list({ status: 'all', limit: 100 })).data).toHaveLength(count);
    expect(control.payCheckout(session.id)).toMatchObject({ status: 'complete' });
  });

  it('asks for authentication on its own page', async () => {
    const session = await openCheckout({ mode: 'subscription', line_items: [{ price: PRO, quantity: 1 }] });
    const { subscription } = control.payCheckout(session.id, {
      paymentMethod: 'pm_card_authenticationRequired',
    });
    expect((await stripe.subscriptions.retrieve(idOf(subscription))).status).toBe('active');
  });

  it('begins a trial, without a card when none is required', async () => {
    const session = await openCheckout({
      mode: 'subscription',
      line_items: [{ price: PRO, quantity: 1 }],
      payment_method_collection: 'if_required',
      subscription_data: {
        trial_period_days: 14,
        trial_settings: { end_behavior: { missing_payment_method: 'cancel' } },
      },
    });
    control.payCheckout(session.id, { paymentMethod: null });
    const done = await stripe.checkout.sessions.retrieve(session.id, { expand: ['subscription'] });
    expect(done).toMatchObject({
      payment_status: 'no_payment_required',
      subscription: { status: 'trialing', default_payment_method: null },
    });
  });
});
