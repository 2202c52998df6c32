import { type PastPeriod } from '../../domain/history.ts';
import { toIso } from '../../domain/instants.ts';

export interface HistoricalUsage {
  /** The instant at which the period began. */
  period: string;
  lettersCreated: number;
  emailsSent: number;
  mailsSent: number;
  mailCreditsUsed: number;
}

/** Closed periods in the letters app's own words. */
export function getUsageByPeriod(periods: readonly PastPeriod[]): HistoricalUsage[] {
  return periods.map(({ periodStart, used, creditsUsed }) => ({
    period: toIso(periodStart),
    lettersCreated: used['letters'] ?? 0,
    emailsSent: used['emails'] ?? 0,
    mailsSent: used['mails'] ?? 0,
    mailCreditsUsed: creditsUsed,
  }));
}
