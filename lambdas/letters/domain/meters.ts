/** The meters of the catalogue that the letters app uses, by name. A catalogue for it has to have them. */
import { type Account } from '../../domain/account.ts';
import { type Limit } from '../../domain/catalogue.ts';
import { leftOf, type LimitedCount, type MeterCount } from '../../domain/terms.ts';

export const METERS = ['letters', 'emails', 'mails'] as const;

export type Meter = (typeof METERS)[number];

/** What an account has counted of a meter. One that it does not know yet is not in its plan. */
export function countOf({ meters }: Pick<Account, 'meters'>, meter: Meter): MeterCount {
  return meters[meter] ?? { used: 0, limit: null, credits: 0, paid: 0 };
}

/** The limit as clients of the letters app know it: 0 for what is not in the plan. */
export function limitOf({ limit }: LimitedCount): Limit {
  return limit ?? 0;
}

/** What is left of a limit, and never less than nothing. */
export function remaining(count: LimitedCount): Limit {
  return count.limit === 'unlimited' ? 'unlimited' : Math.max(0, leftOf(count));
}
