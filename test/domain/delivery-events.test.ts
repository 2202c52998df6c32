import { describe, expect, it } from '@jest/globals';
import {
  type CardPayment,
  type Delivery,
  type DeliveryLife,
  type DeliveryStatus,
} from '../../lambdas/letters/domain/deliveries.ts';
import { eventsOf } from '../../lambdas/letters/domain/events-of.ts';
import { HOUR_MS, toIso } from '../../lambdas/domain/instants.ts';
import { at } from '../support/accounts.ts';
import { deliveryWith, givenDispatch, givenLife, paidByCard } from '../support/delivery-lives.ts';
import { LETTERS } from '../support/catalogues.ts';

const NOW = at('2026-03-10T09:00Z');

function tell(before: Delivery | null, after: Delivery | null): [string, string, string, object][] {
  const events = eventsOf({ kind: 'delivery', userId: 'u1', at: NOW + 7, before, after }, LETTERS);
  return events.map(({ name, id, at: happenedAt, data }) => [name, id, happenedAt, data]);
}

function given(status: DeliveryStatus): Delivery {
  return deliveryWith({ deliverAt: NOW }, givenLife(status, NOW));
}

const ABOUT = { deliveryId: 'd1', letterId: 'l1', channel: 'mail' };

describe('what the steps of a delivery tell', () => {
  it.each<[DeliveryStatus, DeliveryStatus, string, string, object]>([
    ['scheduled', 'dispatched', 'DeliveryDue', 'd1:1', { attempt: 1, deliverAt: toIso(NOW) }],
    ['dispatched', 'sent', 'DeliverySent', 'd1', { sentAt: toIso(NOW), providerId: null }],
    ['dispatched', 'failed', 'DeliveryFailed', 'd1', { failedAt: toIso(NOW), failure: 'unanswered' }],
    ['sent', 'failed', 'DeliveryFailed', 'd1', { failedAt: toIso(NOW), failure: 'unanswered' }],
    ['scheduled', 'cancelled', 'DeliveryCancelled', 'd1', { cancelledAt: toIso(NOW) }],
  ])('from %s to %s: %s', (before, after, name, id, data) => {
    expect(tell(given(before), given(after))).toEqual([
      [name, `${name}:u1:${id}`, toIso(NOW), { ...ABOUT, ...data }],
    ]);
  });

  it('each attempt is due by itself, and what happens to it is not told', () => {
    const life = (about: Parameters<typeof givenDispatch>[0]): DeliveryLife => ({
      status: 'dispatched',
      dispatch: givenDispatch({ lastDispatchedAt: NOW, ...about }),
    });
    const first = deliveryWith({}, life({}));
    const claimed = deliveryWith({}, life({ claim: { id: 'c1', at: NOW }, providerId: 'p1' }));
    const second = deliveryWith({}, life({ attempts: 2, lastDispatchedAt: NOW + HOUR_MS }));
    expect(tell(first, claimed)).toEqual([]);
    expect(tell(claimed, second)).toMatchObject([
      ['DeliveryDue', 'DeliveryDue:u1:d1:2', toIso(NOW + HOUR_MS), { attempt: 2 }],
    ]);
  });

  it.each<[string, Delivery | null, Delivery | null]>([
    ['is waiting to be paid', null, given('pending_payment')],
    ['has appeared as sent', null, given('sent')],
    ['has vanished with its user', given('dispatched'), null],
    ['is paid no more', given('scheduled'), given('pending_payment')],
    ['is scheduled again', given('dispatched'), given('scheduled')],
    ['is the same', given('sent'), given('sent')],
  ])('nothing of one that %s', (_what, before, after) => {
    expect(tell(before, after)).toEqual([]);
  });
});

