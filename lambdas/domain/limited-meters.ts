import { type Account } from './account.ts';
import { available } from './credits.ts';
import { limitAsCount, type LimitedCount } from './terms.ts';
import { type Limited } from './usage.ts';

/** What the credits of a period are called beside its meters and levels. No meter may have that name. */
export const CREDITS = 'credits';

/** How much of a limit is used. */
export interface LimitedUse {
  /** An id may have become a level, or a meter, while the account still has the other. */
  kind: Limited | 'credits';
  /** The meter, the level, or `credits`. */
  of: string;
  used: number;
  limit: number;
}

/** Credits that the period had to spend: those spent and those left. */
export function creditsOfPeriod(account: Account): number {
  return account.credits.usedThisPeriod + available(account.credits);
}

/** What the open period has used of each limit that is a number, and of its credits. Outside the plan the limit is 0. */
export function limitedUses(account: Account): LimitedUse[] {
  return [
    ...limitedBy('meters', account.meters),
    ...limitedBy('levels', account.levels),
    {
      kind: 'credits',
      of: CREDITS,
      used: account.credits.usedThisPeriod,
      limit: creditsOfPeriod(account),
    },
  ];
}

function limitedBy(kind: Limited, counts: Readonly<Record<string, LimitedCount>>): LimitedUse[] {
  return Object.entries(counts)
    .filter(([, { limit }]) => limit !== 'unlimited')
    .map(([of, { used, limit }]) => ({ kind, of, used, limit: limitAsCount(limit) }));
}
