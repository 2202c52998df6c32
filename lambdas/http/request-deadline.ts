import { type Deadline } from '../domain/deadline.ts';
import { type Contract } from './contract.ts';

/** One request may take this long, retries included. */
const REQUEST_TIME_MS = 8_000;
/** Where Stripe is asked, and for the owner's own requests. The function has 25 s, and the gateway 30 s. */
const LONG_REQUEST_TIME_MS = 20_000;
/** The part of the function's own time that is left for the answer. */
const MARGIN_MS = 500;

/** The part of Lambda's context that counts. The local gateway and tests give one of their own. */
export interface TimeLimit {
  getRemainingTimeInMillis(): number;
}

/** Counts from now, by a clock that nobody sets. */
export function requestDeadline(limit: TimeLimit, contract: Pick<Contract, 'route' | 'problems'>): Deadline {
  const timeMs = isLong(contract) ? LONG_REQUEST_TIME_MS : REQUEST_TIME_MS;
  const startedAt = performance.now();
  return {
    remainingMs: () =>
      Math.min(timeMs - (performance.now() - startedAt), limit.getRemainingTimeInMillis() - MARGIN_MS),
  };
}

/** Whoever reaches a provider may find that it is not set up, and says so in the contract. */
function isLong({ route, problems }: Pick<Contract, 'route' | 'problems'>): boolean {
  return route.access === 'admin' || route.access === 'cron' || problems.includes('not_configured');
}
