import '../support/silent-functions.ts';
import { describe, expect, it, jest } from '@jest/globals';
import type { Stripe } from 'stripe';
import { takeStep } from '../../lambdas/letters/commands/take-step.ts';
import { type Delivery } from '../../lambdas/letters/domain/deliveries.ts';
import { dispatchDelivery, heldSinceOf, reportDelivery } from '../../lambdas/letters/domain/delivery-life.ts';
import { intentOf } from '../../lambdas/letters/domain/delivery-payment.ts';
import { DAY_MS } from '../../lambdas/domain/instants.ts';
import {
  askForMail,
  expectOneCharge,
  givenPayer,
  onlyDelivery,
  type Payer,
  reconcileAt,
  usePayers,
} from '../support/pay-as-you-go.ts';
import { plentyOfTime } from '../support/table.ts';
import { storedAccount } from '../support/users.ts';

const { suite, now, asking } = usePayers();

interface Paid {
  payer: Payer;
  delivery: Delivery;
  intentId: string;
}

/** A mail for which a card has paid, in 30 days; Postage has heard of it all. */
async function givenPaid(): Promise<Paid> {
  const payer = await givenPayer(suite);
  await askForMail(suite.services(), payer, asking(payer));
  await suite.followAll();
  const delivery = await onlyDelivery(suite, payer);
  return { payer, delivery, intentId: intentOf(delivery) };
}

async function refund(intentId: string, amount?: number): Promise<void> {
  await suite
    .stripe()
    .refunds.create({ payment_intent: intentId, ...(amount === undefined ? {} : { amount }) });
}

function dispute(intentId: string, amount?: number): Stripe.Dispute {
  const asked = { paymentIntent: intentId, ...(amount === undefined ? {} : { amount }) };
  return suite.at().standIn.control.openDispute(asked);
}

function close({ id }: Stripe.Dispute, how: 'won' | 'lost'): void {
  suite.at().standIn.control.closeDispute(id, how);
}

/** The delivery after a day at which the reconciler has run. */
async function whenDue({ payer, delivery }: Paid): Promise<Delivery> {
  suite.at().moveTo(new Date(Math.max(now(), delivery.deliverAt) + DAY_MS).toISOString());
  await reconcileAt(suite, now());
  return onlyDelivery(suite, payer);
}

async function expectNothingToPrint(paid: Paid): Promise<void> {
  expect((await whenDue(paid)).status).toBe('cancelled');
  const { data } = await suite.stripe().refunds.list({ payment_intent: paid.intentId });
  expect(data.length).toBeLessThanOrEqual(1);
  await expectOneCharge(suite, paid.payer);
}

describe('a mail whose charge goes back', () => {
  it('G9: is cancelled when it is refunded in full by hand, and not refunded again', async () => {
    const paid = await givenPaid();
    await refund(paid.intentId);
    await suite.followAll();
    const delivery = await onlyDelivery(suite, paid.payer);
    expect(delivery).toMatchObject({
      status: 'cancelled',
      refund: 'done',
      payment: { refundedCents: 300, lostCents: 0 },
    });
    await expectNothingToPrint(paid);
  });

  it('G9: by two refunds, of which the first changes nothing but the books', async () => {
    const paid = await givenPaid();
    await refund(paid.intentId, 100);
    await suite.followAll();
    expect(await onlyDelivery(suite, paid.payer)).toMatchObject({
      status: 'scheduled',
      payment: { refundedCents: 100 },
    });
    await refund(paid.intentId, 200);
    await suite.followAll();
    expect(await onlyDelivery(suite, paid.payer)).toMatchObject({ status: 'cancelled', refund: 'done' });
  });

  it.each(['charge.refunded', 'payment_intent.succeeded'] as const)(
    'G9, G10: is cancelled if all is over before Postage hears of the payment, and counts as if it had heard in time (%s comes first)',
    async (first) => {
      const payer = await givenPayer(suite, 'pm_card_authenticationRequired');
      await askForMail(suite.services(), payer, asking(payer));
      const intentId = intentOf(await onlyDelivery(suite, payer));
      suite.at().standIn.control.authenticate(intentId, true);
      await refund(intentId);
      const events = suite.newEvents();
      expect(await suite.follow(events.filter(({ type }) => type === first))).toEqual([]);
      const delivery = await onlyDelivery(suite, payer);
      expect(delivery).toMatchObject({ status: 'cancelled', refund: 'done' });
      expect(await suite.follow(events)).toEqual([]);
      expect(await onlyDelivery(suite, payer)).toEqual(delivery);
      expect((await storedAccount(suite.store(), payer.userId)).meters).toMatchObject({ mails: { used: 3 } });
    },
  );

  it.each(['refunded', 'lost'] as const)(
    'G9, G12: is told of when the mail is on its way (%s)',
    async (how) => {
      const paid = await givenPaid();
      const context = {
        userId: paid.payer.userId,
        id: paid.delivery.id,
        now: now(),
        deadline: plentyOfTime(),
      };
      const due = paid.delivery.deliverAt;
      await takeStep(suite.store(), context, (current) => dispatchDelivery(current, due));
      const report = { providerId: 'p', result: 'sent' } as const;
      if (how === 'refunded') {
        await refund(paid.intentId);
      } else {
        await takeStep(suite.store(), context, (current) => reportDelivery(current, report, due));
        close(dispute(paid.intentId), 'lost');
      }
      const published: string[] = [];
      const figures = jest
        .spyOn(process.stdout, 'write')
        .mockImplementation((text) => published.push(String(text)) > 0);
      await suite.followAll();
      figures.mockRestore();
      expect(published).toContainEqual(expect.stringContaining('"DeliveriesUnpaid":1'));
      const delivery = await onlyDelivery(suite, paid.payer);
      expect(delivery).toMatchObject({
        status: how === 'refunded' ? 'dispatched' : 'sent',
        payment: how === 'refunded' ? { refundedCents: 300 } : { lostCents: 300 },
      });
    },
  );
});

