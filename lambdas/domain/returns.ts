import { type Account, type AccountChange, type ClosedPeriod } from './account.ts';
import { type Catalogue } from './catalogue.ts';
import { type CreditReturn, returnCredit } from './credits.ts';
import { type Instant } from './instants.ts';
import { rollForward } from './roll-forward.ts';

/** As much of a stored period as a return needs. */
export type StoredPeriod = Pick<ClosedPeriod, 'periodStart' | 'periodEnd' | 'purchasedOutstanding'>;

export interface ReturnChange extends AccountChange {
  returnedAs: CreditReturn['returnedAs'];
  /** The start of the stored period that owed this credit and now owes one less; null when none does. */
  repaidPeriod: Instant | null;
}

/**
 * Gives the credit of a failed or cancelled delivery back (G11). Rolls forward first: a period that the same write
 * closes is a closed one, and what it owes less is folded into its item; of a stored one, `repaidPeriod` tells it.
 *
 * @param spentAt when the credit was counted
 * @param stored the stored period that holds `spentAt`; null when there is none
 */
export function returnToAccount(
  account: Account,
  spentAt: Instant,
  stored: StoredPeriod | null,
  now: Instant,
  source: string,
  catalogue: Catalogue,
): ReturnChange {
  const rolled = rollForward(account, now, catalogue);
  const justClosed = rolled.closed.find((period) => holds(period, spentAt));
  const spentIn = justClosed ?? (stored !== null && holds(stored, spentAt) ? stored : null);
  const { credits, movements, returnedAs } = returnCredit(
    rolled.account.credits,
    spentAt >= rolled.account.periodStart
      ? { period: 'open' }
      : { period: 'closed', purchasedOutstanding: spentIn?.purchasedOutstanding ?? 0 },
    source,
  );
  const repaid = returnedAs === 'purchased' ? spentIn : null;
  return {
    account: { ...rolled.account, credits },
    closed: rolled.closed.map((period) =>
      period === repaid ? { ...period, purchasedOutstanding: period.purchasedOutstanding - 1 } : period,
    ),
    movements: [...rolled.movements, ...movements],
    returnedAs,
    repaidPeriod: repaid === null || repaid === justClosed ? null : repaid.periodStart,
  };
}

function holds(period: StoredPeriod, instant: Instant): boolean {
  return period.periodStart <= instant && instant < period.periodEnd;
}
