import { type Stripe } from 'stripe';
import { type Deadline } from '../../domain/deadline.ts';
import { type FoundSubscription } from './changeable.ts';
import { callStripe, readStripe, type StripeConnection } from './connection.ts';

/** What a second try could charge goes under the same key, so that Stripe does it once. */
export interface KeyedRequest {
  /** The id of the change. */
  key: string;
  deadline: Deadline;
}

/**
 * Changes to a larger plan, or a longer interval: a new period begins now and is paid now. Stripe keeps the old price until
 * the invoice is paid.
 *
 * @throws StripeUnavailableError, NotConfiguredError, StripeDeclinedError, StripeRejectedError
 */
export function upgradeAtOnce(
  connection: StripeConnection,
  found: FoundSubscription,
  priceId: string,
  { key, deadline }: KeyedRequest,
): Promise<void> {
  const params: Stripe.SubscriptionUpdateParams = {
    items: [{ id: found.item.id, price: priceId }],
    billing_cycle_anchor: { type: 'now' },
    proration_behavior: 'always_invoice',
    payment_behavior: 'pending_if_incomplete',
  };
  return update(connection, found, deadline, params, { idempotencyKey: key });
}

/** Changes what a trial leads to. Nothing is due, the trial's end stays, and a repetition does no more. @throws as `upgradeAtOnce` */
export function changePriceInTrial(
  connection: StripeConnection,
  found: FoundSubscription,
  priceId: string,
  { deadline }: Pick<KeyedRequest, 'deadline'>,
): Promise<void> {
  return update(connection, found, deadline, {
    items: [{ id: found.item.id, price: priceId }],
    proration_behavior: 'none',
  });
}

/** Ends a subscription without a schedule with its period. A repetition does no more. @throws as `upgradeAtOnce` */
export function cancelAtPeriodEnd(
  connection: StripeConnection,
  found: FoundSubscription,
  { deadline }: Pick<KeyedRequest, 'deadline'>,
): Promise<void> {
  return update(connection, found, deadline, {
    cancel_at: found.item.current_period_end,
    proration_behavior: 'none',
  });
}

/** Ends a subscription now. What is unpaid of it stays unpaid. @throws StripeUnavailableError, NotConfiguredError, StripeRejectedError */
export async function cancelNow(
  connection: StripeConnection,
  { subscription }: FoundSubscription,
  { deadline }: Pick<KeyedRequest, 'deadline'>,
): Promise<void> {
  await callStripe(connection, deadline, (stripe, options) =>
    stripe.subscriptions.cancel(subscription.id, {}, options),
  );
}

/** Lets a subscription without a schedule go on after all. @throws as `upgradeAtOnce` */
export function takeCancellationBack(
  connection: StripeConnection,
  found: FoundSubscription,
  { deadline }: Pick<KeyedRequest, 'deadline'>,
): Promise<void> {
  const { cancel_at_period_end: followsPeriod } = found.subscription;
  return update(connection, found, deadline, {
    ...(followsPeriod ? { cancel_at_period_end: false } : { cancel_at: '' }),
    proration_behavior: 'none',
  });
}

/** @param keyed for what must not be done twice. Stripe may keep a failure under the key, so that nothing else has one */
async function update(
  connection: StripeConnection,
  { subscription }: FoundSubscription,
  deadline: Deadline,
  params: Stripe.SubscriptionUpdateParams,
  keyed: { idempotencyKey?: string } = {},
): Promise<void> {
  await readStripe(connection, deadline, (stripe, options) =>
    stripe.subscriptions.update(subscription.id, params, { ...options, ...keyed }),
  );
}
