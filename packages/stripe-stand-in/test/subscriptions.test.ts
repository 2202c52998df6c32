import { describe, expect, it } from '@jest/globals';
import { type Stripe } from 'stripe';
import { type StripeOptions, type TestStripe } from '../src/index.ts';
import {
  customerWith,
  idOf,
  invoicesOf,
  iso,
  onlyItem,
  periodOf,
  PRO,
  PRO_YEAR,
  seconds,
  stripeError,
  subscribe,
  typesSince,
  useStripe,
} from './support.ts';

const begin = useStripe();

describe('a new subscription', () => {
  it('is paid at once and active, with its period on its item', async () => {
    const sandbox = await begin('2026-11-24T10:00:00.000Z');
    const subscription = await subscribe(sandbox.stripe, { metadata: { userId: 'u1' } });
    expect(subscription).toMatchObject({
      object: 'subscription',
      status: 'active',
      billing_cycle_anchor: seconds('2026-11-24T10:00:00.000Z'),
      billing_mode: { type: 'flexible' },
      cancel_at: null,
      cancel_at_period_end: false,
      trial_end: null,
      metadata: { userId: 'u1' },
    });
    expect(subscription.id).toMatch(/^sub_/);
    expect(subscription).not.toHaveProperty('current_period_end');
    expect(onlyItem(subscription)).toMatchObject({ price: { id: PRO, unit_amount: 900 }, quantity: 1 });
    expect(periodOf(subscription)).toEqual(['2026-11-24T10:00:00.000Z', '2026-12-24T10:00:00.000Z']);

    const invoice = await sandbox.stripe.invoices.retrieve(idOf(subscription.latest_invoice));
    expect(invoice).toMatchObject({
      object: 'invoice',
      status: 'paid',
      billing_reason: 'subscription_create',
      amount_due: 900,
      amount_paid: 900,
      attempt_count: 1,
      parent: { type: 'subscription_details', subscription_details: { subscription: subscription.id } },
      status_transitions: { finalized_at: seconds('2026-11-24T10:00:00.000Z') },
    });
    expect(typesSince(sandbox)).toEqual([
      'payment_method.attached',
      'customer.created',
      'customer.subscription.created',
      'invoice.created',
      'invoice.finalized',
      'payment_intent.created',
      'charge.succeeded',
      'payment_intent.succeeded',
      'invoice_payment.paid',
      'invoice.paid',
      'customer.subscription.updated',
      'invoice.payment_succeeded',
    ]);
  });

  it('needs something to pay with', async () => {
    const { stripe } = await begin('2026-11-24T10:00:00.000Z');
    const error = await stripeError(subscribe(stripe, {}, null));
    expect(error).toMatchObject({ statusCode: 400, code: 'resource_missing' });
    const refused = await stripeError(
      subscribe(stripe, { payment_behavior: 'error_if_incomplete' }, 'pm_card_chargeCustomerFail'),
    );
    expect(refused).toMatchObject({ statusCode: 402, code: 'card_declined' });
    expect((await stripe.subscriptions.list({ status: 'all' })).data).toEqual([]);
  });

  it('is incomplete when its card declines, and active when another pays the invoice', async () => {
    const sandbox = await begin('2026-11-24T10:00:00.000Z');
    const { stripe } = sandbox;
    const subscription = await subscribe(stripe, {}, 'pm_card_chargeCustomerFail');
    expect(subscription.status).toBe('incomplete');
    const id = idOf(subscription.latest_invoice);
    const declined = await stripeError(stripe.invoices.pay(id));
    expect(declined).toMatchObject({ statusCode: 402, code: 'card_declined' });

    const paid = sandbox.standIn.control.payInvoice(id, 'pm_card_visa');
    expect(paid.status).toBe('paid');
    expect((await stripe.subscriptions.retrieve(subscription.id)).status).toBe('active');
  });

  it('expires when its first payment does not come within 23 hours', async () => {
    const sandbox = await begin('2026-11-24T10:00:00.000Z');
    const { stripe } = sandbox;
    const customer = await customerWith(stripe, null);
    const { id, latest_invoice: invoice } = await stripe.subscriptions.create({
      customer,
      items: [{ price: PRO }],
      payment_behavior: 'default_incomplete',
    });
    sandbox.moveTo('2026-11-25T08:59:59.000Z');
    expect((await stripe.subscriptions.retrieve(id)).status).toBe('incomplete');
    sandbox.moveTo('2026-11-25T09:00:00.000Z');
    expect((await stripe.subscriptions.retrieve(id)).status).toBe('incomplete_expired');
    expect((await stripe.invoices.retrieve(idOf(invoice))).status).toBe('void');
    expect((await stripe.subscriptions.list({ customer, status: 'ended' })).data).toHaveLength(1);
  });

  it('waits for authentication, and goes on after it', async () => {
    const sandbox = await begin('2026-11-24T10:00:00.000Z');
    const { stripe } = sandbox;
    const subscription = await subscribe(
      stripe,
      { expand: ['latest_invoice.payments', 'latest_invoice.confirmation_secret'] },
      'pm_card_authenticationRequired',
    );
    expect(subscription.status).toBe('incomplete');
    const invoice = subscription.latest_invoice as Stripe.Invoice;
    const intent = idOf(invoice.payments?.data[0]?.payment.payment_intent);
    expect(invoice.confirmation_secret?.client_secret).toMatch(new RegExp(`^${intent}_secret_`));
    expect(typesSince(sandbox)).toContain('invoice.payment_action_required');
    sandbox.standIn.control.authenticate(intent, true);
    expect((await stripe.subscriptions.retrieve(subscription.id)).status).toBe('active');
  });

  it('can begin a shorter first period, for its share of the price', async () => {
    const { stripe } = await begin('2026-11-24T00:00:00.000Z');
    const subscription = await subscribe(stripe, {
      billing_cycle_anchor: seconds('2026-12-01T00:00:00.000Z'),
    });
    expect(periodOf(subscription)).toEqual(['2026-11-24T00:00:00.000Z', '2026-12-01T00:00:00.000Z']);
    const [invoice] = await invoicesOf(stripe, subscription.id);
    expect(invoice?.total).toBe(Math.round((900 * 7) / 30));
  });
});

