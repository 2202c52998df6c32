import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  hasBegun,
  type MailReport,
  type Rate,
  reportMails,
} from '../../lambdas/letters/domain/mail-report.ts';
import { addTotals, type CoreTotal, type Totals } from '../../lambdas/domain/statistics.ts';
import { type LettersTotal } from '../../lambdas/letters/domain/statistics.ts';
import { at } from '../support/accounts.ts';

describe('the report of mails', () => {
  it('tells what was sent, what came in and how credits were used', () => {
    const report = reportMails({
      ...{ creditMailsSent: 70, cardMailsSent: 30 },
      ...{
        cardRevenueCents: 9_000,
        bundleRevenueCents: 2_700,
        cardRefundsCents: 300,
        bundleRefundsCents: 870,
      },
      ...{ reportedPeriods: 40, reportedPeriodMails: 50 },
      ...{ creditPeriods: 50, exhaustedPeriods: 20, convertedPeriods: 5 },
      ...{ periodCreditsUsed: 60, periodCreditsLeft: 40 },
      ...{ cardMails: 49, cardPaymentsFailed: 1 },
      ...{ cardDisputes: 3, cardDisputesWon: 1, cardDisputesLost: 2 },
    });
    expect(report).toEqual({
      mails: { delivered: 100, free: 70, paid: 30 },
      revenueCents: 10_530,
      refundedCents: 1_170,
      disputes: { opened: 3, won: 1, lost: 2 },
      mailsPerProUser: 1.25,
      rates: {
        creditUtilization: { value: 0.6, threshold: null, isCrossed: false },
        exhaustion: { value: 0.4, threshold: 0.5, isCrossed: false },
        payAsYouGoConversion: { value: 0.25, threshold: 0.05, isCrossed: false },
        failedPayments: { value: 0.02, threshold: 0.02, isCrossed: false },
        refunds: { value: 0.1, threshold: 0.05, isCrossed: true },
      },
    });
  });

  it('of a month without anything has zeros, and no rate of nothing', () => {
    const none = (threshold: number | null): Rate => ({ value: null, threshold, isCrossed: false });
    expect(reportMails({})).toEqual({
      mails: { delivered: 0, free: 0, paid: 0 },
      revenueCents: 0,
      refundedCents: 0,
      disputes: { opened: 0, won: 0, lost: 0 },
      mailsPerProUser: null,
      rates: {
        creditUtilization: none(null),
        exhaustion: none(0.5),
        payAsYouGoConversion: none(0.05),
        failedPayments: none(0.02),
        refunds: none(0.05),
      },
    });
  });

  it('says so where more went back than came in', () => {
    const report = reportMails({ cardRevenueCents: 300, cardRefundsCents: 600 });
    expect(report).toMatchObject({ revenueCents: -300, rates: { refunds: { value: 2, isCrossed: true } } });
  });

  it('counts a dispute that was won against what went back', () => {
    const report = reportMails({ bundleRevenueCents: 1_400, bundleRefundsCents: -1_400 });
    expect(report).toMatchObject({
      revenueCents: 2_800,
      rates: { refunds: { value: -1, isCrossed: false } },
    });
  });
});

describe('a threshold', () => {
  it.each<[keyof MailReport['rates'], Totals, boolean]>([
    ['exhaustion', { exhaustedPeriods: 500, creditPeriods: 1_000 }, false],
    ['exhaustion', { exhaustedPeriods: 501, creditPeriods: 1_000 }, true],
    ['payAsYouGoConversion', { convertedPeriods: 50, exhaustedPeriods: 1_000 }, false],
    ['payAsYouGoConversion', { convertedPeriods: 49, exhaustedPeriods: 1_000 }, true],
    ['payAsYouGoConversion', { convertedPeriods: 0, exhaustedPeriods: 1 }, true],
    ['failedPayments', { cardPaymentsFailed: 20, cardMails: 980 }, false],
    ['failedPayments', { cardPaymentsFailed: 21, cardMails: 979 }, true],
    ['failedPayments', { cardPaymentsFailed: 1 }, true],
    ['refunds', { cardRefundsCents: 50, cardRevenueCents: 1_000 }, false],
    ['refunds', { bundleRefundsCents: 51, cardRevenueCents: 1_000 }, true],
    ['refunds', { bundleRefundsCents: 1 }, true],
    ['refunds', { bundleRefundsCents: -1 }, false],
    ['creditUtilization', { periodCreditsUsed: 1 }, false],
    ['creditUtilization', { periodCreditsLeft: 1 }, false],
  ])('of %s with %j: crossed %s', (name, totals, isCrossed) => {
    expect(reportMails(totals).rates[name].isCrossed).toBe(isCrossed);
  });
});

describe('whatever was counted', () => {
  const count = fc.nat(1_000);
  /** As days count it: parts are no more than their wholes. */
  const totals = fc
    .record({
      ...{ creditMailsSent: count, cardMailsSent: count, cardMails: count, cardPaymentsFailed: count },
      ...{ cardRevenueCents: count, cardRefundsCents: count },
      ...{ bundleRevenueCents: count, bundleRefundsCents: count },
      ...{ creditPeriods: count, exhaustedPeriods: count, convertedPeriods: count },
      ...{ periodCreditsUsed: count, periodCreditsLeft: count },
      ...{ reportedPeriods: count, reportedPeriodMails: count },
    } satisfies Partial<Record<CoreTotal | LettersTotal, typeof count>>)
    .map((counts) => {
      const exhaustedPeriods = Math.min(counts.exhaustedPeriods, counts.creditPeriods);
      return {
        ...counts,
        exhaustedPeriods,
        convertedPeriods: Math.min(counts.convertedPeriods, exhaustedPeriods),
      };
    });

  it('adds up, and its shares of counts are shares', () => {
    fc.assert(
      fc.property(totals, (month) => {
        const { mails, revenueCents, refundedCents, rates } = reportMails(month);
        expect(mails.free + mails.paid).toBe(mails.delivered);
        expect(revenueCents + refundedCents).toBe(month.cardRevenueCents + month.bundleRevenueCents);
        const { refunds, ...ofCounts } = rates;
        for (const { value } of Object.values(ofCounts)) {
          expect(value ?? 0).toBeGreaterThanOrEqual(0);
          expect(value ?? 1).toBeLessThanOrEqual(1);
        }
        expect(refunds.isCrossed).toBe(refundedCents * 20 > revenueCents + refundedCents);
      }),
    );
  });

  it('of two like halves of a month is the same in shares, and twice the sums', () => {
    fc.assert(
      fc.property(totals, (half) => {
        const [one, both] = [reportMails(half), reportMails(addTotals(half, half))];
        expect(both.rates).toEqual(one.rates);
        expect(both.mailsPerProUser).toEqual(one.mailsPerProUser);
        expect([both.mails.delivered, both.revenueCents]).toEqual([
          2 * one.mails.delivered,
          2 * one.revenueCents,
        ]);
      }),
    );
  });
});

describe('a month', () => {
  it.each([
    ['2026-11', '2026-11-01', true],
    ['2026-12', '2026-11-30T23:59:59.999Z', false],
    ['2026-12', '2026-12-01', true],
    ['2027-01', '2026-12-31', false],
    ['1999-12', '2026-11-24', true],
  ])('%s at %s: %s', (month, now, begun) => {
    expect(hasBegun(month, at(now))).toBe(begun);
  });
});
