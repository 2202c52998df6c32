import '../support/silent-functions.ts';
import { describe, expect, it } from '@jest/globals';
import { refundIfNeeded } from '../../lambdas/letters/commands/refund-delivery.ts';
import { addCredits } from '../../lambdas/commands/add-credits.ts';
import { type StepOutcome, takeStep } from '../../lambdas/letters/commands/take-step.ts';
import { eraseUser } from '../support/as-deployed.ts';
import { NotConfiguredError, StripeUnavailableError } from '../../lambdas/adapters/stripe/errors.ts';
import { cancelDelivery } from '../../lambdas/letters/domain/delivery-life.ts';
import { abandonPayment, noteIntent } from '../../lambdas/letters/domain/delivery-payment.ts';
import { DAY_MS, toIso } from '../../lambdas/domain/instants.ts';
import { usd } from '../../lambdas/domain/catalogue.ts';
import {
  askForMail,
  AWAY,
  deliveriesOf,
  expectOneCharge,
  givenPayer,
  onlyDelivery,
  type Payer,
  reconcileAt,
  usePayers,
} from '../support/pay-as-you-go.ts';
import { active } from '../support/accounts.ts';
import { plentyOfTime } from '../support/table.ts';
import { givenPlan, storedAccount } from '../support/users.ts';

const { suite, now, asking, intentsOf } = usePayers();

async function chargesOf({ customerId }: Payer): Promise<number> {
  const { data } = await suite.stripe().charges.list({ customer: customerId, limit: 100 });
  return data.filter(({ status }) => status === 'succeeded').length;
}

async function defaultCardOf({ customerId }: Payer): Promise<string> {
  const customer = await suite.stripe().customers.retrieve(customerId);
  const card = customer.deleted === true ? null : customer.invoice_settings.default_payment_method;
  return typeof card === 'object' ? (card?.id ?? '') : card;
}

/** Lets something happen after the account has refused a credit, and before a delivery is written that a card pays for. */
function betweenRefusalAndWrite(act: () => Promise<unknown>): () => boolean {
  let hasHappened = false;
  suite.proxy().inject(({ body }) => {
    if (hasHappened || !JSON.stringify(body).includes('pending_payment')) {
      return null;
    }
    hasHappened = true;
    return { fault: 'wait', until: act };
  });
  return () => hasHappened;
}

