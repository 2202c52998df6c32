import { afterAll, describe, expect, it } from '@jest/globals';
import { Stripe } from 'stripe';
import { attached, PAYMENT, idOf, openStripe, payAway, stripeError, typesSince } from './support.ts';

const sandbox = await openStripe('2026-11-24T10:00:00.000Z');
const { stripe } = sandbox;
afterAll(() => sandbox.stop());

describe('a payment', () => {
  it('is created without a method, and confirmed by id', async () => {
    const { customer, method } = await attached(stripe, 'pm_card_visa');
    const created = await stripe.paymentIntents.create({
      ...PAYMENT,
      customer,
      description: 'Extra mail',
      metadata: { orderId: 'o1' },
    });
    expect(created).toMatchObject({
      object: 'payment_intent',
      status: 'requires_payment_method',
      amount: 300,
      amount_received: 0,
      customer,
      latest_charge: null,
      payment_method: null,
      allowed_payment_method_types: null,
      metadata: { orderId: 'o1' },
    });
    expect(created.id).toMatch(/^pi_[0-9A-Za-z]{24}$/);
    expect(created.client_secret).toMatch(new RegExp(`^${created.id}_secret_`));

    const before = sandbox.standIn.control.events().length;
    const paid = await stripe.paymentIntents.confirm(created.id, {
      payment_method: method,
      off_session: true,
    });
    expect(paid).toMatchObject({ status: 'succeeded', amount_received: 300, payment_method: method });
    expect(typesSince(sandbox, before)).toEqual(['charge.succeeded', 'payment_intent.succeeded']);

    const charge = await stripe.charges.retrieve(idOf(paid.latest_charge));
    expect(charge).toMatchObject({
      object: 'charge',
      amount: 300,
      paid: true,
      status: 'succeeded',
      refunded: false,
      amount_refunded: 0,
      disputed: false,
      payment_intent: paid.id,
      customer,
      metadata: { orderId: 'o1' },
      payment_method_details: { card: { last4: '4242' } },
    });
    expect(charge.receipt_url).toMatch(/^https:\/\/pay\.stripe\.com\/receipts\//);
    expect((await stripe.charges.list({ payment_intent: paid.id })).data).toHaveLength(1);
  });

  it('can be made at once', async () => {
    const paid = await stripe.paymentIntents.create({
      ...PAYMENT,
      payment_method: 'pm_card_visa',
      confirm: true,
      automatic_payment_methods: { enabled: true, allow_redirects: 'never' },
    });
    expect(paid.status).toBe('succeeded');
  });

  it('needs a `return_url` when a method could redirect the customer', async () => {
    const error = await stripeError(
      stripe.paymentIntents.create({ ...PAYMENT, payment_method: 'pm_card_visa', confirm: true }),
    );
    expect(error.message).toContain('return_url');
  });

  it('is at least 50 cents', async () => {
    const error = await stripeError(stripe.paymentIntents.create({ amount: 49, currency: 'usd' }));
    expect(error).toMatchObject({ statusCode: 400, code: 'amount_too_small', param: 'amount' });
    await expect(stripe.paymentIntents.create({ amount: 50, currency: 'usd' })).resolves.toBeDefined();
  });

  it('names allowed methods, not the types of older versions', async () => {
    const error = await stripeError(
      stripe.rawRequest('POST', '/v1/payment_intents', { ...PAYMENT, payment_method_types: ['card'] }),
    );
    expect(error).toMatchObject({ code: 'parameter_unknown', param: 'payment_method_types' });
    const intent = await stripe.paymentIntents.create({
      ...PAYMENT,
      allowed_payment_method_types: ['card'],
    });
    expect(intent).toMatchObject({ allowed_payment_method_types: ['card'], payment_method_types: ['card'] });
  });

  it('takes no method of another customer', async () => {
    const { method } = await attached(stripe, 'pm_card_visa');
    const { customer } = await attached(stripe, 'pm_card_visa');
    const foreign = await stripeError(
      stripe.paymentIntents.create({ ...PAYMENT, customer, payment_method: method }),
    );
    expect(foreign.param).toBe('payment_method');
    const none = await stripeError(stripe.paymentIntents.create({ ...PAYMENT, payment_method: method }));
    expect(none.param).toBe('payment_method');
  });
});

describe('a decline', () => {
  it('is a card error with code, decline code, charge and intent, and leaves the intent as it says', async () => {
    const before = sandbox.standIn.control.events().length;
    const error = await stripeError(payAway(stripe, 'pm_card_chargeCustomerFail'));
    expect(error).toBeInstanceOf(Stripe.errors.StripeCardError);
    expect(error).toMatchObject({
      statusCode: 402,
      rawType: 'card_error',
      code: 'card_declined',
      decline_code: 'generic_decline',
      message: 'Your card was declined.',
      doc_url: 'https://stripe.com/docs/error-codes/card-declined',
      payment_intent: {
        object: 'payment_intent',
        status: 'requires_payment_method',
        payment_method: null,
        last_payment_error: { code: 'card_declined', decline_code: 'generic_decline', type: 'card_error' },
      },
    });
    expect(typesSince(sandbox, before)).toEqual([
      'customer.created',
      'payment_method.attached',
      'payment_intent.created',
      'charge.failed',
      'payment_intent.payment_failed',
    ]);
    const intent = await stripe.paymentIntents.retrieve(error.payment_intent?.id ?? '');
    expect(intent).toMatchObject({ status: 'requires_payment_method', latest_charge: error.charge });
    const charge = await stripe.charges.retrieve(error.charge ?? '');
    expect(charge).toMatchObject({
      status: 'failed',
      paid: false,
      failure_code: 'card_declined',
      receipt_url: null,
    });
  });

  it.each([
    ['pm_card_visa_chargeDeclinedInsufficientFunds', 'card_declined', 'insufficient_funds'],
    ['pm_card_chargeDeclinedExpiredCard', 'expired_card', 'expired_card'],
    ['pm_card_chargeDeclinedProcessingError', 'processing_error', 'processing_error'],
  ])('of %s is %s', async (card, code, declineCode) => {
    const error = await stripeError(
      stripe.paymentIntents.create({
        ...PAYMENT,
        payment_method: card,
        confirm: true,
        off_session: true,
      }),
    );
    expect(error).toMatchObject({ code, decline_code: declineCode });
  });

  it('lets another card pay the same intent', async () => {
    const error = await stripeError(payAway(stripe, 'pm_card_chargeCustomerFail'));
    const intent = error.payment_intent;
    const customer = idOf(intent?.customer);
    const { id: method } = await stripe.paymentMethods.attach('pm_card_visa', { customer });
    const paid = await stripe.paymentIntents.confirm(intent?.id ?? '', {
      payment_method: method,
      off_session: true,
    });
    expect(paid).toMatchObject({ status: 'succeeded', last_payment_error: null });
    expect((await stripe.charges.list({ payment_intent: paid.id })).data).toHaveLength(2);
  });
});

describe('authentication', () => {
  it('is a decline while the customer is away', async () => {
    const error = await stripeError(payAway(stripe, 'pm_card_authenticationRequired'));
    expect(error).toBeInstanceOf(Stripe.errors.StripeCardError);
    expect(error).toMatchObject({
      code: 'authentication_required',
      decline_code: 'authentication_required',
      payment_intent: { status: 'requires_payment_method' },
    });
  });

  it('is a question while the customer is there, who may answer with no', async () => {
    const asked = await stripe.paymentIntents.create({
      ...PAYMENT,
      payment_method: 'pm_card_authenticationRequired',
      confirm: true,
      return_url: 'https://example.com/return',
    });
    expect(asked).toMatchObject({ status: 'requires_action', next_action: { type: 'redirect_to_url' } });

    sandbox.standIn.control.authenticate(asked.id, false);
    expect(await stripe.paymentIntents.retrieve(asked.id)).toMatchObject({
      status: 'requires_payment_method',
      next_action: null,
      last_payment_error: { code: 'payment_intent_authentication_failure' },
    });
  });

  it('is not asked for again from a card that was set up for later', async () => {
    const { id: customer } = await stripe.customers.create();
    const first = await stripe.paymentIntents.create({
      ...PAYMENT,
      customer,
      payment_method: 'pm_card_authenticationRequiredOnSetup',
      setup_future_usage: 'off_session',
      confirm: true,
      return_url: 'https://example.com/return',
    });
    expect(first.status).toBe('requires_action');
    sandbox.standIn.control.authenticate(first.id, true);
    const { data } = await stripe.paymentMethods.list({ customer });
    const later = await stripe.paymentIntents.create({
      ...PAYMENT,
      customer,
      payment_method: data[0]?.id ?? '',
      off_session: true,
      confirm: true,
    });
    expect(later.status).toBe('succeeded');
  });
});

describe('the states of an intent', () => {
  it('are final after success: no second confirmation, no cancelling', async () => {
    const paid = await payAway(stripe, 'pm_card_visa');
    const again = await stripeError(
      stripe.paymentIntents.confirm(paid.id, { payment_method: 'pm_card_visa', off_session: true }),
    );
    expect(again).toMatchObject({
      statusCode: 400,
      code: 'payment_intent_unexpected_state',
      payment_intent: { id: paid.id, status: 'succeeded' },
    });
    const cancel = await stripeError(stripe.paymentIntents.cancel(paid.id));
    expect(cancel).toMatchObject({
      code: 'payment_intent_unexpected_state',
      payment_intent: { status: 'succeeded' },
    });
    expect((await stripe.charges.list({ payment_intent: paid.id })).data).toHaveLength(1);
  });

  it('are final after cancelling', async () => {
    const { id } = await stripe.paymentIntents.create(PAYMENT);
    const canceled = await stripe.paymentIntents.cancel(id, { cancellation_reason: 'abandoned' });
    expect(canceled).toMatchObject({ status: 'canceled', cancellation_reason: 'abandoned' });
    const confirm = await stripeError(
      stripe.paymentIntents.confirm(id, { payment_method: 'pm_card_visa', off_session: true }),
    );
    expect(confirm).toMatchObject({
      code: 'payment_intent_unexpected_state',
      payment_intent: { status: 'canceled' },
    });
    expect((await stripeError(stripe.paymentIntents.cancel(id))).code).toBe(
      'payment_intent_unexpected_state',
    );
  });

  it('need a method to be confirmed', async () => {
    const { id } = await stripe.paymentIntents.create(PAYMENT);
    const error = await stripeError(stripe.paymentIntents.confirm(id, { off_session: true }));
    expect(error.code).toBe('payment_intent_unexpected_state');
    const updated = await stripe.paymentIntents.update(id, {
      payment_method: 'pm_card_visa',
      metadata: { a: 'b' },
    });
    expect(updated).toMatchObject({ status: 'requires_confirmation', metadata: { a: 'b' } });
    expect((await stripe.paymentIntents.confirm(id, { off_session: true })).status).toBe('succeeded');
  });
});
