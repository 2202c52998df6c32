import { describe, expect, it } from '@jest/globals';
import { type Stripe } from 'stripe';
import {
  customerWith,
  ENTERPRISE,
  idOf,
  invoicesOf,
  onlyItem,
  periodOf,
  PRO,
  seconds,
  stripeError,
  subscribe,
  typesSince,
  useStripe,
} from './support.ts';

const begin = useStripe();

describe('changes', () => {
  it('with an anchor of now begin a new period, paid less what is left of the old', async () => {
    const sandbox = await begin('2026-11-01T00:00:00.000Z');
    const { stripe } = sandbox;
    const { id, items } = await subscribe(stripe);
    sandbox.moveTo('2026-11-16T00:00:00.000Z');
    const before = sandbox.standIn.control.events().length;
    const upgraded = await stripe.subscriptions.update(id, {
      items: [{ id: items.data[0]?.id ?? '', price: ENTERPRISE }],
      billing_cycle_anchor: { type: 'now' },
      proration_behavior: 'always_invoice',
    });
    expect(onlyItem(upgraded)).toMatchObject({ price: { id: ENTERPRISE }, plan: { id: ENTERPRISE } });
    expect(upgraded.billing_cycle_anchor).toBe(seconds('2026-11-16T00:00:00.000Z'));
    expect(periodOf(upgraded)).toEqual(['2026-11-16T00:00:00.000Z', '2026-12-16T00:00:00.000Z']);
    const [invoice] = await invoicesOf(stripe, id);
    expect(invoice).toMatchObject({
      status: 'paid',
      billing_reason: 'subscription_update',
      total: 2_900 - 450,
    });
    expect(invoice?.lines.data.map(({ amount }) => amount)).toEqual([-450, 2_900]);
    expect(typesSince(sandbox, before).slice(0, 2)).toEqual([
      'invoice.created',
      'customer.subscription.updated',
    ]);
  });

  it('keep the anchor otherwise, and put their cost on the next invoice', async () => {
    const sandbox = await begin('2026-11-01T00:00:00.000Z');
    const { stripe } = sandbox;
    const { id, items } = await subscribe(stripe);
    sandbox.moveTo('2026-11-16T00:00:00.000Z');
    const upgraded = await stripe.subscriptions.update(id, {
      items: [{ id: items.data[0]?.id ?? '', price: ENTERPRISE }],
    });
    expect(periodOf(upgraded)).toEqual(['2026-11-01T00:00:00.000Z', '2026-12-01T00:00:00.000Z']);
    expect(await invoicesOf(stripe, id)).toHaveLength(1);
    sandbox.moveTo('2026-12-01T01:00:00.000Z');
    const [invoice] = await invoicesOf(stripe, id);
    expect(invoice?.lines.data.map(({ amount }) => amount)).toEqual([-450, 1_450, 2_900]);
    expect(invoice?.amount_paid).toBe(3_900);
  });

  it('to a smaller plan leave a credit on the balance, which later invoices use', async () => {
    const sandbox = await begin('2026-11-01T00:00:00.000Z');
    const { stripe } = sandbox;
    const { id, items, customer } = await subscribe(stripe, { items: [{ price: ENTERPRISE }] });
    sandbox.moveTo('2026-11-16T00:00:00.000Z');
    await stripe.subscriptions.update(id, {
      items: [{ id: items.data[0]?.id ?? '', price: PRO }],
      proration_behavior: 'always_invoice',
    });
    const owed = await stripe.customers.retrieve(idOf(customer));
    expect(owed).toMatchObject({ balance: -1_000 });
    expect((await invoicesOf(stripe, id))[0]).toMatchObject({ total: -1_000, amount_due: 0, status: 'paid' });
    sandbox.moveTo('2026-12-01T01:00:00.000Z');
    expect((await invoicesOf(stripe, id))[0]).toMatchObject({
      total: 900,
      amount_due: 0,
      starting_balance: -1_000,
      ending_balance: -100,
    });
  });

  it('with `error_if_incomplete` change nothing when they can not be paid', async () => {
    const { stripe } = await begin('2026-11-01T00:00:00.000Z');
    const { id, items, customer } = await subscribe(stripe);
    const { id: bad } = await stripe.paymentMethods.attach('pm_card_chargeCustomerFail', {
      customer: idOf(customer),
    });
    await stripe.customers.update(idOf(customer), { invoice_settings: { default_payment_method: bad } });
    const change = {
      items: [{ id: items.data[0]?.id ?? '', price: ENTERPRISE }],
      billing_cycle_anchor: { type: 'now' as const },
    };
    const error = await stripeError(
      stripe.subscriptions.update(id, { ...change, payment_behavior: 'error_if_incomplete' }),
    );
    expect(error).toMatchObject({ statusCode: 402, code: 'card_declined' });
    expect(onlyItem(await stripe.subscriptions.retrieve(id)).price.id).toBe(PRO);

    const applied = await stripe.subscriptions.update(id, change);
    expect(applied).toMatchObject({ status: 'past_due', items: { data: [{ price: { id: ENTERPRISE } }] } });
  });

  it('of the anchor need an object, and refuse the plain word of older versions', async () => {
    const { stripe } = await begin('2026-11-01T00:00:00.000Z');
    const { id } = await subscribe(stripe);
    const error = await stripeError(
      stripe.rawRequest('POST', `/v1/subscriptions/${id}`, { billing_cycle_anchor: 'now' }),
    );
    expect(error).toMatchObject({ statusCode: 400, param: 'billing_cycle_anchor' });
  });

  it('of `pause_collection` leave the status alone', async () => {
    const sandbox = await begin('2026-11-01T00:00:00.000Z');
    const { stripe } = sandbox;
    const { id } = await subscribe(stripe);
    const paused = await stripe.subscriptions.update(id, {
      pause_collection: { behavior: 'void', resumes_at: seconds('2026-12-15T00:00:00.000Z') },
    });
    expect(paused).toMatchObject({ status: 'active', pause_collection: { behavior: 'void' } });
    sandbox.moveTo('2027-01-02T00:00:00.000Z');
    expect((await invoicesOf(stripe, id)).map(({ status }) => status)).toEqual(['paid', 'void', 'paid']);
    expect(await stripe.subscriptions.retrieve(id)).toMatchObject({
      status: 'active',
      pause_collection: null,
    });
  });
});

