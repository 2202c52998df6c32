import '../support/silent-functions.ts';
import { describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { Stripe } from 'stripe';
import { deductMailCredit } from '../../lambdas/letters/commands/schedule-delivery.ts';
import { DAY_MS } from '../../lambdas/domain/instants.ts';
import { isTransaction } from '../support/faulty-dynamodb.ts';
import { usePurchases } from '../support/purchases.ts';
import { idOf } from '../support/stripe.ts';
import { ADDRESS, request, writeLetter } from '../support/users.ts';

const suite = usePurchases('2026-02-10T09:00:00Z');

/** Spends that many credits. */
async function spend(mails: number): Promise<void> {
  const { userId } = suite.buyer();
  const now = suite.at().clock.now();
  const id = randomUUID();
  await writeLetter(suite.store(), request(userId, now, { id }));
  for (let index = 0; index < mails; index += 1) {
    const order = { letterId: id, deliverAt: now + DAY_MS, recipient: ADDRESS };
    const { outcome } = await deductMailCredit(suite.store(), request(userId, now), order);
    expect(outcome).toBe('created');
  }
}

describe('a bundle that is paid', () => {
  it.each<[number, number]>([
    [5, 1_400],
    [10, 2_700],
    [25, 6_250],
  ])('of %i credits is granted, and costs %i cents', async (bundle, cents) => {
    const bought = await suite.boughtAndGranted(bundle);
    expect(await suite.booked()).toEqual([bundle, 0, 0]);
    expect(await suite.purchase(bought)).toMatchObject({
      status: 'paid',
      amountCents: cents,
      credits: bundle,
    });
    const charge = await suite.stripe().charges.list({ payment_intent: bought.intent });
    expect(charge.data.map(({ amount, currency }) => [amount, currency])).toEqual([[cents, 'usd']]);
  });

  it.each(['checkout.session.completed', 'payment_intent.succeeded'])(
    'G10: is granted by %s alone',
    async (type) => {
      const { events } = await suite.buy();
      expect(await suite.follow(events.filter((event) => event.type === type))).toEqual([]);
      expect(await suite.booked()).toEqual([10, 0, 0]);
    },
  );

  it('G10: is granted once, however often and in whichever order its events come', async () => {
    const { events } = await suite.buy();
    const again = events.map((event) => ({ ...event, id: `${event.id}again` }));
    expect(await suite.follow([...events.toReversed(), ...events, ...again])).toEqual([]);
    expect(await suite.booked()).toEqual([10, 0, 0]);
  });

  it('G10: is granted once by several workers at the same time', async () => {
    const { events } = await suite.buy();
    const waves = await Promise.all([suite.follow(events), suite.follow(events), suite.follow(events)]);
    expect(waves.flat()).toEqual([]);
    expect(await suite.booked()).toEqual([10, 0, 0]);
  });

  it('G10: is granted once when the answer to the write is lost', async () => {
    const { events } = await suite.buy();
    let lost = 0;
    suite
      .proxy()
      .inject((call) => (isTransaction(call) && (lost += 1) <= 2 ? { fault: 'lose the answer' } : null));
    expect(await suite.follow(events)).toEqual([]);
    expect(await suite.booked()).toEqual([10, 0, 0]);
  });

  it('by bank debit waits until the money has come', async () => {
    const bought = await suite.buy(10, 'pm_usBankAccount_success');
    expect(await suite.follow(bought.events)).toEqual([]);
    expect(await suite.purchase(bought)).toMatchObject({ status: 'processing' });
    expect(await suite.booked()).toEqual([0, 0, 0]);
    suite.at().standIn.control.settlePayment(bought.intent, 'succeeded');
    const settled = suite.newEvents();
    expect(settled.map(({ type }) => type)).toContain('checkout.session.async_payment_succeeded');
    const last = settled.filter(({ type }) => type === 'checkout.session.async_payment_succeeded');
    expect(await suite.follow(last)).toEqual([]);
    expect(await suite.booked()).toEqual([10, 0, 0]);
  });

  it('by bank debit fails when the money does not come', async () => {
    const bought = await suite.buy(10, 'pm_usBankAccount_success');
    suite.at().standIn.control.settlePayment(bought.intent, 'failed');
    const failed = suite.newEvents().filter(({ type }) => type === 'checkout.session.async_payment_failed');
    expect(failed).toHaveLength(1);
    expect(await suite.follow(failed)).toEqual([]);
    expect(await suite.purchase(bought)).toMatchObject({ status: 'failed' });
    expect(await suite.follow(bought.events)).toEqual([]);
    expect(await suite.purchase(bought)).toMatchObject({ status: 'failed' });
    expect(await suite.booked()).toEqual([0, 0, 0]);
  });

  it('G10: never becomes one that has expired, whatever is told', async () => {
    const bought = await suite.boughtAndGranted();
    for (const type of ['checkout.session.expired', 'checkout.session.async_payment_failed']) {
      const session = { object: 'checkout.session', id: bought.sessionId, mode: 'payment', customer: null };
      const metadata = { userId: suite.buyer().userId, purchaseId: bought.id };
      expect(await suite.follow([suite.about(type, { ...session, metadata })])).toEqual([]);
    }
    expect(await suite.purchase(bought)).toMatchObject({ status: 'paid' });
    expect(await suite.booked()).toEqual([10, 0, 0]);
  });
});

describe('a page that is left', () => {
  it('G10: is not opened again by a decline that is heard of late', async () => {
    const begun = await suite.begin();
    const { customerId } = suite.buyer();
    const metadata = { userId: suite.buyer().userId, purchaseId: begun.id };
    const declined = await suite
      .stripe()
      .paymentIntents.create({ amount: 2_700, currency: 'usd', customer: customerId, metadata });
    suite.at().standIn.control.expireCheckout(begun.sessionId);
    await suite.followAll();
    expect(await suite.follow([suite.about('payment_intent.payment_failed', declined)])).toEqual([]);
    expect(await suite.purchase(begun)).toMatchObject({ status: 'expired' });
  });

  it('expires, and nothing is granted', async () => {
    const begun = await suite.begin();
    suite.at().standIn.control.expireCheckout(begun.sessionId);
    await suite.followAll();
    expect(await suite.purchase(begun)).toMatchObject({ status: 'expired' });
    expect(await suite.booked()).toEqual([0, 0, 0]);
  });
});

describe('a refund', () => {
  const refund = async (intent: string, amount?: number): Promise<Stripe.Refund> =>
    suite.stripe().refunds.create({ payment_intent: intent, ...(amount === undefined ? {} : { amount }) });

  it('takes the unspent credits back, in proportion and rounded down', async () => {
    const bought = await suite.boughtAndGranted();
    await refund(bought.intent, 1_349);
    await suite.followAll();
    expect(await suite.booked()).toEqual([6, 0, 4]);
    await refund(bought.intent, 1);
    await suite.followAll();
    expect(await suite.booked()).toEqual([5, 0, 5]);
    await refund(bought.intent);
    await suite.followAll();
    expect(await suite.booked()).toEqual([0, 0, 10]);
    expect(await suite.purchase(bought)).toMatchObject({
      status: 'paid',
      returnedCents: 2_700,
      creditsTaken: 10,
    });
  });

  it('G10: may be heard of before the grant', async () => {
    const { intent, events } = await suite.buy();
    await refund(intent, 1_350);
    const later = suite.newEvents().filter(({ type }) => type === 'charge.refunded');
    expect(await suite.follow(later)).toEqual([]);
    expect(await suite.booked()).toEqual([5, 0, 5]);
    expect(await suite.follow(events)).toEqual([]);
    expect(await suite.booked()).toEqual([5, 0, 5]);
  });

  it('leaves as owed what was spent, and the next purchase pays it', async () => {
    const { intent } = await suite.boughtAndGranted();
    await spend(7);
    await refund(intent);
    await suite.followAll();
    // Two of the seven were the plan's own.
    expect(await suite.booked()).toEqual([5, 5, 5]);
    await suite.boughtAndGranted(25);
    expect(await suite.booked()).toEqual([25, 0, 10]);
  });

  it('that fails gives back', async () => {
    const { intent } = await suite.boughtAndGranted();
    const { id } = await refund(intent);
    await suite.followAll();
    expect(await suite.booked()).toEqual([0, 0, 10]);
    suite.at().standIn.control.settleRefund(id, 'failed');
    const failed = suite.newEvents().filter(({ type }) => type === 'refund.failed');
    expect(await suite.follow(failed)).toEqual([]);
    expect(await suite.booked()).toEqual([10, 0, 0]);
  });

  it.each([
    ['charge.refunded', 'charge'],
    ['refund.updated', 'refund'],
    ['refund.failed', 'refund'],
    ['charge.dispute.created', 'dispute'],
    ['charge.dispute.funds_withdrawn', 'dispute'],
    ['charge.dispute.funds_reinstated', 'dispute'],
    ['charge.dispute.closed', 'dispute'],
  ])('G10: is heard of by %s alone, whatever that says itself', async (type, object) => {
    const { id: purchaseId, intent } = await suite.boughtAndGranted();
    await refund(intent);
    // A charge has what stands on its intent; refunds and disputes have not.
    const metadata = object === 'charge' ? { userId: suite.buyer().userId, purchaseId } : {};
    const told = { object, id: 'of_stripe', payment_intent: intent, metadata, status: 'succeeded' };
    expect(await suite.follow([suite.about(type, told)])).toEqual([]);
    expect(await suite.booked()).toEqual([0, 0, 10]);
  });

  it('that is a dispute in the currency of the bank counts as the whole', async () => {
    const { intent } = await suite.boughtAndGranted();
    // The stand-in knows dollars only.
    const elsewhere = suite.services(async (send) => {
      const body = (await (await send()).json()) as { url?: string };
      const data = [{ object: 'dispute', id: 'du_1', amount: 2_100, currency: 'gbp', status: 'lost' }];
      return Response.json(body.url === '/v1/disputes' ? { ...body, data } : body);
    });
    const told = { object: 'dispute', id: 'du_1', payment_intent: intent };
    expect(await suite.follow([suite.about('charge.dispute.closed', told)], elsewhere)).toEqual([]);
    expect(await suite.booked()).toEqual([0, 0, 10]);
  });

  it.each([
    ['refund that was called off', 'canceled', 'refund.updated'],
    ['dispute that was prevented', 'prevented', 'charge.dispute.closed'],
  ])('that is a %s gives back', async (_, status, type) => {
    const { intent } = await suite.boughtAndGranted();
    await refund(intent);
    await suite.followAll();
    expect(await suite.booked()).toEqual([0, 0, 10]);
    const isRefund = type === 'refund.updated';
    let lists = 0;
    // The stand-in can do neither: Stripe lists refunds, which are asked for first, and disputes.
    const undone = suite.services(async (send) => {
      const answer = await send();
      const body = (await answer.json()) as { object: string; url?: string };
      if (body.object !== 'list' || body.url === '/v1/checkout/sessions') {
        return Response.json(body);
      }
      lists += 1;
      const data =
        isRefund === (lists === 1)
          ? [{ object: 'refund', id: 'id_1', amount: 2_700, currency: 'usd', status }]
          : [];
      return Response.json({ ...body, data });
    });
    const told = { object: isRefund ? 'refund' : 'dispute', id: 'id_1', payment_intent: intent };
    expect(await suite.follow([suite.about(type, told)], undone)).toEqual([]);
    expect(lists).toBe(2);
    expect(await suite.booked()).toEqual([10, 0, 0]);
  });

  it('of a delivery or a subscription is not a purchase’s', async () => {
    const other = await suite.stripe().paymentIntents.create({
      amount: 300,
      currency: 'usd',
      customer: suite.buyer().customerId,
      payment_method: 'pm_card_visa',
      confirm: true,
      off_session: true,
      metadata: { userId: suite.buyer().userId, deliveryId: 'delivery-1' },
    });
    await refund(other.id);
    suite.at().standIn.control.openDispute({ paymentIntent: idOf(other), amount: 1 });
    const events = suite.newEvents();
    expect(events.map(({ type }) => type)).toContain('charge.refunded');
    expect(await suite.follow(events)).toEqual([]);
    expect(await suite.booked()).toEqual([0, 0, 0]);
    const reasons = (await suite.failed())
      .filter(({ id }) => events.some((event) => event.id === id))
      .map(({ reason }) => reason);
    // There is no such delivery.
    expect(new Set(reasons)).toEqual(new Set(['payment_mismatch']));
  });
});

describe('a dispute', () => {
  const open = (paymentIntent: string, order: object = {}): Stripe.Dispute =>
    suite.at().standIn.control.openDispute({ paymentIntent, ...order });

  it('takes at once, and gives back when it is won', async () => {
    const { intent } = await suite.boughtAndGranted();
    const { id } = open(intent);
    await suite.followAll();
    expect(await suite.booked()).toEqual([0, 0, 10]);
    suite.at().standIn.control.closeDispute(id, 'won');
    await suite.followAll();
    expect(await suite.booked()).toEqual([10, 0, 0]);
    const { data } = await suite.stripe().charges.list({ payment_intent: intent });
    expect(data.map(({ disputed }) => disputed)).toEqual([true]);
  });

  it('that is lost takes no more than it has taken', async () => {
    const { intent } = await suite.boughtAndGranted();
    const { id } = open(intent);
    await suite.followAll();
    suite.at().standIn.control.closeDispute(id, 'lost');
    await suite.followAll();
    expect(await suite.booked()).toEqual([0, 0, 10]);
  });

  it('that is an inquiry takes nothing until it becomes more', async () => {
    const { intent } = await suite.boughtAndGranted();
    const { id } = open(intent, { status: 'warning_needs_response' });
    await suite.followAll();
    expect(await suite.booked()).toEqual([10, 0, 0]);
    suite.at().standIn.control.progressDispute(id, 'needs_response');
    await suite.followAll();
    expect(await suite.booked()).toEqual([0, 0, 10]);
  });

  it('and a refund of the rest take everything once', async () => {
    const { intent } = await suite.boughtAndGranted();
    await suite.stripe().refunds.create({ payment_intent: intent, amount: 1_350 });
    open(intent, { amount: 2_700 });
    await suite.followAll();
    expect(await suite.booked()).toEqual([0, 0, 10]);
  });

  it('of what was spent is owed, and forgiven when it is won', async () => {
    const { intent } = await suite.boughtAndGranted();
    await spend(8);
    const { id } = open(intent);
    await suite.followAll();
    expect(await suite.booked()).toEqual([6, 6, 4]);
    suite.at().standIn.control.closeDispute(id, 'won');
    await suite.followAll();
    expect(await suite.booked()).toEqual([10, 0, 0]);
  });
});
