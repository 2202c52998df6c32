import { type Limit, type Price } from './catalogue.ts';
import { type Instant } from './instants.ts';

/**
 * Why an account does not allow a command: an answer, not an error of ours. Where several hold, the one that stands
 * first here is given (`decideUse`), and of several meters the one that stands first in the catalogue. A limit that only
 * time can lift comes before one that money can, so that nobody is asked to pay for what would be refused all the same.
 */
export type Refusal =
  | { refusal: 'account_erased' }
  /** The meter or level is not in the user's plan. */
  | { refusal: 'plan_required'; meter: string; upgradeTo: string | null }
  | {
      refusal: 'quota_exceeded';
      meter: string;
      limit: Limit;
      used: number;
      /** Null for a level, which no time resets. */
      resetsAt: Instant | null;
      upgradeTo: string | null;
    }
  /** More of a level is released than is held. */
  | { refusal: 'not_held'; level: string; held: number }
  | { refusal: 'rate_limited'; meter: string; limit: number; resetsAt: Instant }
  | {
      refusal: 'insufficient_credits';
      limit: number;
      used: number;
      resetsAt: Instant;
      price: Price | null;
      upgradeTo: string | null;
    };
