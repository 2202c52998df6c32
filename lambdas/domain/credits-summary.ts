import { type Account, endingOf } from './account.ts';
import { available, left } from './credits.ts';
import { type Lots, sumLots } from './lots.ts';
import { toIso } from './instants.ts';
import { boundaryAfter } from './periods.ts';

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
  /** The carried credits that are left, and when each part of them expires: the next first. */
  lots: { credits: number; expiresAt: string }[];
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
    lots: lotsLeft(account, lots),
    resetsAt: toIso(account.periodEnd),
  };
}

/** The oldest lot expires with the open period and each younger one a boundary later, but all of them when the plan ends. */
function lotsLeft({ anchor, periodEnd, subscription }: Account, lots: Lots): CreditsSummary['lots'] {
  const endsAt = endingOf(subscription) ?? Infinity;
  let boundary = periodEnd;
  return lots.flatMap((credits) => {
    const expiresAt = toIso(Math.min(boundary, endsAt));
    boundary = boundaryAfter(anchor, boundary);
    return credits === 0 ? [] : [{ credits, expiresAt }];
  });
}
