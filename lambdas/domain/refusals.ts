import { type Instant } from './instants.ts';
import { type Limit, type PlanId, type Price } from './plans.ts';

/** Meters that a plan limits by a number of their own; mails are limited by credits. */
export const QUOTA_METERS = ['letters', 'emails'] as const;
export const METERS = [...QUOTA_METERS, 'mails'] as const;

export type Meter = (typeof METERS)[number];

/**
 * Why an account does not allow a command: an answer, not an error of ours. Where several hold, the one that stands
 * first here is given (`decideUse`). A limit that only time can lift comes before one that money can, so that nobody
 * is asked to pay for what would be refused all the same.
 */
export type Refusal =
  | { refusal: 'account_erased' }
  | { refusal: 'plan_required'; upgradeTo: PlanId | null }
  | {
      refusal: 'quota_exceeded';
      meter: (typeof QUOTA_METERS)[number];
      limit: Limit;
      used: number;
      resetsAt: Instant;
      upgradeTo: PlanId | null;
    }
  | { refusal: 'rate_limited'; limit: number; resetsAt: Instant }
  | {
      refusal: 'insufficient_credits';
      limit: number;
      used: number;
      resetsAt: Instant;
      price: Price | null;
      upgradeTo: PlanId | null;
    };
