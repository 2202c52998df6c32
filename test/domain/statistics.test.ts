import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type ClosedPeriod } from '../../lambdas/domain/account.ts';
import { type AnyChange } from '../../lambdas/letters/domain/changes.ts';
import { type RecordedMovement } from '../../lambdas/domain/changes.ts';
import {
  type Channel,
  type CardPayment,
  type Delivery,
  type DeliveryLife,
  type DeliveryStatus,
} from '../../lambdas/letters/domain/deliveries.ts';
import { DAY_MS, utcDay } from '../../lambdas/domain/instants.ts';
import {
  addTotals,
  type Counted,
  daysOf,
  judgeDayRange,
  monthsAndDaysOf,
  type Totals,
  usedOf,
} from '../../lambdas/domain/statistics.ts';
import { countedOf } from '../../lambdas/letters/domain/statistics.ts';
import { at } from '../support/accounts.ts';
import { givenDelivery } from '../support/deliveries.ts';
import { deliveryWith, givenDispatch, givenLife, paidByCard } from '../support/delivery-lives.ts';

const WRITTEN_AT = at('2026-02-12T00:00:00.000Z');
const about = { userId: 'user', at: WRITTEN_AT };
const createdAt = at('2026-02-09T23:59:59.999Z');
const LETTER = { id: 'l', title: '', createdAt, deletedAt: null };

const CONSUMPTION = {
  id: 'c',
  createdAt,
  consumed: { letters: 4, mails: 2 },
  released: {},
  credits: 2,
  levels: [],
  givenBackAt: null,
};
const GIVEN_BACK = { ...CONSUMPTION, givenBackAt: at('2026-02-10') };
const MOVEMENT: RecordedMovement = { id: 'm', at: createdAt, kind: 'purchase', amount: 5, source: '' };
const PERIOD: ClosedPeriod = {
  periodStart: 0,
  periodEnd: at('2026-02-01'),
  anchor: 0,
  plan: 'pro',
  meters: {
    letters: { used: 9, limit: 'unlimited', paid: 0 },
    mails: { used: 9, limit: 'unlimited', paid: 1 },
  },
  creditsPerPeriod: 2,
  creditsUsed: 3,
  creditsLeft: 2,
  purchasedOutstanding: 0,
  movements: [
    { kind: 'expiry', amount: -2, source: '' },
    { kind: 'allowance', amount: 2, source: '' },
    { kind: 'claw_back', amount: -1, source: '' },
  ],
};

