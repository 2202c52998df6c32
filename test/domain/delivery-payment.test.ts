import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Delivery, type DeliveryStatus } from '../../lambdas/letters/domain/deliveries.ts';
import {
  answerDelivery,
  cancelDelivery,
  dispatchDelivery,
  dueAtOf,
  effectsOf,
  heldSinceOf,
} from '../../lambdas/letters/domain/delivery-life.ts';
import {
  abandonPayment,
  callOffPayment,
  type Charge,
  followCharge,
  intentOf,
  isUnpaidMail,
  noteIntent,
  needsRefund,
  paymentOf,
} from '../../lambdas/letters/domain/delivery-payment.ts';
import { DAY_MS } from '../../lambdas/domain/instants.ts';
import { ifStill, type LifeDecision } from '../../lambdas/letters/domain/life-decisions.ts';
import { at } from '../support/accounts.ts';
import { deliveryWith, givenCharge, givenLife, paidByCard } from '../support/delivery-lives.ts';

const DUE = at('2026-03-10T09:00Z');
const TAKEN = givenCharge({ receiptUrl: 'https://pay.stripe.com/receipts/1' });
const RETURNED = givenCharge({ refundedCents: 300 });
const DISPUTED = givenCharge({ disputedCents: 300 });
const STATUSES = ['pending_payment', 'scheduled', 'dispatched', 'sent', 'failed', 'cancelled'] as const;

function given(status: DeliveryStatus, payment: Parameters<typeof paidByCard>[0] = {}): Delivery {
  return deliveryWith({ deliverAt: DUE, ...paidByCard(payment) }, givenLife(status, DUE));
}

/** What a decision comes to, in a word. */
function inAWord(decision: LifeDecision): string {
  switch (decision.outcome) {
    case 'changed':
      return `→ ${decision.delivery.status}${heldSinceOf(decision.delivery) === null ? '' : ', held'}`;
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
      (delivery) => followCharge(delivery, TAKEN, DUE),
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
      'a charge that is in dispute',
      (delivery) => followCharge(delivery, DISPUTED, DUE),
      {
        pending_payment: '→ pending_payment, held',
        scheduled: '→ scheduled, held',
        dispatched: '→ dispatched',
        sent: '→ sent',
        failed: '→ failed',
        cancelled: '→ cancelled',
      },
    ],
    ...[RETURNED, givenCharge({ lostCents: 300 }), givenCharge({ refundedCents: 100, lostCents: 200 })].map(
      (charge): [string, (delivery: Delivery) => LifeDecision, Record<DeliveryStatus, string>] => [
        `a charge of which ${String(charge.refundedCents)} are refunded and ${String(charge.lostCents)} lost`,
        (delivery) => followCharge(delivery, charge, DUE),
        {
          pending_payment: '→ cancelled',
          scheduled: '→ cancelled',
          dispatched: '→ dispatched',
          sent: '→ sent',
          failed: '→ failed',
          cancelled: '→ cancelled',
        },
      ],
    ),
    [
      'a charge of which a part has gone back',
      (delivery) => followCharge(delivery, givenCharge({ refundedCents: 100, disputedCents: 199 }), DUE),
      {
        pending_payment: '→ scheduled',
        scheduled: '→ scheduled',
        dispatched: '→ dispatched',
        sent: '→ sent',
        failed: '→ failed',
        cancelled: '→ cancelled',
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
      followCharge(delivery, TAKEN, DUE),
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
    const paid = after(followCharge(pending, TAKEN, DUE));
    const { receiptUrl } = TAKEN;
    expect(paid).toEqual({ ...given('scheduled'), version: 2, payment: { ...pending.payment, receiptUrl } });
    expect(effectsOf(pending, paid)).toEqual({ closesLetter: false, returnsCredit: false, countsMail: true });
  });

  it('G9: that comes after its delivery has ended is refunded, once', () => {
    const failed = after(abandonPayment(given('pending_payment'), 'payment_expired', 'pi_1', DUE));
    const charged = after(followCharge(failed, TAKEN, DUE));
    expect(charged).toMatchObject({ status: 'failed', failure: 'payment_expired', refund: 'needed' });
    expect(dueAtOf(charged)).toBe(DUE);
    expect(followCharge(charged, TAKEN, DUE)).toEqual({ outcome: 'unchanged' });
    expect(effectsOf(failed, charged)).toEqual({
      closesLetter: false,
      returnsCredit: false,
      countsMail: false,
    });
    const refunded = after(followCharge(charged, RETURNED, DUE));
    expect(refunded).toMatchObject({ status: 'failed', refund: 'done' });
    expect(followCharge(refunded, RETURNED, DUE)).toEqual({ outcome: 'unchanged' });
  });

  it('G9: has to be refunded when its delivery ends without being sent', () => {
    const FAILED = { attempt: 1, result: 'failed', failure: 'rejected' } as const;
    for (const ended of [
      after(cancelDelivery(given('scheduled'), DUE)),
      after(answerDelivery(given('dispatched'), FAILED, DUE)),
    ]) {
      expect(ended).toMatchObject({ refund: 'needed' });
      expect(needsRefund(ended)).toBe(true);
      expect(followCharge(ended, TAKEN, DUE)).toEqual({ outcome: 'unchanged' });
      const refunded = after(followCharge(ended, RETURNED, DUE));
      expect(refunded).toMatchObject({ refund: 'done', status: ended.status });
      expect(needsRefund(refunded)).toBe(false);
      expect(effectsOf(given('scheduled'), ended).returnsCredit).toBe(false);
    }
  });
});