describe('renewals', () => {
  it('keep to the anchor through short months, each at its own instant, though the clock leaps', async () => {
    const sandbox = await begin('2027-01-31T12:34:56.000Z');
    const { stripe } = sandbox;
    const { id } = await subscribe(stripe);
    sandbox.moveTo('2027-07-01T00:00:00.000Z');
    const invoices = await invoicesOf(stripe, id);
    expect(invoices.map(({ created }) => iso(created))).toEqual([
      '2027-06-30T12:34:56.000Z',
      '2027-05-31T12:34:56.000Z',
      '2027-04-30T12:34:56.000Z',
      '2027-03-31T12:34:56.000Z',
      '2027-02-28T12:34:56.000Z',
      '2027-01-31T12:34:56.000Z',
    ]);
    expect(new Set(invoices.map(({ status }) => status))).toEqual(new Set(['paid']));
    expect(invoices.slice(0, -1).map(({ billing_reason: reason }) => reason)).toEqual(
      Array(5).fill('subscription_cycle'),
    );
    expect(periodOf(await stripe.subscriptions.retrieve(id))).toEqual([
      '2027-06-30T12:34:56.000Z',
      '2027-07-31T12:34:56.000Z',
    ]);
  });

  it('of yearly prices come a year later, and keep to 29 February', async () => {
    const sandbox = await begin('2028-02-29T00:00:00.000Z');
    const { id } = await subscribe(sandbox.stripe, { items: [{ price: PRO_YEAR }] });
    sandbox.moveTo('2031-12-01T00:00:00.000Z');
    const subscription = await sandbox.stripe.subscriptions.retrieve(id);
    expect(periodOf(subscription)).toEqual(['2031-02-28T00:00:00.000Z', '2032-02-29T00:00:00.000Z']);
  });

  it('begin the period at once, and invoice it an hour later', async () => {
    const sandbox = await begin('2026-11-24T10:00:00.000Z');
    const { stripe } = sandbox;
    const { id } = await subscribe(stripe);
    const before = sandbox.standIn.control.events().length;
    sandbox.moveTo('2026-12-24T10:00:00.000Z');
    expect(periodOf(await stripe.subscriptions.retrieve(id))[0]).toBe('2026-12-24T10:00:00.000Z');
    expect((await invoicesOf(stripe, id))[0]).toMatchObject({
      status: 'draft',
      status_transitions: { paid_at: null },
    });
    expect(typesSince(sandbox, before)).toEqual(['invoice.created', 'customer.subscription.updated']);
    sandbox.moveTo('2026-12-24T11:00:00.000Z');
    expect((await invoicesOf(stripe, id))[0]).toMatchObject({
      status: 'paid',
      status_transitions: { finalized_at: seconds('2026-12-24T11:00:00.000Z') },
    });
  });

  it('name in their event what they changed', async () => {
    const sandbox = await begin('2026-11-24T10:00:00.000Z');
    await subscribe(sandbox.stripe);
    sandbox.moveTo('2026-12-24T10:00:00.000Z');
    const event = sandbox.standIn.control.events().at(-1);
    expect(event).toMatchObject({
      type: 'customer.subscription.updated',
      created: seconds('2026-12-24T10:00:00.000Z'),
      request: { id: null },
      data: {
        object: { items: { data: [{ current_period_end: seconds('2027-01-24T10:00:00.000Z') }] } },
        previous_attributes: {
          items: { data: [{ current_period_end: seconds('2026-12-24T10:00:00.000Z') }] },
        },
      },
    });
  });
});