describe('a mail without a credit', () => {
  it('has on the statement of the card what the catalogue says', async () => {
    const payer = await givenPayer(suite);
    const services = suite.services();
    const checkout = { ...services.store.catalogue.checkout, statementDescriptor: 'LETTERS' };
    const catalogue = { ...services.store.catalogue, checkout };
    const { asked } = await askForMail(
      { ...services, store: { ...services.store, catalogue } },
      payer,
      asking(payer),
    );
    expect(asked).toBe('paid');
    const { data } = await suite.stripe().paymentIntents.list({ customer: payer.customerId });
    expect(data).toMatchObject([{ statement_descriptor_suffix: 'LETTERS' }]);
  });

  it('G9: is paid by card at the price of its plan, scheduled and counted', async () => {
    const payer = await givenPayer(suite);
    const { asked, delivery } = await askForMail(suite.services(), payer, asking(payer));
    expect(asked).toBe('paid');
    expect(delivery).toMatchObject({
      status: 'scheduled',
      paidWith: 'card',
      payment: {
        price: usd(300),
        customerId: payer.customerId,
        receiptUrl: expect.stringMatching(/^https:\/\//),
      },
    });
    const account = await storedAccount(suite.store(), payer.userId);
    expect(account).toMatchObject({
      meters: { mails: { used: 3, paid: 1 } },
      usesByDay: { 'mails:2026-03-10': 1 },
    });
    await expectOneCharge(suite, payer);
  });

  it('takes a credit that comes before the card is asked', async () => {
    const payer = await givenPayer(suite);
    const adjustment = { amount: 1, reason: 'a gift', actor: 'owner' };
    const happened = betweenRefusalAndWrite(() => addCredits(suite.store(), asking(payer), adjustment));
    expect((await askForMail(suite.services(), payer, asking(payer))).asked).toBe('paid_with_credit');
    expect([happened(), await intentsOf(payer)]).toEqual([true, []]);
  });
});

describe('a mail that cannot be paid by card', () => {
  it('is refused before anything is written where Stripe is not set up', async () => {
    const payer = await givenPayer(suite);
    const { store, stripe } = suite.services();
    const keys = (): never => {
      throw new NotConfiguredError('There are no keys.');
    };
    const asked = askForMail({ store, stripe: { ...stripe, keys } }, payer, asking(payer));
    await expect(asked).rejects.toThrow(NotConfiguredError);
    expect(await deliveriesOf(suite, payer)).toEqual([]);
    await expectOneCharge(suite, payer);
  });

  it('is refused where the plan has ended before the delivery was written', async () => {
    const payer = await givenPayer(suite);
    const happened = betweenRefusalAndWrite(() => givenPlan(suite.store(), payer.userId, null, now()));
    const { asked } = await askForMail(suite.services(), payer, asking(payer));
    expect([happened(), asked]).toEqual([true, 'plan_required']);
    expect(await deliveriesOf(suite, payer)).toEqual([]);
  });

  it('is priced anew where the plan has changed before the delivery was written', async () => {
    const payer = await givenPayer(suite);
    betweenRefusalAndWrite(async () => {
      const facts = active({ plan: 'enterprise', anchor: toIso(now() - DAY_MS) });
      await givenPlan(suite.store(), payer.userId, facts, now());
      const taken = { amount: -8, reason: 'a correction', actor: 'owner' };
      await addCredits(suite.store(), asking(payer), taken);
    });
    const { delivery } = await askForMail(suite.services(), payer, asking(payer));
    expect(delivery?.payment?.price).toEqual({ amountCents: 250, currency: 'usd' });
    await expectOneCharge(suite, payer);
  });
});

describe('a card that does not pay', () => {
  it('G9: that is declined ends the delivery, after its intent was cancelled', async () => {
    const payer = await givenPayer(suite, 'pm_card_chargeCustomerFail');
    const { asked, payment } = await askForMail(suite.services(), payer, asking(payer, 'one'));
    expect(asked).toBe('declined');
    expect(payment).toMatchObject({ declineCode: 'generic_decline' });
    expect(await onlyDelivery(suite, payer)).toMatchObject({ status: 'failed', failure: 'payment_declined' });
    const { data } = await suite.stripe().paymentIntents.list({ customer: payer.customerId });
    expect(data).toMatchObject([{ status: 'canceled' }]);
    await suite.followAll();
    // The same key answers the failed delivery; another one tries the card again.
    expect((await askForMail(suite.services(), payer, asking(payer, 'one'))).asked).toBe('ended');
    expect((await askForMail(suite.services(), payer, asking(payer, 'two'))).asked).toBe('declined');
    expect(await intentsOf(payer)).toHaveLength(2);
    await expectOneCharge(suite, payer);
  });

  it.each<[string, (payer: Payer) => Promise<unknown>]>([
    ['that is not there', () => Promise.resolve()],
    ['whose customer was deleted', ({ customerId }) => suite.stripe().customers.del(customerId)],
  ])('%s ends the delivery, and nobody is charged', async (_, before) => {
    const payer = await givenPayer(suite, null);
    await before(payer);
    expect((await askForMail(suite.services(), payer, asking(payer))).asked).toBe('no_card');
    const failed = { status: 'failed', failure: 'payment_method_missing', refund: 'none' };
    expect(await onlyDelivery(suite, payer)).toMatchObject(failed);
    expect(await intentsOf(payer)).toEqual([]);
  });

  it('is no bank account, which answers after days', async () => {
    const payer = await givenPayer(suite, 'pm_usBankAccount_success');
    expect((await askForMail(suite.services(), payer, asking(payer))).asked).toBe('no_card');
    expect(await chargesOf(payer)).toBe(0);
    await expectOneCharge(suite, payer);
  });

  it.each([
    ['of the subscription comes before the customer’s own', 'pm_card_chargeCustomerFail', 'pm_card_visa'],
    [
      'of the customer’s pays where a bank account pays the subscription',
      'pm_card_visa',
      'pm_usBankAccount_success',
    ],
  ])('%s', async (_, ofCustomer, ofSubscription) => {
    const payer = await givenPayer(suite, ofCustomer);
    const stripe = suite.stripe();
    const { customerId: customer } = payer;
    const { id: card } = await stripe.paymentMethods.attach('pm_card_visa', { customer });
    const { id } = await stripe.subscriptions.create({
      customer,
      items: [{ price: 'price_pro_month' }],
      default_payment_method: card,
    });
    const { id: method } = await stripe.paymentMethods.attach(ofSubscription, { customer });
    await stripe.subscriptions.update(id, { default_payment_method: method });
    await suite.followAll();
    const services = suite.services();
    // The subscription has brought its own credits.
    expect((await askForMail(services, payer, asking(payer))).asked).toBe('paid_with_credit');
    expect((await askForMail(services, payer, asking(payer))).asked).toBe('paid_with_credit');
    expect((await askForMail(services, payer, asking(payer))).asked).toBe('paid');
  });
});

describe('a card whose holder has to authenticate', () => {
  async function givenDialog(): Promise<{ payer: Payer; intentId: string }> {
    const payer = await givenPayer(suite, 'pm_card_authenticationRequired');
    const { asked, payment } = await askForMail(suite.services(), payer, asking(payer, payer.userId));
    expect(asked).toBe('action_required');
    const intentId = (await onlyDelivery(suite, payer)).payment?.intentId ?? '';
    expect(payment).toMatchObject({ clientSecret: expect.stringContaining(`${intentId}_secret`) });
    return { payer, intentId };
  }

  it('G9: leaves the delivery pending, whatever the events say, until they have', async () => {
    const { payer, intentId } = await givenDialog();
    await suite.followAll();
    expect(await onlyDelivery(suite, payer)).toMatchObject({ status: 'pending_payment' });
    const again = await askForMail(suite.services(), payer, asking(payer, payer.userId));
    expect(again.asked).toBe('action_required');
    suite.at().standIn.control.authenticate(intentId, true);
    await suite.followAll();
    expect(await onlyDelivery(suite, payer)).toMatchObject({ status: 'scheduled' });
    await expectOneCharge(suite, payer);
  });

  it('G9: ends the delivery when they refuse', async () => {
    const { payer, intentId } = await givenDialog();
    suite.at().standIn.control.authenticate(intentId, false);
    await suite.followAll();
    expect(await onlyDelivery(suite, payer)).toMatchObject({ status: 'failed', failure: 'payment_declined' });
    await expectOneCharge(suite, payer);
  });

  it('G9: is waited for a day, and then can pay no more', async () => {
    const { payer, intentId } = await givenDialog();
    await reconcileAt(suite, now() + DAY_MS - 1);
    expect(await onlyDelivery(suite, payer)).toMatchObject({ status: 'pending_payment' });
    await reconcileAt(suite, now() + DAY_MS);
    expect(await onlyDelivery(suite, payer)).toMatchObject({ status: 'failed', failure: 'payment_expired' });
    expect(() => suite.at().standIn.control.authenticate(intentId, true)).toThrow();
    await suite.followAll();
    await expectOneCharge(suite, payer);
  });

  it('G9: has paid when they did so unnoticed, a moment before the day was over', async () => {
    const { payer, intentId } = await givenDialog();
    suite.at().standIn.control.authenticate(intentId, true);
    const { outcomes } = await reconcileAt(suite, now() + DAY_MS);
    expect(outcomes.settled).toBeGreaterThanOrEqual(1);
    expect(await onlyDelivery(suite, payer)).toMatchObject({ status: 'scheduled' });
    await expectOneCharge(suite, payer);
  });
});

describe('many requests at once', () => {
  it('G9: with one key are one delivery, one intent and one charge', async () => {
    const payer = await givenPayer(suite);
    const asked = await Promise.allSettled(
      Array.from({ length: 10 }, () => askForMail(suite.services(), payer, asking(payer, 'one key'))),
    );
    // Requests that met another one at Stripe are told to come again.
    expect(asked.filter(({ status }) => status === 'fulfilled').length).toBeGreaterThan(0);
    expect((await askForMail(suite.services(), payer, asking(payer, 'one key'))).asked).toBe('paid');
    expect([await intentsOf(payer), await chargesOf(payer)]).toEqual([['succeeded'], 1]);
    await suite.followAll();
    await expectOneCharge(suite, payer);
  });

  it('G9: note the first intent that is made, also a day later, when Stripe has forgotten its key', async () => {
    const payer = await givenPayer(suite);
    const withoutStripe = suite.services(AWAY);
    await expect(askForMail(withoutStripe, payer, asking(payer))).rejects.toThrow(StripeUnavailableError);
    const seen = await onlyDelivery(suite, payer);
    expect(seen).toMatchObject({ status: 'pending_payment', payment: { intentId: null } });
    const context = { userId: payer.userId, id: seen.id, now: now(), deadline: plentyOfTime() };
    const note = async (intentId: string): Promise<StepOutcome> =>
      takeStep(suite.store(), context, (current) => noteIntent(current, intentId), seen);
    expect(await note('pi_first')).toMatchObject({ outcome: 'changed' });
    // A request that read the same goes on with what the other one noted.
    expect(await note('pi_second')).toMatchObject({
      outcome: 'unchanged',
      delivery: { payment: { intentId: 'pi_first' } },
    });
    expect(await onlyDelivery(suite, payer)).toMatchObject({ payment: { intentId: 'pi_first' } });
  });

  it('G1, G9: with twenty keys are ten charges, and ten mails in the day', async () => {
    const payer = await givenPayer(suite);
    const asked = await Promise.all(
      Array.from({ length: 20 }, () => askForMail(suite.services(), payer, asking(payer))),
    );
    const outcomes = asked.map((each) => each.asked).toSorted();
    expect(outcomes).toEqual([
      ...Array.from({ length: 10 }, () => 'paid'),
      ...Array.from({ length: 10 }, () => 'rate_limited'),
    ]);
    expect(await chargesOf(payer)).toBe(10);
    await expectOneCharge(suite, payer);
  });
});

describe('a charge that comes too late', () => {
  /** A delivery whose intent has been noted, and not confirmed, by a process that has died. */
  async function givenNoted(): Promise<Payer> {
    const payer = await givenPayer(suite);
    let noted = 0;
    // Stripe is asked for the subscription, the customer and the intent.
    const dying = suite.services((send) => {
      noted += 1;
      return noted > 3 ? new Response('{}', { status: 500 }) : send();
    });
    await expect(askForMail(dying, payer, asking(payer))).rejects.toThrow();
    return payer;
  }

  it('G9: is refunded', async () => {
    // Only somebody in the Dashboard can bring this about.
    const payer = await givenNoted();
    const delivery = await onlyDelivery(suite, payer);
    const intentId = delivery.payment?.intentId ?? '';
    expect(intentId).not.toBe('');
    await takeStep(
      suite.store(),
      { userId: payer.userId, id: delivery.id, now: now(), deadline: plentyOfTime() },
      (current) => abandonPayment(current, 'payment_expired', intentId, now()),
    );
    await suite.stripe().paymentIntents.confirm(intentId, {
      payment_method: await defaultCardOf(payer),
      off_session: true,
    });
    expect(await chargesOf(payer)).toBe(1);
    await suite.followAll();
    expect(await onlyDelivery(suite, payer)).toMatchObject({ status: 'failed', refund: 'done' });
    await suite.followAll();
    await expectOneCharge(suite, payer);
  });

  it('G9: is refunded by the reconciler where Stripe was away, and the refund had been made by hand', async () => {
    const payer = await givenPayer(suite);
    const { delivery } = await askForMail(suite.services(), payer, asking(payer));
    if (delivery === null) {
      throw new Error('It was paid.');
    }
    const context = { userId: payer.userId, id: delivery.id, now: now(), deadline: plentyOfTime() };
    const step = await takeStep(suite.store(), context, (current) => cancelDelivery(current, now()));
    const away = suite.services(AWAY);
    const cancelled = step.delivery ?? delivery;
    expect(await refundIfNeeded(away, context, cancelled)).toMatchObject({ refund: 'needed' });
    await suite.stripe().refunds.create({ payment_intent: delivery.payment?.intentId ?? '' });
    await reconcileAt(suite, now());
    expect(await onlyDelivery(suite, payer)).toMatchObject({ status: 'cancelled', refund: 'done' });
    await expectOneCharge(suite, payer);
  });

  it('G9: is refunded before its user’s records go', async () => {
    const payer = await givenPayer(suite);
    await askForMail(suite.services(), payer, asking(payer));
    const erase = (): Promise<{ outcome: string }> =>
      eraseUser(suite.store(), payer.userId, now(), plentyOfTime());
    expect([await erase(), await erase()]).toEqual([{ outcome: 'unfinished' }, { outcome: 'unfinished' }]);
    expect(await onlyDelivery(suite, payer)).toMatchObject({ status: 'cancelled', refund: 'needed' });
    await reconcileAt(suite, now());
    expect(await erase()).toEqual({ outcome: 'erased' });
    const { data } = await suite.stripe().charges.list({ customer: payer.customerId });
    expect(data).toMatchObject([{ refunded: true }]);
    await suite.followAll();
  });

  it('G9: for a user who was erased meanwhile is refunded', async () => {
    const payer = await givenPayer(suite, 'pm_card_authenticationRequired');
    await askForMail(suite.services(), payer, asking(payer));
    const intentId = (await onlyDelivery(suite, payer)).payment?.intentId ?? '';
    await eraseUser(suite.store(), payer.userId, now(), plentyOfTime());
    suite.at().standIn.control.authenticate(intentId, true);
    await suite.followAll();
    const { data } = await suite.stripe().charges.list({ payment_intent: intentId });
    expect(data.filter(({ status }) => status === 'succeeded')).toMatchObject([{ refunded: true }]);
  });
});