describe('a dispute', () => {
  it.each(['pending_payment', 'scheduled'] as const)(
    'G9: holds a mail that is %s until it is won',
    (status) => {
      const before = given(status);
      const held = after(followCharge(before, DISPUTED, DUE));
      expect(heldSinceOf(held)).toBe(DUE);
      expect(inAWord(dispatchDelivery(held, DUE + DAY_MS))).toBe(
        status === 'scheduled' ? 'payment_disputed' : 'payment_pending',
      );
      expect(inAWord(abandonPayment(held, 'payment_expired', 'pi_1', DUE))).toBe(
        status === 'scheduled' ? 'already_paid' : 'payment_underway',
      );
      // Stripe is asked once a day, in case an event was lost.
      expect(dueAtOf(held)).toBe(DUE + DAY_MS);
      expect(followCharge(held, DISPUTED, DUE + DAY_MS - 1)).toEqual({ outcome: 'unchanged' });
      const looked = after(followCharge(held, DISPUTED, DUE + DAY_MS));
      expect([heldSinceOf(looked), dueAtOf(looked)]).toEqual([DUE, DUE + 2 * DAY_MS]);

      const won = after(followCharge(looked, TAKEN, DUE + 3 * DAY_MS));
      expect([won.status, heldSinceOf(won), dueAtOf(won)]).toEqual(['scheduled', null, DUE]);
      expect(effectsOf(looked, won).countsMail).toBe(status === 'pending_payment');
      expect(inAWord(dispatchDelivery(won, DUE + 3 * DAY_MS))).toBe('→ dispatched');
    },
  );

  it('counts the mail where it ends without having been scheduled, as any mail that a card has paid for', () => {
    const pending = given('pending_payment');
    const held = after(followCharge(pending, DISPUTED, DUE));
    const cancelled = after(cancelDelivery(held, DUE));
    const lost = after(followCharge(held, givenCharge({ lostCents: 300 }), DUE + DAY_MS));
    const returned = after(followCharge(pending, RETURNED, DUE));
    const counts = [
      [pending, held],
      [held, cancelled],
      [held, lost],
      [pending, returned],
      [cancelled, after(followCharge(cancelled, RETURNED, DUE))],
    ] as const;
    expect(counts.map(([before, next]) => effectsOf(before, next).countsMail)).toEqual([
      false,
      true,
      true,
      true,
      false,
    ]);
  });

  it('G9: that is lost cancels the mail, and nothing is left to refund', () => {
    const held = after(followCharge(given('scheduled'), DISPUTED, DUE));
    const lost = after(followCharge(held, givenCharge({ lostCents: 300 }), DUE + DAY_MS));
    expect(lost).toMatchObject({ status: 'cancelled', cancelledAt: DUE + DAY_MS, refund: 'done' });
    expect(effectsOf(held, lost)).toEqual({ closesLetter: true, returnsCredit: false, countsMail: false });
  });

  it('G9: that is won after all, on appeal, leaves a refund to be made: its mail was cancelled', () => {
    const lost = after(followCharge(given('scheduled'), givenCharge({ lostCents: 300 }), DUE));
    const appealed = after(followCharge(lost, DISPUTED, DUE + DAY_MS));
    const won = after(followCharge(appealed, TAKEN, DUE + 2 * DAY_MS));
    expect([lost, appealed, won].map(({ status }) => status)).toEqual(Array(3).fill('cancelled'));
    expect(needsRefund(lost)).toBe(false);
    expect(needsRefund(won)).toBe(true);
    expect(after(followCharge(won, RETURNED, DUE + 3 * DAY_MS))).toMatchObject({ refund: 'done' });
  });

  it.each(['pending_payment', 'scheduled'] as const)(
    'G9: does not keep the user from cancelling; the refund waits (%s)',
    (status) => {
      const held = after(followCharge(given(status), DISPUTED, DUE));
      const cancelled = after(cancelDelivery(held, DUE));
      expect(cancelled).toMatchObject({ status: 'cancelled', refund: 'needed' });
      expect(followCharge(cancelled, DISPUTED, DUE + DAY_MS)).toEqual({ outcome: 'unchanged' });
      expect(after(followCharge(cancelled, givenCharge({ lostCents: 300 }), DUE))).toMatchObject({
        refund: 'done',
      });
    },
  );

  it('that is lost for a part ends the refund of a mail that was cancelled: Stripe refunds nothing more', () => {
    const cancelled = after(cancelDelivery(given('scheduled'), DUE));
    expect(after(followCharge(cancelled, givenCharge({ lostCents: 100 }), DUE))).toMatchObject({
      refund: 'done',
    });
  });

  it('leaves a mail alone that is on its way, and tells that nobody pays for it once it is lost', () => {
    for (const status of ['dispatched', 'sent'] as const) {
      const disputed = after(followCharge(given(status), DISPUTED, DUE));
      expect([disputed.status, heldSinceOf(disputed), isUnpaidMail(disputed)]).toEqual([status, null, false]);
      expect(isUnpaidMail(after(followCharge(disputed, givenCharge({ lostCents: 300 }), DUE)))).toBe(true);
    }
    expect(isUnpaidMail(after(followCharge(given('scheduled'), RETURNED, DUE)))).toBe(false);
    expect(isUnpaidMail(deliveryWith({}, givenLife('sent', DUE)))).toBe(false);
  });
});