describe('what counts', () => {
  const given = (status: DeliveryStatus, channel: Channel): Delivery =>
    givenDelivery(status, channel, '2026-02-09T23:59:59.999Z');

  it.each<[string, AnyChange, (Partial<Counted> & { totals: Totals }) | null]>([
    [
      'a letter, on the day it was written',
      { kind: 'letter', ...about, before: null, after: LETTER },
      { subject: 'letter:l', day: '2026-02-09', totals: { 'used:letters': 1 }, isUse: true },
    ],
    ['a deleted letter', { kind: 'letter', ...about, before: LETTER, after: LETTER }, null],
    ['erased usage', { kind: 'consumption', ...about, before: CONSUMPTION, after: null }, null],
    ['an erased line', { kind: 'movement', ...about, before: MOVEMENT, after: null }, null],
    ['a period that owes less', { kind: 'period', ...about, before: PERIOD, after: PERIOD }, null],
    ['an erased letter', { kind: 'letter', ...about, before: LETTER, after: null }, null],
    [
      'an e-mail',
      { kind: 'delivery', ...about, before: null, after: given('scheduled', 'email') },
      { subject: 'delivery:delivery-1', day: '2026-02-09', totals: { 'used:emails': 1 } },
    ],
    [
      'a mail that was paid later, on the day it was paid',
      {
        kind: 'delivery',
        ...about,
        before: given('pending_payment', 'mail'),
        after: given('scheduled', 'mail'),
      },
      { subject: 'delivery:delivery-1', day: '2026-02-12', totals: { 'used:mails': 1 } },
    ],
    [
      'a mail that waits for its payment',
      { kind: 'delivery', ...about, before: null, after: given('pending_payment', 'mail') },
      null,
    ],
    [
      'usage that a service counted',
      { kind: 'consumption', ...about, before: null, after: CONSUMPTION },
      { subject: 'usage:c', totals: { 'used:letters': 4, 'used:mails': 2 }, isUse: true },
    ],
    [
      'usage that was given back, off the day on which it came back',
      { kind: 'consumption', ...about, before: CONSUMPTION, after: GIVEN_BACK },
      {
        subject: 'given-back:c',
        day: '2026-02-10',
        totals: { 'used:letters': -4, 'used:mails': -2 },
        isUse: false,
      },
    ],
    [
      'usage that was touched',
      { kind: 'consumption', ...about, before: CONSUMPTION, after: CONSUMPTION },
      null,
    ],
    [
      'usage given back, and touched',
      { kind: 'consumption', ...about, before: GIVEN_BACK, after: GIVEN_BACK },
      null,
    ],
    [
      'a purchase',
      { kind: 'movement', ...about, before: null, after: MOVEMENT },
      { subject: 'movement:m', day: '2026-02-09', totals: { creditsGranted: 5 }, isUse: false },
    ],
    [
      'a closed period, on the day of its end',
      { kind: 'period', ...about, before: null, after: PERIOD },
      {
        subject: 'period:0',
        day: '2026-02-01',
        totals: {
          ...{ creditsExpired: 2, creditsGranted: 2, creditsTakenBack: 1 },
          ...{ creditPeriods: 1, periodCreditsUsed: 3, periodCreditsLeft: 2 },
          ...{ reportedPeriods: 1, reportedPeriodMails: 9 },
        },
        isUse: false,
      },
    ],
    ['an account', { kind: 'account', ...about, before: null, after: null }, null],
  ])('%s', (_, change, counted) => {
    const actual = countedOf(change);
    if (counted === null) {
      expect(actual).toBeNull();
    } else {
      expect(actual).toMatchObject({ userId: 'user', writtenAt: WRITTEN_AT, ...counted });
      expect(actual?.totals).toEqual(counted.totals);
    }
  });

  it('a use of a credit raises the total and a return lowers it', () => {
    const totals = [
      { kind: 'use' as const, amount: -3 },
      { kind: 'return' as const, amount: 1 },
    ].map((line) => {
      const after = { id: 'm', at: createdAt, source: '', ...line };
      return countedOf({ kind: 'movement', ...about, before: null, after })?.totals ?? {};
    });
    expect(totals.reduce(addTotals, {})).toEqual({ creditsUsed: 2 });
  });
});

it('what was used is told by meter', () => {
  expect(usedOf({ 'used:letters': 4, 'used:mails': -1, creditsUsed: 2 })).toEqual({ letters: 4, mails: -1 });
});

describe('what a period tells of credits', () => {
  const exhausted = { creditsUsed: 5, creditsLeft: 0 };
  const mailsPaid = (paid: number): ClosedPeriod['meters'] => ({
    mails: { used: 9, limit: 'unlimited', paid },
  });

  it.each<[string, Partial<ClosedPeriod>, Totals]>([
    ['nothing, where the plan gives none', { plan: 'none', creditsPerPeriod: 0, ...exhausted }, {}],
    [
      'of enterprise: the same, but that it is not Pro',
      { plan: 'enterprise' },
      { creditPeriods: 1, periodCreditsUsed: 3, periodCreditsLeft: 2 },
    ],
    [
      'of a mean for Pro, which has mails or not',
      { meters: {}, creditsUsed: 0, creditsLeft: 0 },
      { creditPeriods: 1, reportedPeriods: 1 },
    ],
    [
      'that all were used up',
      { plan: 'enterprise', ...exhausted, meters: mailsPaid(0) },
      { creditPeriods: 1, periodCreditsUsed: 5, exhaustedPeriods: 1 },
    ],
    [
      'that all were used up, and a card paid',
      { plan: 'enterprise', ...exhausted, meters: mailsPaid(2) },
      { creditPeriods: 1, periodCreditsUsed: 5, exhaustedPeriods: 1, convertedPeriods: 1 },
    ],
    [
      'that there was none to use up',
      { plan: 'enterprise', creditsUsed: 0, creditsLeft: 0, meters: mailsPaid(1) },
      { creditPeriods: 1 },
    ],
  ])('%s', (_, figures, totals) => {
    const after = { ...PERIOD, ...figures, movements: [] };
    const counted = countedOf({ kind: 'period', ...about, before: null, after });
    expect(counted?.totals).toEqual(totals);
  });
});

