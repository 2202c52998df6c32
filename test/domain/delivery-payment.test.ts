import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Delivery, type DeliveryStatus } from '../../lambdas/letters/domain/deliveries.ts';
import {
  answerDelivery,
  cancelDelivery,
  dispatchDelivery,
  dueAtOf,
  effectsOf,
} from '../../lambdas/letters/domain/delivery-life.ts';
import {
  abandonPayment,
  callOffPayment,
  confirmPayment,
  intentOf,
  noteIntent,
  needsRefund,
  noteRefunded,
  paymentOf,
} from '../../lambdas/letters/domain/delivery-payment.ts';
import { DAY_MS } from '../../lambdas/domain/instants.ts';
import { type LifeDecision } from '../../lambdas/letters/domain/life-decisions.ts';
import { at } from '../support/accounts.ts';
import { deliveryWith, givenLife, paidByCard } from '../support/delivery-lives.ts';

const DUE = at('2026-03-10T09:00Z');
const TAKEN = { intentId: 'pi_1', receiptUrl: 'https://pay.stripe.com/receipts/1' };
const STATUSES = ['pending_payment', 'scheduled', 'dispatched', 'sent', 'failed', 'cancelled'] as const;

function given(status: DeliveryStatus, payment: Parameters<typeof paidByCard>[0] = {}): Delivery {
  return deliveryWith({ deliverAt: DUE, ...paidByCard(payment) }, givenLife(status, DUE));
}

/** What a decision comes to, in a word. */
function inAWord(decision: LifeDecision): string {
  switch (decision.outcome) {
    case 'changed':
      return `→ ${decision.delivery.status}`;
    case 'unchanged':
      return 'unchanged';
    case 'refused':
      return decision.refusal;
  }
}

function after(decision: LifeDecision): Delivery {
  if (decision.outcome !== 'changed') {
    throw new Error(`The step was not taken: ${JSON.stringify(decision)}`);
  }
  return decision.delivery;
}

describe('each step of a payment, from each state', () => {
  const ENDED = { failed: 'already_failed', cancelled: 'already_cancelled' };
  it.each<[string, (delivery: Delivery) => LifeDecision, Record<DeliveryStatus, string>]>([
    [
      'an intent that is made while there is one',
      (delivery) => noteIntent(delivery, 'pi_2'),
      {
        pending_payment: 'unchanged',
        scheduled: 'already_paid',
        dispatched: 'already_paid',
        sent: 'already_paid',
        ...ENDED,
      },
    ],
    [
      'a charge that has come',
      (delivery) => confirmPayment(delivery, TAKEN),
      {
        pending_payment: '→ scheduled',
        scheduled: 'unchanged',
        dispatched: 'unchanged',
        sent: 'unchanged',
        failed: '→ failed',
        cancelled: '→ cancelled',
      },
    ],
    [
      'a charge that never comes',
      (delivery) => abandonPayment(delivery, 'payment_declined', 'pi_1', DUE),
      {
        pending_payment: '→ failed',
        scheduled: 'already_paid',
        dispatched: 'already_paid',
        sent: 'already_paid',
        ...ENDED,
        failed: 'unchanged',
      },
    ],
    [
      'being called off before it is paid',
      (delivery) => callOffPayment(delivery, 'pi_1', DUE),
      {
        pending_payment: '→ cancelled',
        scheduled: 'already_paid',
        dispatched: 'already_paid',
        sent: 'already_paid',
        ...ENDED,
        cancelled: 'unchanged',
      },
    ],
    [
      'a refund where none is needed',
      noteRefunded,
      {
        pending_payment: 'payment_pending',
        scheduled: 'not_dispatched',
        dispatched: 'already_dispatched',
        sent: 'already_sent',
        failed: 'unchanged',
        cancelled: 'unchanged',
      },
    ],
  ])('%s', (_name, step, expected) => {
    const steps = STATUSES.map((status) => [status, inAWord(step(given(status)))]);
    expect(Object.fromEntries(steps)).toEqual(expected);
  });

  it.each(STATUSES)('of a delivery that is %s, and that no card pays for, is refused', (status) => {
    const delivery = deliveryWith({ deliverAt: DUE }, givenLife(status, DUE));
    const steps = [
      noteIntent(delivery, 'pi_1'),
      confirmPayment(delivery, TAKEN),
      abandonPayment(delivery, 'payment_declined', 'pi_1', DUE),
      callOffPayment(delivery, 'pi_1', DUE),
    ];
    expect(steps.map(inAWord)).toEqual(steps.map(() => 'not_paid_by_card'));
  });
});