describe('any life of a payment', () => {
  /** Stripe's side: what has been charged, and what has become of it. */
  interface AtStripe {
    isCharged: boolean;
    charge: Charge;
  }

  const left = ({ refundedCents, lostCents }: Charge): number => 300 - refundedCents - lostCents;
  const moves: Record<string, (charge: Charge) => Partial<Charge>> = {
    refundPart: (charge) =>
      charge.disputedCents > 0 || left(charge) < 100 ? {} : { refundedCents: charge.refundedCents + 100 },
    refundAll: (charge) =>
      charge.disputedCents > 0 ? {} : { refundedCents: charge.refundedCents + left(charge) },
    dispute: (charge) => ({ disputedCents: left(charge) }),
    win: () => ({ disputedCents: 0 }),
    lose: (charge) => ({ lostCents: charge.lostCents + charge.disputedCents, disputedCents: 0 }),
  };
  const steps: Record<string, (delivery: Delivery, stripe: AtStripe) => LifeDecision> = {
    note: (d) => noteIntent(d, 'pi_1'),
    follow: (d, { isCharged, charge }) =>
      isCharged ? followCharge(d, charge, DUE) : { outcome: 'unchanged' },
    // Stripe charges an intent only while it has not been cancelled, which comes before the delivery is given up.
    giveUp: (d, { isCharged }) =>
      isCharged ? { outcome: 'unchanged' } : abandonPayment(d, 'payment_expired', 'pi_1', DUE),
    callOff: (d, { isCharged }) =>
      isCharged ? { outcome: 'unchanged' } : callOffPayment(d, 'pi_1', DUE - DAY_MS),
    cancel: (d) => cancelDelivery(d, DUE - DAY_MS),
    dispatch: (d) => dispatchDelivery(d, DUE),
    fail: (d) => answerDelivery(d, { attempt: 1, result: 'failed', failure: 'rejected' }, DUE),
  };
  const anyLife = fc.array(fc.constantFrom('charge', ...Object.keys(steps), ...Object.keys(moves)), {
    maxLength: 40,
    size: 'max',
  });

  it('G9, G10: ends in a delivery or a refund exactly if the card was charged, and goes nowhere unpaid', () => {
    fc.assert(
      fc.property(anyLife, (taken) => {
        let delivery = given('pending_payment', { intentId: null });
        const stripe: AtStripe = { isCharged: false, charge: TAKEN };
        for (const name of [...taken, 'follow']) {
          stripe.isCharged ||= name === 'charge';
          if (stripe.isCharged) {
            stripe.charge = { ...stripe.charge, ...moves[name]?.(stripe.charge) };
          }
          const wasWaiting = ['pending_payment', 'scheduled'].includes(delivery.status);
          const decision = steps[name]?.(delivery, stripe);
          delivery = decision?.outcome === 'changed' ? decision.delivery : delivery;
          if (name === 'follow' && wasWaiting) {
            const isKept = left(stripe.charge) > stripe.charge.disputedCents;
            const isHeld = heldSinceOf(delivery) !== null;
            expect(isHeld).toBe(stripe.isCharged && !isKept && left(stripe.charge) > 0);
            expect(delivery.status === 'cancelled').toBe(stripe.isCharged && left(stripe.charge) === 0);
          }
        }
        const isDelivered = ['scheduled', 'dispatched', 'sent'].includes(delivery.status);
        const isRefunded = 'refund' in delivery && delivery.refund !== 'none';
        expect(isDelivered || isRefunded || heldSinceOf(delivery) !== null).toBe(stripe.isCharged);
        if (stripe.isCharged) {
          const { refundedCents, lostCents } = stripe.charge;
          expect(delivery.payment).toMatchObject({ refundedCents, lostCents });
        }
      }),
    );
  });
});

it('G10: what Stripe said of a delivery is written to no later version of it', () => {
  const seen = given('pending_payment');
  const follow = ifStill(seen, (current) => followCharge(current, DISPUTED, DUE));
  expect(inAWord(follow(seen))).toBe('→ pending_payment, held');
  expect(inAWord(follow({ ...seen, version: 2 }))).toBe('outdated');
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
