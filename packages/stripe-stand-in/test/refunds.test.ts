import { afterAll, describe, expect, it } from '@jest/globals';
import { PAYMENT, idOf, openStripe, payAway, stripeError, typesSince } from './support.ts';

const sandbox = await openStripe('2026-11-24T10:00:00.000Z');
const { stripe } = sandbox;
afterAll(() => sandbox.stop());

describe('refunds', () => {
  it('come in parts, and never to more than was paid', async () => {
    const paid = await payAway(stripe, 'pm_card_visa');
    const before = sandbox.standIn.control.events().length;
    const part = await stripe.refunds.create({
      payment_intent: paid.id,
      amount: 100,
      reason: 'requested_by_customer',
    });
    expect(part).toMatchObject({
      object: 'refund',
      amount: 100,
      status: 'succeeded',
      payment_intent: paid.id,
      charge: paid.latest_charge,
      reason: 'requested_by_customer',
    });
    expect(part.id).toMatch(/^re_/);
    expect(typesSince(sandbox, before)).toEqual(['refund.created', 'charge.refunded']);
    const event = sandbox.standIn.control.events().at(-1);
    expect(event?.data).toMatchObject({
      object: { amount_refunded: 100, refunded: false },
      previous_attributes: { amount_refunded: 0 },
    });

    const tooMuch = await stripeError(stripe.refunds.create({ payment_intent: paid.id, amount: 201 }));
    expect(tooMuch).toMatchObject({ statusCode: 400, param: 'amount' });
    expect(tooMuch.message).toBe('Refund amount ($2.01) is greater than unrefunded amount on charge ($2.00)');

    await stripe.refunds.create({ charge: idOf(paid.latest_charge) });
    const charge = await stripe.charges.retrieve(idOf(paid.latest_charge), { expand: ['refunds'] });
    expect(charge).toMatchObject({ refunded: true, amount_refunded: 300 });
    expect(charge.refunds?.data.map(({ amount }) => amount)).toEqual([200, 100]);
    expect((await stripe.refunds.list({ payment_intent: paid.id })).data).toHaveLength(2);
    const again = await stripeError(stripe.refunds.create({ payment_intent: paid.id }));
    expect(again.code).toBe('charge_already_refunded');
  });

  it('need a charge that succeeded', async () => {
    const { id } = await stripe.paymentIntents.create(PAYMENT);
    const error = await stripeError(stripe.refunds.create({ payment_intent: id }));
    expect(error.message).toBe(`This PaymentIntent (${id}) does not have a successful charge to refund.`);
    expect((await stripeError(stripe.refunds.create({}))).code).toBe('parameter_missing');
  });

  it('may be pending first, and may fail after they succeeded', async () => {
    const slow = await payAway(stripe, 'pm_card_pendingRefund');
    const bad = await payAway(stripe, 'pm_card_refundFail');
    const pending = await stripe.refunds.create({ payment_intent: slow.id });
    const failing = await stripe.refunds.create({ payment_intent: bad.id });
    expect([pending.status, failing.status]).toEqual(['pending', 'succeeded']);
    const before = sandbox.standIn.control.events().length;

    sandbox.moveTo('2026-11-24T12:00:00.000Z');
    expect((await stripe.refunds.retrieve(pending.id)).status).toBe('succeeded');
    expect(await stripe.refunds.retrieve(failing.id)).toMatchObject({
      status: 'failed',
      failure_reason: 'expired_or_canceled_card',
    });
    expect(await stripe.charges.retrieve(idOf(bad.latest_charge))).toMatchObject({
      refunded: false,
      amount_refunded: 0,
    });
    expect(typesSince(sandbox, before)).toEqual([
      'refund.updated',
      'charge.refund.updated',
      'refund.failed',
      'refund.updated',
      'charge.refund.updated',
    ]);
  });
});