describe('endings', () => {
  it('at the period end win over the renewal at the same instant', async () => {
    const sandbox = await begin('2026-11-24T10:00:00.000Z');
    const { stripe } = sandbox;
    const { id } = await subscribe(stripe);
    const scheduled = await stripe.subscriptions.update(id, { cancel_at_period_end: true });
    expect(scheduled).toMatchObject({
      status: 'active',
      cancel_at_period_end: true,
      cancel_at: seconds('2026-12-24T10:00:00.000Z'),
      canceled_at: seconds('2026-11-24T10:00:00.000Z'),
      ended_at: null,
      cancellation_details: { reason: 'cancellation_requested' },
    });
    sandbox.moveTo('2026-12-25T00:00:00.000Z');
    expect(await stripe.subscriptions.retrieve(id)).toMatchObject({
      status: 'canceled',
      ended_at: seconds('2026-12-24T10:00:00.000Z'),
    });
    expect(await invoicesOf(stripe, id)).toHaveLength(1);
    expect((await stripe.subscriptions.list()).data).toEqual([]);
  });

  it('can be undone before', async () => {
    const sandbox = await begin('2026-11-24T10:00:00.000Z');
    const { stripe } = sandbox;
    const { id } = await subscribe(stripe);
    await stripe.subscriptions.update(id, { cancel_at_period_end: true });
    const kept = await stripe.subscriptions.update(id, { cancel_at_period_end: false });
    expect(kept).toMatchObject({ cancel_at: null, canceled_at: null, cancel_at_period_end: false });

    await stripe.subscriptions.update(id, { cancel_at: 'min_period_end' });
    const again = await stripe.subscriptions.update(id, { cancel_at: '' });
    expect(again.cancel_at).toBeNull();
    sandbox.moveTo('2026-12-25T00:00:00.000Z');
    expect((await stripe.subscriptions.retrieve(id)).status).toBe('active');
  });

  it('by `cancel_at` leave the flag false', async () => {
    const sandbox = await begin('2026-11-24T10:00:00.000Z');
    const { stripe } = sandbox;
    const { id } = await subscribe(stripe);
    const scheduled = await stripe.subscriptions.update(id, { cancel_at: 'min_period_end' });
    expect(scheduled).toMatchObject({
      cancel_at: seconds('2026-12-24T10:00:00.000Z'),
      cancel_at_period_end: false,
    });
    const sooner = await stripe.subscriptions.update(id, { cancel_at: seconds('2026-12-01T00:00:00.000Z') });
    expect(sooner.cancel_at).toBe(seconds('2026-12-01T00:00:00.000Z'));
    const past = await stripeError(
      stripe.subscriptions.update(id, { cancel_at: seconds('2026-11-01T00:00:00.000Z') }),
    );
    expect(past.param).toBe('cancel_at');
    sandbox.moveTo('2026-12-02T00:00:00.000Z');
    expect(await stripe.subscriptions.retrieve(id)).toMatchObject({
      status: 'canceled',
      ended_at: seconds('2026-12-01T00:00:00.000Z'),
    });
  });

  it('at once are final', async () => {
    const { stripe } = await begin('2026-11-24T10:00:00.000Z');
    const { id } = await subscribe(stripe);
    expect(await stripe.subscriptions.cancel(id)).toMatchObject({ status: 'canceled' });
    expect((await stripeError(stripe.subscriptions.cancel(id))).code).toBe('resource_missing');
    const update = await stripeError(stripe.subscriptions.update(id, { cancel_at_period_end: true }));
    expect(update.code).toBe('invalid_canceled_subscription_fields');
    expect(await stripe.subscriptions.update(id, { metadata: { why: 'x' } })).toMatchObject({
      metadata: { why: 'x' },
    });
  });

  it('follow when the customer is deleted', async () => {
    const sandbox = await begin('2026-11-24T10:00:00.000Z');
    const { stripe } = sandbox;
    const { id, customer } = await subscribe(stripe);
    await stripe.customers.del(idOf(customer));
    expect((await stripe.subscriptions.retrieve(id)).status).toBe('canceled');
    expect(typesSince(sandbox).slice(-2)).toEqual(['customer.deleted', 'customer.subscription.deleted']);
    sandbox.moveTo('2027-11-24T10:00:00.000Z');
    const listed = await stripe.subscriptions.list({ customer: idOf(customer), status: 'all' });
    expect(listed.data.map((one) => one.id)).toEqual([id]);
  });
});

describe('lists of subscriptions', () => {
  it('can be of one customer and status, and leave out the canceled without a status', async () => {
    const { stripe } = await begin('2026-11-24T10:00:00.000Z');
    const customer = await customerWith(stripe, 'pm_card_visa');
    const ids: string[] = [];
    for (let count = 0; count < 3; count += 1) {
      ids.unshift((await stripe.subscriptions.create({ customer, items: [{ price: PRO }] })).id);
    }
    await stripe.subscriptions.cancel(ids[1] ?? '');
    await subscribe(stripe);
    const idsOf = async (status?: Stripe.SubscriptionListParams.Status): Promise<string[]> =>
      (await stripe.subscriptions.list({ customer, ...(status === undefined ? {} : { status }) })).data.map(
        ({ id }) => id,
      );
    expect(await idsOf('all')).toEqual(ids);
    expect(await idsOf()).toEqual([ids[0], ids[2]]);
    expect(await idsOf('canceled')).toEqual([ids[1]]);
    expect((await stripeError(stripe.subscriptions.list({ customer: 'cus_none' }))).param).toBe('customer');
  });
});
