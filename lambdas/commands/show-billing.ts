import { type FoundSubscription, readChangeable } from '../adapters/stripe/changeable.ts';
import { findPrice } from '../adapters/stripe/prices.ts';
import { previewChange, type PreviewedChange } from '../adapters/stripe/previews.ts';
import { type Account } from '../domain/account.ts';
import { type Deadline } from '../domain/deadline.ts';
import { type Instant } from '../domain/instants.ts';
import { type Offer } from '../domain/live-subscription.ts';
import {
  type ChangeableSubscription,
  type ChangeRefusal,
  type ChangeWay,
  decideChange,
} from '../domain/plan-changes.ts';
import { findSubscriptionId } from './find-subscription-id.ts';
import { readAccount } from './read-account.ts';
import { type CustomerServices } from './with-customer.ts';

interface Request {
  userId: string;
  now: Instant;
  deadline: Deadline;
}

/**
 * A user's account, and their subscription as it is at Stripe; null without one.
 *
 * @throws BusyError, ErasedAccountError, StripeUnavailableError, NotConfiguredError
 */
export async function showBilling(
  services: CustomerServices,
  request: Request,
): Promise<{ account: Account; subscription: ChangeableSubscription | null }> {
  const { account, found } = await find(services, request);
  return { account, subscription: found?.facts ?? null };
}

async function find(
  services: CustomerServices,
  { userId, now, deadline }: Request,
): Promise<{ account: Account; found: FoundSubscription | null }> {
  const { store, stripe } = services;
  const { account } = await readAccount(store, userId, now, deadline);
  const id = await findSubscriptionId(services, account, { deadline });
  const found = id === null ? null : await readChangeable(stripe, id, store.catalogue, deadline);
  return { account, found };
}

export type PreviewOutcome =
  | { outcome: 'previewed'; way: ChangeWay; holdsFrom: Instant; preview: PreviewedChange }
  | { outcome: 'refused'; refusal: ChangeRefusal };

/** What another plan would cost. @throws as `showBilling` */
export async function previewPlanChange(
  services: CustomerServices,
  request: Request,
  offer: Offer,
): Promise<PreviewOutcome> {
  const { store, stripe } = services;
  const { now, deadline } = request;
  const { found } = await find(services, request);
  if (found === null) {
    return { outcome: 'refused', refusal: 'not_subscribed' };
  }
  const decision = decideChange({ kind: 'plan_change', offer }, found.facts, store.catalogue);
  if (decision.outcome === 'refused') {
    return decision;
  }
  const { way } = decision;
  const priceId = await findPrice(stripe, offer, store.catalogue, deadline);
  const preview = await previewChange(stripe, found, { way, offer, priceId }, deadline);
  return { outcome: 'previewed', way, holdsFrom: decision.effectiveAt ?? now, preview };
}
