/** Changes of a subscription, asked for as the billing routes ask. */
import { changeBilling, type ChangeOutcome } from '../../lambdas/commands/change-billing.ts';
import { type CommandContext } from '../../lambdas/commands/command-context.ts';
import { type CustomerServices } from '../../lambdas/commands/with-customer.ts';
import { type Instant } from '../../lambdas/domain/instants.ts';
import { type Offer } from '../../lambdas/domain/live-subscription.ts';
import { type AskedChange } from '../../lambdas/domain/plan-changes.ts';
import { commandId } from '../../lambdas/http/ids.ts';
import { plentyOfTime } from './table.ts';

export const PRO_OFFER: Offer = { plan: 'pro', interval: 'month' };
export const PRO_YEARLY_OFFER: Offer = { plan: 'pro', interval: 'year' };
export const ENTERPRISE_OFFER: Offer = { plan: 'enterprise', interval: 'month' };

export function changeTo(offer: Offer): AskedChange {
  return { kind: 'plan_change', offer };
}

export const CANCEL: AskedChange = { kind: 'cancellation', offer: null };
export const KEEP: AskedChange = { kind: 'cancellation_taken_back', offer: null };
export const TAKE_BACK: AskedChange = { kind: 'plan_change_taken_back', offer: null };

/** @param key the request's `Idempotency-Key`; without one, each request is another */
export function askFor(
  services: CustomerServices,
  asked: AskedChange,
  { userId, now, key }: { userId: string; now: Instant; key?: string },
  context: Partial<CommandContext> = {},
): Promise<ChangeOutcome> {
  const request = {
    userId,
    now,
    id: commandId('a change', userId, key ?? null),
    idempotencyKey: key ?? null,
    fingerprint: JSON.stringify(asked),
    deadline: plentyOfTime(),
    ...context,
  };
  return changeBilling(services, request, asked);
}
