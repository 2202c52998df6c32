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
  const { credits } = account;
  const rest = left(credits);
  return {
    available: available(credits),
    included: rest.included,
    carried: sumLots(rest.lots),
    purchased: rest.purchased,
    owed: credits.owed,
    granted: credits.granted,
    used: credits.used,
    expired: credits.expired,
    takenBack: credits.takenBack,
    resetsAt: toIso(account.periodEnd),
  };
}
