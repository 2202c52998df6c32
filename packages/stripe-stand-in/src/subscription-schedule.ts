import { type Stripe } from 'stripe';
import { invalidRequest } from './api-error.ts';
import { type Seconds } from './calendar.ts';
import { type Sandbox } from './sandbox.ts';
import { itemOf } from './subscription-object.ts';

interface Asked {
  cancel_at?: Seconds | 'min_period_end' | 'max_period_end' | null | undefined;
  cancel_at_period_end?: boolean | undefined;
}

// Source: https://docs.stripe.com/api/subscriptions/object
/**
 * The scheduled end that is asked for. `cancel_at_period_end` follows the period; `min_period_end` and
 * `max_period_end` become its instant at once, and the flag stays false, as with what the Portal does.
 *
 * @returns what changes in a subscription; it is worked out when the subscription is there
 * @throws ApiError when both are given, or an end in the past
 */
export function schedulingOf(
  sandbox: Sandbox,
  { cancel_at: cancelAt, cancel_at_period_end: atPeriodEnd }: Asked,
): (subscription: Stripe.Subscription) => Partial<Stripe.Subscription> {
  if (cancelAt !== undefined && cancelAt !== null && atPeriodEnd !== undefined) {
    throw invalidRequest('You may only specify one of these parameters: cancel_at, cancel_at_period_end.', {
      param: 'cancel_at',
      code: 'parameters_exclusive',
    });
  }
  if (typeof cancelAt === 'number' && cancelAt <= sandbox.now()) {
    throw invalidRequest('`cancel_at` must be a timestamp in the future.', { param: 'cancel_at' });
  }
  return (subscription) => {
    const periodEnd = itemOf(subscription).current_period_end;
    if (atPeriodEnd === true) {
      return scheduled(sandbox, subscription, periodEnd, true);
    }
    if (cancelAt !== undefined && cancelAt !== null) {
      const at = typeof cancelAt === 'number' ? cancelAt : periodEnd;
      return scheduled(sandbox, subscription, at, false);
    }
    const isUndone = cancelAt === null || (atPeriodEnd === false && subscription.cancel_at_period_end);
    return isUndone
      ? {
          cancel_at: null,
          cancel_at_period_end: false,
          canceled_at: null,
          cancellation_details: { comment: null, feedback: null, feedback_option: null, reason: null },
        }
      : {};
  };
}

function scheduled(
  sandbox: Sandbox,
  subscription: Stripe.Subscription,
  at: Seconds,
  followsPeriod: boolean,
): Partial<Stripe.Subscription> {
  return {
    cancel_at: at,
    cancel_at_period_end: followsPeriod,
    canceled_at: sandbox.now(),
    cancellation_details: {
      comment: subscription.cancellation_details?.comment ?? null,
      feedback: subscription.cancellation_details?.feedback ?? null,
      feedback_option: null,
      reason: 'cancellation_requested',
    },
  };
}