describe('mails that are sent', () => {
  const sentAt = createdAt;
  const lives = {
    dispatched: { status: 'dispatched', dispatch: givenDispatch() },
    sent: { status: 'sent', dispatch: givenDispatch(), sentAt },
    'came back': {
      status: 'failed',
      dispatch: givenDispatch(),
      failedAt: WRITTEN_AT,
      failure: 'returned',
      refund: 'needed',
    },
  } as const;
  type Life = keyof typeof lives;
  type Paid = Pick<Delivery, 'paidWith' | 'payment'>;
  const byCredit: Paid = { paidWith: 'credit', payment: null };

  it.each<[string, Paid, Life, Life, string | null, Totals]>([
    ['with a credit', byCredit, 'dispatched', 'sent', 'sent:d1', { creditMailsSent: 1 }],
    ['paid by card', paidByCard(), 'dispatched', 'sent', 'sent:d1', { cardMailsSent: 1 }],
    ['with a credit', byCredit, 'sent', 'came back', 'came-back:d1', { creditMailsSent: -1 }],
    ['paid by card', paidByCard(), 'sent', 'came back', 'came-back:d1', { cardMailsSent: -1 }],
    ['not before', byCredit, 'dispatched', 'dispatched', null, {}],
    ['once', byCredit, 'sent', 'sent', null, {}],
    ['and never were', byCredit, 'dispatched', 'came back', null, {}],
  ])('%s %j: %s, then %s', (_, paid, from, to, subject, totals) => {
    const change = countedOf({
      kind: 'delivery',
      ...about,
      before: deliveryWith(paid, lives[from]),
      after: deliveryWith(paid, lives[to]),
    });
    const counted = { subject, day: '2026-02-09', totals, isUse: false };
    expect(change).toEqual(subject === null ? null : expect.objectContaining(counted));
  });

  it('are mails, not e-mails, and are still there', () => {
    const before = deliveryWith({ channel: 'email', paidWith: 'none' }, lives.dispatched);
    const after = deliveryWith({ channel: 'email', paidWith: 'none' }, lives.sent);
    expect(countedOf({ kind: 'delivery', ...about, before, after })).toBeNull();
    const erased = deliveryWith({}, lives.sent);
    expect(countedOf({ kind: 'delivery', ...about, before: erased, after: null })).toBeNull();
  });
});

describe('ranges of days', () => {
  it.each([
    ['2026-02-10', '2026-02-10', 'accepted'],
    ['2026-02-10', '2026-02-09', 'reversed'],
    ['2016-11-25', '2026-11-24', 'accepted'],
    ['2016-03-01', '2026-02-28', 'accepted'],
    ['2016-02-28', '2026-03-01', 'longer_than_ten_years'],
  ])('%s to %s: %s', (first, last, expected) => {
    const decision = judgeDayRange({ first, last });
    expect(decision.outcome === 'refused' ? decision.reason : decision.outcome).toBe(expected);
  });

  it('are made up of whole months and the days that remain', () => {
    expect(monthsAndDaysOf({ first: '2024-01-30', last: '2024-04-02' })).toEqual([
      '2024-01-30',
      '2024-01-31',
      '2024-02',
      '2024-03',
      '2024-04-01',
      '2024-04-02',
    ]);
    expect(monthsAndDaysOf({ first: '2024-02-01', last: '2024-02-29' })).toEqual(['2024-02']);
    expect(monthsAndDaysOf({ first: '2024-02-01', last: '2024-02-28' })).toHaveLength(28);
  });

  it.each([
    ['2026-11', '2026-11-01', '2026-11-30'],
    ['2024-02', '2024-02-01', '2024-02-29'],
    ['2100-02', '2100-02-01', '2100-02-28'],
    ['2026-12', '2026-12-01', '2026-12-31'],
    ['0099-02', '0099-02-01', '0099-02-28'],
  ])('of the month %s are from %s to %s', (month, first, last) => {
    expect(daysOf(month)).toEqual({ first, last });
  });

  it('hold each of their days once, in at most 180 units', () => {
    const day = fc.integer({ min: 0, max: 20_000 });
    fc.assert(
      fc.property(day, fc.integer({ min: 0, max: 3_652 }), (start, length) => {
        const range = { first: utcDay(start * DAY_MS), last: utcDay((start + length) * DAY_MS) };
        const units = monthsAndDaysOf(range);
        const days = Array.from({ length: length + 1 }, (_, index) => utcDay((start + index) * DAY_MS));
        expect(days.map((each) => units.filter((unit) => each.startsWith(unit)).length)).not.toContain(0);
        expect(units.length).toBeLessThanOrEqual(180);
        const months = units.filter((unit) => unit.length === 7);
        const inMonths = days.filter((each) => months.includes(each.slice(0, 7))).length;
        expect(inMonths + units.length - months.length).toBe(days.length);
      }),
      { numRuns: 30 },
    );
  });
});

