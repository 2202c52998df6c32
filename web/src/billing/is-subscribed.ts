import type { Schemas } from '../api/schemas.ts';

/** Whether a subscription gives the account its plan. There may be one at Stripe that gives none. */
export function isSubscribed({ status }: Schemas['Account']): boolean {
  return status !== 'none' && status !== 'canceled';
}
