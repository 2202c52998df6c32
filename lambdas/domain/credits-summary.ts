import { type Account } from './account.ts';
import { available, left, sumLots } from './credits.ts';
import { toIso } from './instants.ts';

/** Credits left by kind, and the lifetime counters. */
export interface CreditsSummary {
  available: number;
  included: number;
  carried: number;
  purchased: number;
  owed: number;
  granted: number;
  used: number;
  expired: number;
  takenBack: number;
  resetsAt: string;
}

export function getCreditsSummary(account: Account): CreditsSummary {
  const { owed, granted, used, expired, takenBack } = account.credits;
  const { included, lots, purchased } = left(account.credits);
  const kinds = { available: available(account.credits), included, carried: sumLots(lots), purchased };
  return {
    ...kinds,
    owed,
    granted,
    used,
    expired,
    takenBack,
    resetsAt: toIso(account.periodEnd),
  };
}
