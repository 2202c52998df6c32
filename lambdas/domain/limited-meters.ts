import { type Account } from './account.ts';
import { available } from './credits.ts';
import { limitAsCount } from './terms.ts';

/** What the credits of a period are called beside its meters and levels. No meter may have that name. */
export const CREDITS = 'credits';

/** How much of a limit is used. */
export interface LimitedUse {
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
  const counts = [...Object.entries(account.meters), ...Object.entries(account.levels)];
  return [
    ...counts
      .filter(([, { limit }]) => limit !== 'unlimited')
      .map(([of, { used, limit }]) => ({ of, used, limit: limitAsCount(limit) })),
    { of: CREDITS, used: account.credits.usedThisPeriod, limit: creditsOfPeriod(account) },
  ];
}