describe('a failed renewal', () => {
  async function failing(
    options: Partial<StripeOptions> = {},
  ): Promise<{ sandbox: TestStripe; id: string; customer: string }> {
    const sandbox = await begin('2026-11-24T10:00:00.000Z', options);
    const { id, customer } = await subscribe(sandbox.stripe);
    const { id: bad } = await sandbox.stripe.paymentMethods.attach('pm_card_chargeCustomerFail', {
      customer: idOf(customer),
    });
    await sandbox.stripe.customers.update(idOf(customer), {
      invoice_settings: { default_payment_method: bad },
    });
    return { sandbox, id, customer: idOf(customer) };
  }

  it('makes it past due, with the invoice open and the next try known', async () => {
    const { sandbox, id } = await failing();
    const before = sandbox.standIn.control.events().length;
    sandbox.moveTo('2026-12-24T11:00:00.000Z');
    expect((await sandbox.stripe.subscriptions.retrieve(id)).status).toBe('past_due');
    const { data } = await sandbox.stripe.invoices.list({ subscription: id, status: 'open' });
    expect(data).toHaveLength(1);
    expect(data[0]).toMatchObject({
      attempt_count: 1,
      attempted: true,
      status_transitions: { finalized_at: seconds('2026-12-24T11:00:00.000Z') },
      next_payment_attempt: seconds('2026-12-27T11:00:00.000Z'),
    });
    expect(typesSince(sandbox, before)).toEqual([
      'invoice.created',
      'customer.subscription.updated',
      'invoice.finalized',
      'payment_intent.created',
      'charge.failed',
      'payment_intent.payment_failed',
      'invoice.payment_failed',
      'customer.subscription.updated',
    ]);
  });

  it('recovers with a card that pays at the next try', async () => {
    const { sandbox, id, customer } = await failing();
    sandbox.moveTo('2026-12-24T11:00:00.000Z');
    sandbox.standIn.control.changeCardInPortal(customer, 'pm_card_visa');
    sandbox.moveTo('2026-12-27T10:59:59.000Z');
    expect((await sandbox.stripe.subscriptions.retrieve(id)).status).toBe('past_due');
    sandbox.moveTo('2026-12-27T11:00:00.000Z');
    expect((await sandbox.stripe.subscriptions.retrieve(id)).status).toBe('active');
    expect((await invoicesOf(sandbox.stripe, id))[0]).toMatchObject({ status: 'paid', attempt_count: 2 });
  });

  it('ends it after the last of three more tries', async () => {
    const { sandbox, id } = await failing();
    sandbox.moveTo('2027-01-01T10:59:59.000Z');
    expect((await sandbox.stripe.subscriptions.retrieve(id)).status).toBe('past_due');
    sandbox.moveTo('2027-01-01T11:00:00.000Z');
    expect(await sandbox.stripe.subscriptions.retrieve(id)).toMatchObject({
      status: 'canceled',
      ended_at: seconds('2027-01-01T11:00:00.000Z'),
      cancellation_details: { reason: 'payment_failed' },
    });
    expect((await invoicesOf(sandbox.stripe, id))[0]).toMatchObject({
      status: 'open',
      attempt_count: 4,
      next_payment_attempt: null,
      auto_advance: false,
    });
    expect(typesSince(sandbox).at(-1)).toBe('customer.subscription.deleted');
  });

  it('leaves it unpaid where the settings say so, without collecting any more until somebody pays', async () => {
    const { sandbox, id, customer } = await failing({ billing: { afterRetries: 'unpaid', retryDays: [1] } });
    sandbox.moveTo('2027-01-24T12:00:00.000Z');
    expect((await sandbox.stripe.subscriptions.retrieve(id)).status).toBe('unpaid');
    const [latest] = await invoicesOf(sandbox.stripe, id);
    expect(latest).toMatchObject({ status: 'draft', auto_advance: false });
    sandbox.standIn.control.changeCardInPortal(customer, 'pm_card_visa');
    await sandbox.stripe.invoices.pay(latest?.id ?? '');
    expect((await sandbox.stripe.subscriptions.retrieve(id)).status).toBe('active');
  });

  it('leaves it unpaid where the settings are changed before the last try', async () => {
    const { sandbox, id } = await failing();
    const changed = await sandbox.standIn.answerControl('POST', '/billing', { afterRetries: 'unpaid' });
    expect(changed).toMatchObject({ status: 200, result: { afterRetries: 'unpaid' } });
    sandbox.moveTo('2027-01-01T11:00:00.000Z');
    expect((await sandbox.stripe.subscriptions.retrieve(id)).status).toBe('unpaid');
  });

  it('makes it active again when its invoice is voided', async () => {
    const { sandbox, id } = await failing();
    sandbox.moveTo('2026-12-24T11:00:00.000Z');
    const [invoice] = await invoicesOf(sandbox.stripe, id);
    expect((await sandbox.stripe.invoices.voidInvoice(invoice?.id ?? '')).status).toBe('void');
    expect((await sandbox.stripe.subscriptions.retrieve(id)).status).toBe('active');
  });
});

