/** The report on a month's mails and credits for the owner of the app, from the sums of the month's days. */
import { type Instant, utcDay } from '../../domain/instants.ts';
import { type CoreTotal, type Totals } from '../../domain/statistics.ts';
import { type LettersTotal } from './statistics.ts';

/** A share of a whole, and whether the owner should hear of it. The share of nothing is null. */
export interface Rate {
  value: number | null;
  threshold: number | null;
  isCrossed: boolean;
}

/** When a rate alerts: above so many percent of the whole, or below them. */
type Alert = { abovePercent: number } | { belowPercent: number };

const ALERTS = {
  creditUtilization: null,
  exhaustion: { abovePercent: 50 },
  payAsYouGoConversion: { belowPercent: 5 },
  failedPayments: { abovePercent: 2 },
  refunds: { abovePercent: 5 },
} as const satisfies Record<string, Alert | null>;

export interface MailReport {
  /** Mails that were sent: free with a credit, paid by card. */
  mails: { delivered: number; free: number; paid: number };
  /** What came in for mails and bundles in the month, less what went back in the month. */
  revenueCents: number;
  refundedCents: number;
  /** Disputes about mails: those that were opened in the month, and those that ended in it. */
  disputes: { opened: number; won: number; lost: number };
  /** The mean over the periods of Pro that ended in the month; null if none ended. */
  mailsPerProUser: number | null;
  rates: Record<keyof typeof ALERTS, Rate>;
}

/** Whether a month, such as `2026-11`, has begun. */
export function hasBegun(month: string, now: Instant): boolean {
  return month <= utcDay(now).slice(0, '2026-11'.length);
}

export function reportMails(totals: Totals): MailReport {
  const of = (name: CoreTotal | LettersTotal): number => totals[name] ?? 0;
  const [free, paid] = [of('creditMailsSent'), of('cardMailsSent')];
  const receivedCents = of('cardRevenueCents') + of('bundleRevenueCents');
  const refundedCents = of('cardRefundsCents') + of('bundleRefundsCents');
  const [used, left] = [of('periodCreditsUsed'), of('periodCreditsLeft')];
  const [exhausted, failed] = [of('exhaustedPeriods'), of('cardPaymentsFailed')];
  return {
    mails: { delivered: free + paid, free, paid },
    revenueCents: receivedCents - refundedCents,
    refundedCents,
    disputes: { opened: of('cardDisputes'), won: of('cardDisputesWon'), lost: of('cardDisputesLost') },
    mailsPerProUser: share(of('reportedPeriodMails'), of('reportedPeriods')),
    rates: {
      creditUtilization: rate(used, used + left, ALERTS.creditUtilization),
      exhaustion: rate(exhausted, of('creditPeriods'), ALERTS.exhaustion),
      payAsYouGoConversion: rate(of('convertedPeriods'), exhausted, ALERTS.payAsYouGoConversion),
      failedPayments: rate(failed, of('cardMails') + failed, ALERTS.failedPayments),
      refunds: rate(refundedCents, receivedCents, ALERTS.refunds),
    },
  };
}

/** Whole numbers decide, so that a threshold that is met exactly is not crossed. Any part of nothing is too much. */
function rate(part: number, whole: number, alert: Alert | null): Rate {
  const value = share(part, whole);
  if (alert === null) {
    return { value, threshold: null, isCrossed: false };
  }
  return 'abovePercent' in alert
    ? { value, threshold: alert.abovePercent / 100, isCrossed: part * 100 > whole * alert.abovePercent }
    : { value, threshold: alert.belowPercent / 100, isCrossed: part * 100 < whole * alert.belowPercent };
}

function share(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole;
}
