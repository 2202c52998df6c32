import { type Account, type AccountChange, type ClosedPeriod } from './account.ts';
import { type Catalogue } from './catalogue.ts';
import {
  type CreditReturn,
  type Credits,
  type Movement,
  type ReturnCause,
  returnCredit,
  type SpentIn,
} from './credits.ts';
import { lotsUnder } from './lots.ts';
import { type Instant } from './instants.ts';
import { rollForward } from './roll-forward.ts';
import { withholdUnlessPaid } from './withheld.ts';

/** As much of a stored period as a return needs. */
export type StoredPeriod = Pick<ClosedPeriod, 'periodStart' | 'periodEnd' | 'purchasedOutstanding'>;

/** Credits that come back. */
export interface Returned {
  count: number;
  /** When they were counted. */
  spentAt: Instant;
  because: ReturnCause['because'];
  source: string;
}

export interface ReturnChange extends AccountChange {
  /** In turn, as they came back. */
  returnedAs: readonly CreditReturn['returnedAs'][];
  /** A stored period that owed some of the credits, and how many it owes from now on; null: none did. */
  repaid: Pick<StoredPeriod, 'periodStart' | 'purchasedOutstanding'> | null;
}

/**
 * Gives credits back, since what they paid for has failed or its user has cancelled it (G11). Rolls forward first: a period
 * that the same write closes is a closed one, and what it owes less is folded into its item; of a stored one, `repaid`
 * tells it.
 *
 * @param stored the stored period that holds `spentAt`; null when there is none
 */
export function returnToAccount(
  account: Account,
  { count, spentAt, because, source }: Returned,
  stored: StoredPeriod | null,
  now: Instant,
  catalogue: Catalogue,
): ReturnChange {
  const rolled = rollForward(account, now, catalogue);
  const justClosed = rolled.closed.find((period) => holds(period, spentAt));
  const spentIn = justClosed ?? (stored !== null && holds(stored, spentAt) ? stored : null);
  const isOpen = spentAt >= rolled.account.periodStart;
  const cause: ReturnCause =
    because === 'failed' ? { because } : { because, allowed: unspentAllowed(rolled.account) };
  let returned = because === 'failed' ? rolled.account.credits : withOldestLot(rolled.account);
  let purchasedOutstanding = spentIn?.purchasedOutstanding ?? 0;
  const movements: Movement[] = [];
  const returnedAs: CreditReturn['returnedAs'][] = [];
  // In few steps, and lines of the ledger, however many they are.
  for (let rest = count; rest > 0;) {
    const from: SpentIn = isOpen ? { period: 'open' } : { period: 'closed', purchasedOutstanding };
    const back = returnCredit(returned, from, cause, source, rest);
    returned = back.credits;
    movements.push(...back.movements);
    returnedAs.push(back.returnedAs);
    purchasedOutstanding -= back.returnedAs === 'purchased' ? back.count : 0;
    rest -= back.count;
  }
  const { credits, movements: withheld } = withholdUnlessPaid(rolled.account.subscription, source)(returned);
  movements.push(...withheld);
  const isRepaid = returnedAs.includes('purchased');
  return {
    account: { ...rolled.account, credits },
    closed: rolled.closed.map((period) =>
      period === justClosed && isRepaid ? { ...period, purchasedOutstanding } : period,
    ),
    movements: [...rolled.movements, ...movements],
    returnedAs,
    repaid:
      isRepaid && justClosed === undefined && spentIn !== null
        ? { periodStart: spentIn.periodStart, purchasedOutstanding }
        : null,
  };
}

/** The most carried, included and withheld credits that the plan leaves an account. */
function unspentAllowed({ creditsPerPeriod, carryOver }: Account): number {
  return creditsPerPeriod + (carryOver?.cap ?? 0);
}

/** The first period under a plan may hold fewer lots than the plan carries. */
function withOldestLot({ credits, carryOver }: Account): Credits {
  return { ...credits, lots: lotsUnder(credits.lots, carryOver) };
}

function holds(period: StoredPeriod, instant: Instant): boolean {
  return period.periodStart <= instant && instant < period.periodEnd;
}