describe('trials', () => {
  it('cost nothing, tell of their end three days before, and become paid periods counted from it', async () => {
    const sandbox = await begin('2027-01-17T10:00:00.000Z');
    const { stripe } = sandbox;
    const subscription = await subscribe(stripe, { trial_period_days: 14 });
    expect(subscription).toMatchObject({
      status: 'trialing',
      trial_end: seconds('2027-01-31T10:00:00.000Z'),
      billing_cycle_anchor: seconds('2027-01-31T10:00:00.000Z'),
    });
    expect((await invoicesOf(stripe, subscription.id))[0]).toMatchObject({ status: 'paid', total: 0 });
    sandbox.moveTo('2027-01-28T09:59:59.000Z');
    expect(typesSince(sandbox)).not.toContain('customer.subscription.trial_will_end');
    sandbox.moveTo('2027-01-28T10:00:00.000Z');
    expect(typesSince(sandbox).at(-1)).toBe('customer.subscription.trial_will_end');
    sandbox.moveTo('2027-03-01T00:00:00.000Z');
    const active = await stripe.subscriptions.retrieve(subscription.id);
    expect(active.status).toBe('active');
    expect(periodOf(active)).toEqual(['2027-02-28T10:00:00.000Z', '2027-03-31T10:00:00.000Z']);
    expect((await invoicesOf(stripe, subscription.id)).map(({ total }) => total)).toEqual([900, 900, 0]);
  });

  it.each([
    ['cancel', 'canceled', 'customer.subscription.deleted'],
    ['pause', 'paused', 'customer.subscription.paused'],
  ] as const)('without a card %s when that is asked for', async (behavior, status, event) => {
    const sandbox = await begin('2026-11-24T10:00:00.000Z');
    const { id } = await subscribe(
      sandbox.stripe,
      { trial_period_days: 7, trial_settings: { end_behavior: { missing_payment_method: behavior } } },
      null,
    );
    sandbox.moveTo('2026-12-01T10:00:00.000Z');
    expect((await sandbox.stripe.subscriptions.retrieve(id)).status).toBe(status);
    expect(typesSince(sandbox).at(-1)).toBe(event);
  });

  it('without a card are past due when they go on', async () => {
    const sandbox = await begin('2026-11-24T10:00:00.000Z');
    const { id } = await subscribe(sandbox.stripe, { trial_period_days: 7 }, null);
    sandbox.moveTo('2026-12-01T11:00:00.000Z');
    expect((await sandbox.stripe.subscriptions.retrieve(id)).status).toBe('past_due');
  });

  it('resume from a pause when they are paid for, with a new anchor', async () => {
    const sandbox = await begin('2026-11-24T10:00:00.000Z');
    const { stripe } = sandbox;
    const { id, customer } = await subscribe(
      stripe,
      { trial_period_days: 7, trial_settings: { end_behavior: { missing_payment_method: 'pause' } } },
      null,
    );
    sandbox.moveTo('2026-12-05T10:00:00.000Z');
    sandbox.standIn.control.changeCardInPortal(idOf(customer), 'pm_card_visa');
    const resumed = await stripe.subscriptions.resume(id, { billing_cycle_anchor: { type: 'now' } });
    expect(resumed.status).toBe('active');
    expect(periodOf(resumed)).toEqual(['2026-12-05T10:00:00.000Z', '2027-01-05T10:00:00.000Z']);
    expect(typesSince(sandbox)).toContain('customer.subscription.resumed');
    expect((await stripeError(stripe.subscriptions.resume(id))).statusCode).toBe(400);
  });

  it('can be ended and prolonged', async () => {
    const sandbox = await begin('2026-11-24T10:00:00.000Z');
    const { stripe } = sandbox;
    const { id } = await subscribe(stripe, { trial_end: seconds('2026-11-26T10:00:00.000Z') });
    const longer = await stripe.subscriptions.update(id, { trial_end: seconds('2026-12-24T00:00:00.000Z') });
    expect(longer).toMatchObject({
      status: 'trialing',
      billing_cycle_anchor: seconds('2026-12-24T00:00:00.000Z'),
    });
    expect(periodOf(longer)).toEqual(['2026-11-24T10:00:00.000Z', '2026-12-24T00:00:00.000Z']);
    sandbox.moveTo('2026-11-30T00:00:00.000Z');
    const ended = await stripe.subscriptions.update(id, { trial_end: 'now' });
    expect(ended).toMatchObject({
      status: 'active',
      billing_cycle_anchor: seconds('2026-11-30T00:00:00.000Z'),
    });
    expect((await invoicesOf(stripe, id))[0]).toMatchObject({ total: 900, status: 'paid' });
  });
});