describe('what cards have paid', () => {
  const byCard = (life: DeliveryLife, intentId: string | null = 'pi_1'): Delivery =>
    deliveryWith({ createdAt, ...paidByCard({ intentId }) }, life);
  const paid = (life: DeliveryLife, about: Partial<CardPayment>): Delivery =>
    deliveryWith({ createdAt, ...paidByCard(about) }, life);
  const dispute = { since: createdAt, nextLookAt: createdAt };
  const pending = byCard({ status: 'pending_payment' });
  const sent = { ...givenLife('sent', createdAt) };
  const failed = { status: 'failed', dispatch: null, failedAt: createdAt, failure: 'f' } as const;
  const cancelled = { status: 'cancelled', cancelledAt: createdAt } as const;

  it.each<[string, Delivery | null, Delivery, object | null]>([
    ['a delivery that waits for its payment', null, pending, null],
    ['one that has noted its intent', pending, pending, null],
    [
      'one that has been paid',
      pending,
      byCard({ status: 'scheduled' }),
      {
        subject: 'delivery:d1',
        isUse: true,
        totals: { 'used:mails': 1, cardMails: 1, cardRevenueCents: 300 },
      },
    ],
    [
      'one that was declined',
      pending,
      byCard({ ...failed, refund: 'none' }),
      { subject: 'payment:d1:1', isUse: false, totals: { cardPaymentsFailed: 1 } },
    ],
    ['one without a card', pending, byCard({ ...failed, refund: 'none' }, null), null],
    [
      'a charge that came too late',
      byCard({ ...failed, refund: 'none' }),
      byCard({ ...failed, refund: 'needed' }),
      { subject: 'payment:d1:1', isUse: false, totals: { cardRevenueCents: 300 } },
    ],
    ['a cancellation', byCard({ status: 'scheduled' }), byCard({ ...cancelled, refund: 'needed' }), null],
    [
      'a refund',
      byCard({ ...cancelled, refund: 'needed' }),
      paid({ ...cancelled, refund: 'done' }, { refundedCents: 300 }),
      { subject: 'payment:d1:1', isUse: false, totals: { cardRefunds: 1, cardRefundsCents: 300 } },
    ],
    [
      'a refund of a part, of a mail that was sent',
      paid(sent, { refundedCents: 100 }),
      paid(sent, { refundedCents: 250 }),
      { isUse: false, totals: { cardRefunds: 1, cardRefundsCents: 150 } },
    ],
    [
      'a refund that has come back from the bank',
      paid(sent, { refundedCents: 100 }),
      byCard(sent),
      { totals: { cardRefunds: -1, cardRefundsCents: -100 } },
    ],
    [
      'a charge that was refunded before Postage heard of it',
      pending,
      paid({ ...cancelled, refund: 'done' }, { refundedCents: 200, lostCents: 100 }),
      {
        totals: { cardRevenueCents: 300, cardRefunds: 1, cardDisputesLost: 1, cardRefundsCents: 300 },
      },
    ],
    [
      'a charge that is in dispute from the start',
      pending,
      paid({ status: 'pending_payment' }, { dispute }),
      { isUse: false, totals: { cardRevenueCents: 300, cardDisputes: 1 } },
    ],
    [
      'one that was held, and is scheduled',
      paid({ status: 'pending_payment' }, { dispute }),
      byCard({ status: 'scheduled' }),
      {
        subject: 'delivery:d1',
        isUse: true,
        totals: { 'used:mails': 1, cardMails: 1, cardDisputesWon: 1 },
      },
    ],
    [
      'a dispute that was lost',
      paid({ status: 'scheduled' }, { dispute }),
      paid({ ...cancelled, refund: 'done' }, { lostCents: 300 }),
      { totals: { cardDisputesLost: 1, cardRefundsCents: 300 } },
    ],
  ])('%s', (_, before, after, counted) => {
    const change = countedOf({ kind: 'delivery', ...about, before, after });
    expect(change).toEqual(counted === null ? null : expect.objectContaining({ ...counted }));
    expect(change?.day ?? '2026-02-12').toBe('2026-02-12');
  });
});