describe('what becomes of the payment of a delivery', () => {
  const byCard = (status: DeliveryStatus, life: Partial<DeliveryLife> = {}): Delivery =>
    deliveryWith(paidByCard(), { ...givenLife(status, NOW), ...life } as DeliveryLife);
  const paid = (
    status: DeliveryStatus,
    about: Partial<CardPayment>,
    life: Partial<DeliveryLife> = {},
  ): Delivery => deliveryWith(paidByCard(about), { ...givenLife(status, NOW), ...life } as DeliveryLife);
  const dispute = { since: NOW, nextLookAt: NOW + HOUR_MS };
  const unpaid = byCard('failed', { dispatch: null, failure: 'payment_declined' });
  const DATA = { deliveryId: 'd1', amountCents: 300, currency: 'usd', paymentIntentId: 'pi_1' };

  it.each<[string, Delivery, Delivery, string[], object]>([
    [
      'charged',
      byCard('pending_payment'),
      byCard('scheduled'),
      ['DeliveryScheduled', 'PaymentSucceeded'],
      DATA,
    ],
    [
      'declined',
      byCard('pending_payment'),
      unpaid,
      ['DeliveryFailed', 'PaymentFailed'],
      { ...DATA, failure: 'payment_declined' },
    ],
    [
      'charged too late',
      unpaid,
      byCard('failed', { dispatch: null, refund: 'needed' }),
      ['PaymentSucceeded'],
      DATA,
    ],
    [
      'charged after it was called off',
      byCard('cancelled', { refund: 'none' }),
      byCard('cancelled', { refund: 'needed' }),
      ['PaymentSucceeded'],
      DATA,
    ],
  ])('is told: %s', (_what, before, after, names, data) => {
    const told = tell(before, after);
    expect(told.map(([name]) => name)).toEqual(names);
    expect(told.at(-1)?.slice(1)).toEqual([`${names.at(-1) ?? ''}:u1:d1`, toIso(NOW + 7), data]);
  });

  it.each<[string, Delivery, Delivery, Record<string, number>]>([
    ['refunded in part', byCard('sent'), paid('sent', { refundedCents: 100 }), { PaymentRefunded: 100 }],
    [
      'refunded in full, the rest now',
      paid('scheduled', { refundedCents: 100 }),
      paid('cancelled', { refundedCents: 300 }, { refund: 'done' }),
      { DeliveryCancelled: 0, PaymentRefunded: 200 },
    ],
    ['in dispute', byCard('scheduled'), paid('scheduled', { dispute }), { PaymentDisputed: 300 }],
    [
      'charged, and in dispute at once',
      byCard('pending_payment'),
      paid('pending_payment', { dispute }),
      { PaymentSucceeded: 300, PaymentDisputed: 300 },
    ],
    [
      'won, and scheduled',
      paid('pending_payment', { dispute }),
      byCard('scheduled'),
      { DeliveryScheduled: 0, PaymentDisputeWon: 300 },
    ],
    [
      'lost',
      paid('scheduled', { dispute }),
      paid('cancelled', { lostCents: 300 }, { refund: 'done' }),
      { DeliveryCancelled: 0, PaymentDisputeLost: 300 },
    ],
    [
      'charged and refunded before Postage heard of it',
      byCard('pending_payment'),
      paid('cancelled', { refundedCents: 300 }, { refund: 'done' }),
      { DeliveryCancelled: 0, PaymentSucceeded: 300, PaymentRefunded: 300 },
    ],
    ['of a refund that has come back', paid('sent', { refundedCents: 100 }), byCard('sent'), {}],
  ])('is told: %s', (_what, before, after, amounts) => {
    const told = tell(before, after);
    expect(told.map(([name]) => name)).toEqual(Object.keys(amounts));
    for (const [name, id, , data] of told.filter(([name]) => name.startsWith('Payment'))) {
      expect(data).toEqual({ ...DATA, amountCents: amounts[name] });
      expect(id).toBe(name === 'PaymentSucceeded' ? `${name}:u1:d1` : `${name}:u1:d1:1`);
    }
  });

  it.each<[string, Delivery | null, Delivery | null]>([
    ['is made', null, byCard('pending_payment')],
    ['has noted its intent', byCard('pending_payment'), byCard('pending_payment')],
    ['is called off while pending', byCard('pending_payment'), byCard('cancelled', { refund: 'none' })],
    [
      'is cancelled, and has yet to be refunded',
      byCard('scheduled'),
      byCard('cancelled', { refund: 'needed' }),
    ],
    ['has vanished with its user', byCard('cancelled', { refund: 'needed' }), null],
  ])('is not told of one that %s', (_what, before, after) => {
    expect(tell(before, after).filter(([name]) => name.startsWith('Payment'))).toEqual([]);
  });
});
