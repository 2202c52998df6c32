import '../support/silent-functions.ts';
import { describe, expect, it } from '@jest/globals';
import type { Stripe } from 'stripe';
import { askForMail, givenPayer, onlyDelivery, usePayers } from '../support/pay-as-you-go.ts';
import { eventAbout } from '../support/payments.ts';

const { suite, now, asking } = usePayers();

describe('an event about a payment', () => {
  async function expectMismatch(event: Stripe.Event, services = suite.services()): Promise<void> {
    expect(await suite.follow([event], services)).toEqual([]);
    expect(await suite.failed()).toContainEqual(
      expect.objectContaining({ id: event.id, reason: 'payment_mismatch' }),
    );
  }

  it.each<[string, object]>([
    ['another sum', { amount: 299 }],
    ['another currency', { currency: 'eur' }],
    ['another customer', { customer: 'cus_other' }],
    ['another intent', { id: 'pi_other' }],
  ])('G12: about %s than was asked for is kept, and grants nothing', async (_, change) => {
    const payer = await givenPayer(suite, 'pm_card_authenticationRequired');
    await askForMail(suite.services(), payer, asking(payer));
    const { id, payment } = await onlyDelivery(suite, payer);
    const intent = await suite.stripe().paymentIntents.retrieve(payment?.intentId ?? '');
    expect(intent.metadata).toEqual({ userId: payer.userId, deliveryId: id });
    const charge = { currency: 'usd', amount_refunded: 0, disputed: false, receipt_url: null };
    const paid = Object.assign({}, intent, { status: 'succeeded', latest_charge: charge }, change);
    const event = eventAbout('payment_intent.succeeded', paid, now());
    await expectMismatch(
      event,
      suite.services(() => Response.json(paid)),
    );
    expect(await onlyDelivery(suite, payer)).toMatchObject({ status: 'pending_payment' });
  });

  it('G12: about a delivery that is not there is kept, and refunds nothing', async () => {
    const payer = await givenPayer(suite);
    const paid = await suite.stripe().paymentIntents.create({
      amount: 300,
      currency: 'usd',
      customer: payer.customerId,
      metadata: { userId: payer.userId, deliveryId: 'nowhere' },
      payment_method: 'pm_card_visa',
      confirm: true,
      off_session: true,
    });
    await expectMismatch(eventAbout('payment_intent.succeeded', paid, now()));
    const { data } = await suite.stripe().charges.list({ payment_intent: paid.id });
    expect(data.map(({ refunded }) => refunded)).toEqual([false]);
  });

  it.each<[string, object]>([
    ['is no delivery’s', { metadata: {} }],
    ['names a user that is none', { metadata: { userId: 'a#b', deliveryId: 'd' } }],
  ])('that %s changes nothing', async (_, object) => {
    const event = eventAbout(
      'payment_intent.succeeded',
      { object: 'payment_intent', id: 'pi_none', ...object },
      now(),
    );
    expect(await suite.follow([event])).toEqual([]);
    expect(await suite.failed()).not.toContainEqual(expect.objectContaining({ id: event.id }));
  });

  it.each(['payment_intent.succeeded', 'refund.failed'])(
    'G12: that another Stripe knows comes again, until the keys are right (%s)',
    async (type) => {
      const metadata = { userId: 'somebody', deliveryId: 'd' };
      const told =
        type === 'refund.failed'
          ? { object: 'refund', id: 're_none', payment_intent: 'pi_none' }
          : { object: 'payment_intent', id: 'pi_none', metadata };
      expect(await suite.follow([eventAbout(type, told, now())])).toEqual([type]);
    },
  );
});