describe('disputes', () => {
  it('take the money at once, and a won one gives it back', async () => {
    const paid = await payAway(stripe, 'pm_card_visa');
    const { control } = sandbox.standIn;
    const before = control.events().length;
    const opened = control.openDispute({ paymentIntent: paid.id, amount: 200 });
    expect(await stripe.disputes.retrieve(opened.id)).toMatchObject({
      object: 'dispute',
      amount: 200,
      status: 'needs_response',
      charge: paid.latest_charge,
      payment_intent: paid.id,
      is_charge_refundable: false,
    });
    expect(opened.id).toMatch(/^du_/);
    expect((await stripe.charges.retrieve(idOf(paid.latest_charge))).disputed).toBe(true);
    expect((await stripeError(stripe.refunds.create({ payment_intent: paid.id }))).code).toBe(
      'charge_disputed',
    );
    expect((await stripe.disputes.list({ payment_intent: paid.id })).data).toHaveLength(1);

    control.progressDispute(opened.id, 'under_review');
    control.closeDispute(opened.id, 'won');
    expect(typesSince(sandbox, before)).toEqual([
      'charge.dispute.created',
      'charge.dispute.funds_withdrawn',
      'charge.dispute.updated',
      'charge.dispute.closed',
      'charge.dispute.funds_reinstated',
    ]);
    await expect(stripe.refunds.create({ payment_intent: paid.id })).resolves.toMatchObject({ amount: 300 });
    expect(() => control.closeDispute(opened.id, 'lost')).toThrow('already closed');
  });

  it('are lost when the app closes them', async () => {
    const paid = await payAway(stripe, 'pm_card_createDispute');
    const [dispute] = (await stripe.disputes.list({ charge: idOf(paid.latest_charge) })).data;
    expect(dispute).toMatchObject({ status: 'needs_response', amount: 300 });
    const before = sandbox.standIn.control.events().length;
    expect((await stripe.disputes.close(dispute?.id ?? '')).status).toBe('lost');
    expect(typesSince(sandbox, before)).toEqual(['charge.dispute.closed']);
  });

  it('may begin as inquiries, which take nothing and may be refunded', async () => {
    const paid = await payAway(stripe, 'pm_card_createDisputeInquiry');
    const charge = idOf(paid.latest_charge);
    const [inquiry] = (await stripe.disputes.list({ charge })).data;
    expect(inquiry).toMatchObject({ status: 'warning_needs_response', is_charge_refundable: true });
    expect((await stripe.charges.retrieve(charge)).disputed).toBe(false);
    const { control } = sandbox.standIn;
    expect(() => control.closeDispute(inquiry?.id ?? '', 'won')).toThrow('cannot become won');
    const before = control.events().length;
    control.progressDispute(inquiry?.id ?? '', 'needs_response');
    expect(typesSince(sandbox, before)).toEqual(['charge.dispute.updated', 'charge.dispute.funds_withdrawn']);
    expect((await stripe.charges.retrieve(charge)).disputed).toBe(true);
  });
});

describe('events', () => {
  it('can be listed by type and fetched, and say which request they come from', async () => {
    const { id } = await stripe.paymentIntents.create(PAYMENT, { idempotencyKey: 'events-1' });
    const { data } = await stripe.events.list({ type: 'payment_intent.created', limit: 1 });
    expect(data[0]).toMatchObject({
      object: 'event',
      api_version: '2026-10-28.endive',
      livemode: false,
      type: 'payment_intent.created',
      data: { object: { id, object: 'payment_intent' } },
      request: { idempotency_key: 'events-1' },
    });
    expect(data[0]?.id).toMatch(/^evt_/);
    expect(await stripe.events.retrieve(data[0]?.id ?? '')).toMatchObject({ id: data[0]?.id });
    const charges = await stripe.events.list({ types: ['charge.dispute.*'], limit: 100 });
    expect(new Set(charges.data.map(({ type }) => type.split('.')[1]))).toEqual(new Set(['dispute']));
  });

  it('keep an object as it was then', async () => {
    const created = await stripe.customers.create({ name: 'Before' });
    await stripe.customers.update(created.id, { name: 'After' });
    const { data } = await stripe.events.list({ types: ['customer.created', 'customer.updated'], limit: 2 });
    expect(data[1]?.data.object).toMatchObject({ name: 'Before' });
    expect(data[0]?.data).toMatchObject({
      object: { name: 'After' },
      previous_attributes: { name: 'Before' },
    });
  });
});