describe('a payment', () => {
  it('G9: notes its first intent, and keeps it', () => {
    const noted = after(noteIntent(given('pending_payment', { intentId: null }), 'pi_1'));
    expect(noted).toMatchObject({ status: 'pending_payment', version: 2, payment: { intentId: 'pi_1' } });
    expect(noteIntent(noted, 'pi_2')).toEqual({ outcome: 'unchanged' });
  });

  it('G9: that has an intent ends unpaid only with the one that was cancelled', () => {
    const noted = given('pending_payment');
    for (const cancelled of [null, 'pi_2']) {
      expect(inAWord(abandonPayment(noted, 'payment_expired', cancelled, DUE))).toBe('payment_underway');
      expect(inAWord(callOffPayment(noted, cancelled, DUE))).toBe('payment_underway');
    }
    const failed = after(abandonPayment(noted, 'payment_expired', 'pi_1', DUE));
    expect(failed).toMatchObject({ failure: 'payment_expired', dispatch: null, refund: 'none' });
    const without = given('pending_payment', { intentId: null });
    expect(inAWord(abandonPayment(without, 'payment_expired', null, DUE))).toBe('→ failed');
  });

  it('counts its mail and keeps the receipt when it has come', () => {
    const pending = given('pending_payment');
    const paid = after(confirmPayment(pending, TAKEN));
    expect(paid).toEqual({ ...given('scheduled'), version: 2, payment: { ...pending.payment, ...TAKEN } });
    expect(effectsOf(pending, paid)).toEqual({ closesLetter: false, returnsCredit: false, countsMail: true });
  });

  it('G9: that comes after its delivery has ended is refunded, once', () => {
    const failed = after(abandonPayment(given('pending_payment'), 'payment_expired', 'pi_1', DUE));
    const charged = after(confirmPayment(failed, TAKEN));
    expect(charged).toMatchObject({ status: 'failed', failure: 'payment_expired', refund: 'needed' });
    expect(dueAtOf(charged)).toBe(DUE);
    expect(confirmPayment(charged, TAKEN)).toEqual({ outcome: 'unchanged' });
    expect(effectsOf(failed, charged)).toEqual({
      closesLetter: false,
      returnsCredit: false,
      countsMail: false,
    });
    const refunded = after(noteRefunded(charged));
    expect(refunded).toMatchObject({ status: 'failed', refund: 'done' });
    expect(confirmPayment(refunded, TAKEN)).toEqual({ outcome: 'unchanged' });
  });

  it('G9: has to be refunded when its delivery ends without being sent', () => {
    const FAILED = { attempt: 1, result: 'failed', failure: 'rejected' } as const;
    for (const ended of [
      after(cancelDelivery(given('scheduled'), DUE)),
      after(answerDelivery(given('dispatched'), FAILED, DUE)),
    ]) {
      expect(ended).toMatchObject({ refund: 'needed' });
      expect(needsRefund(ended)).toBe(true);
      const refunded = after(noteRefunded(ended));
      expect(refunded).toMatchObject({ refund: 'done', status: ended.status });
      expect(needsRefund(refunded)).toBe(false);
      expect(noteRefunded(refunded)).toEqual({ outcome: 'unchanged' });
      expect(effectsOf(given('scheduled'), ended).returnsCredit).toBe(false);
    }
  });
});

describe('any life of a payment', () => {
  it('G9: ends in a delivery or a refund exactly if the card was charged', () => {
    type Step = (delivery: Delivery, isCharged: boolean) => LifeDecision;
    const steps: Record<string, Step> = {
      note: (d) => noteIntent(d, 'pi_1'),
      // Stripe charges an intent only while it has not been cancelled, which comes before the delivery is given up.
      succeed: (d) => confirmPayment(d, TAKEN),
      giveUp: (d, isCharged) =>
        isCharged ? { outcome: 'unchanged' } : abandonPayment(d, 'payment_expired', 'pi_1', DUE),
      callOff: (d, isCharged) =>
        isCharged ? { outcome: 'unchanged' } : callOffPayment(d, 'pi_1', DUE - DAY_MS),
      cancel: (d) => cancelDelivery(d, DUE - DAY_MS),
      dispatch: (d) => dispatchDelivery(d, DUE),
      fail: (d) => answerDelivery(d, { attempt: 1, result: 'failed', failure: 'rejected' }, DUE),
      refund: noteRefunded,
    };
    const names = fc.array(fc.constantFrom(...Object.keys(steps)), { maxLength: 30, size: 'max' });
    fc.assert(
      fc.property(names, (taken) => {
        let delivery = given('pending_payment', { intentId: null });
        let isCharged = false;
        for (const name of taken) {
          isCharged ||= name === 'succeed';
          const decision = steps[name]?.(delivery, isCharged);
          delivery = decision?.outcome === 'changed' ? decision.delivery : delivery;
        }
        const isDelivered = ['scheduled', 'dispatched', 'sent'].includes(delivery.status);
        const isRefunded = 'refund' in delivery && delivery.refund !== 'none';
        expect(isDelivered || isRefunded).toBe(isCharged);
      }),
    );
  });
});

it('a delivery that no card pays for, or that has no intent yet, is never taken for one that has', () => {
  const unpaid = given('pending_payment', { intentId: null });
  expect([intentOf(given('scheduled', { intentId: 'pi_1' })), paymentOf(unpaid).intentId]).toEqual([
    'pi_1',
    null,
  ]);
  expect(() => intentOf(unpaid)).toThrow('has no intent');
  expect(() => paymentOf(deliveryWith())).toThrow('No card pays');
});