describe('a mail whose charge is in dispute', () => {
  it('G9: is held when it is due, and goes on at once when the dispute is won', async () => {
    const paid = await givenPaid();
    const opened = dispute(paid.intentId);
    await suite.followAll();
    const since = heldSinceOf(await onlyDelivery(suite, paid.payer));
    expect(since).toBe(now());
    const held = await whenDue(paid);
    expect([held.status, heldSinceOf(held)]).toEqual(['scheduled', since]);
    close(opened, 'won');
    await suite.followAll();
    await reconcileAt(suite, now());
    expect((await onlyDelivery(suite, paid.payer)).status).toBe('dispatched');
  });

  it('G9: goes on though the event of the dispute’s end was lost', async () => {
    const paid = await givenPaid();
    const opened = dispute(paid.intentId);
    await suite.followAll();
    close(opened, 'won');
    expect(heldSinceOf(await whenDue(paid))).toBeNull();
    expect((await whenDue(paid)).status).toBe('dispatched');
  });

  it('G9: is cancelled when it is lost, and nothing is refunded', async () => {
    const paid = await givenPaid();
    const opened = dispute(paid.intentId);
    await suite.followAll();
    close(opened, 'lost');
    await suite.followAll();
    expect(await onlyDelivery(suite, paid.payer)).toMatchObject({
      status: 'cancelled',
      refund: 'done',
      payment: { lostCents: 300, refundedCents: 0, dispute: null },
    });
    expect((await whenDue(paid)).status).toBe('cancelled');
    const { data } = await suite.stripe().refunds.list({ payment_intent: paid.intentId });
    expect(data).toEqual([]);
  });

  it('G9: waits unscheduled if it is disputed before Postage hears of the payment', async () => {
    const payer = await givenPayer(suite, 'pm_card_createDispute');
    const { asked, delivery } = await askForMail(suite.services(), payer, asking(payer));
    expect([asked, delivery?.status]).toEqual(['pending', 'pending_payment']);
    await suite.followAll();
    suite.at().moveTo(new Date(now() + 2 * DAY_MS).toISOString());
    const { failures } = await reconcileAt(suite, now());
    expect(failures).toEqual([]);
    expect(await onlyDelivery(suite, payer)).toMatchObject({ status: 'pending_payment' });
    const { data } = await suite.stripe().disputes.list();
    suite.at().standIn.control.closeDispute(data[0]?.id ?? '', 'won');
    await suite.followAll();
    expect(await onlyDelivery(suite, payer)).toMatchObject({ status: 'scheduled' });
    await expectOneCharge(suite, payer);
  });

  it.each([
    ['an inquiry, which takes no money', { status: 'warning_needs_response' as const }],
    ['a part of it', { amount: 299 }],
  ])('is not held for %s', async (_, order) => {
    const paid = await givenPaid();
    suite.at().standIn.control.openDispute({ paymentIntent: paid.intentId, ...order });
    await suite.followAll();
    expect((await whenDue(paid)).status).toBe('dispatched');
  });

  it('G9, G10: is held by the newest that Stripe says, though an older answer is written later', async () => {
    const paid = await givenPaid();
    const [opened] = [dispute(paid.intentId)];
    const events = suite.newEvents();
    let hasOvertaken = false;
    // The first worker has its answer, `disputed`; before it writes, another one hears that the dispute was won.
    const slow = suite.services(async (send) => {
      const answer = await send();
      if (!hasOvertaken && answer.url.includes('/disputes')) {
        hasOvertaken = true;
        await suite.follow(events);
        close(opened, 'won');
        await suite.followAll();
      }
      return answer;
    });
    expect(
      await suite.follow(
        events.map((event) => ({ ...event, id: `${event.id}2` })),
        slow,
      ),
    ).toEqual([]);
    expect(hasOvertaken).toBe(true);
    expect(heldSinceOf(await onlyDelivery(suite, paid.payer))).toBeNull();
  });
});
