import { type Stripe } from 'stripe';
import { closeInvoice, stopCollecting } from './invoices.ts';
import { voidUpdate } from './pending-updates.ts';
import { type Sandbox } from './sandbox.ts';
import { closeSchedule, scheduleOf } from './schedule-object.ts';
import { refId } from './state.ts';
import { isOver } from './subscription-object.ts';

type Reason = 'cancellation_requested' | 'payment_failed';

// Source: https://docs.stripe.com/billing/subscriptions/cancel
/** Ends a subscription now. Its open invoices stay open, and nobody collects them any more. */
export function endSubscription(
  sandbox: Sandbox,
  subscription: Stripe.Subscription,
  reason: Reason | null,
): void {
  const now = sandbox.now();
  // Guess: an ending voids the invoice of a pending update.
  voidUpdate(sandbox, subscription);
  // Source: https://docs.stripe.com/api/events/types#event_types-subscription_schedule.aborted
  // Guess: a schedule is canceled with its subscription, whoever cancels that.
  const schedule = scheduleOf(sandbox, subscription);
  if (schedule !== null) {
    closeSchedule(sandbox, schedule, reason === 'payment_failed' ? 'aborted' : 'canceled');
  }
  stopCollecting(sandbox, subscription.id);
  for (const pending of sandbox.all('pending_line')) {
    if (pending.subscription === subscription.id) {
      sandbox.state.pending_line.delete(pending.id);
    }
  }
  sandbox.assign(subscription, {
    status: 'canceled',
    canceled_at: subscription.canceled_at ?? now,
    ended_at: now,
    schedule: null,
    cancellation_details: {
      comment: subscription.cancellation_details?.comment ?? null,
      feedback: subscription.cancellation_details?.feedback ?? null,
      feedback_option: null,
      reason: subscription.cancellation_details?.reason ?? reason,
    },
  });
  sandbox.emit('customer.subscription.deleted', subscription);
}

// Source: https://docs.stripe.com/billing/subscriptions/overview#subscription-statuses
/** The first payment did not come within 23 hours. */
export function expireSubscription(sandbox: Sandbox, subscription: Stripe.Subscription): void {
  const previous = sandbox.assign(subscription, { status: 'incomplete_expired', ended_at: sandbox.now() });
  const invoice = sandbox.state.invoice.get(refId(subscription.latest_invoice) ?? '');
  if (invoice?.status === 'open') {
    closeInvoice(sandbox, invoice, 'void');
  }
  sandbox.emit('customer.subscription.updated', subscription, previous ?? {});
}

// Source: https://docs.stripe.com/api/customers
export function listenForDeletedCustomers(sandbox: Sandbox): void {
  sandbox.on('customer.deleted', (customer) => {
    for (const subscription of sandbox.all('subscription')) {
      if (refId(subscription.customer) === customer.id && !isOver(subscription)) {
        endSubscription(sandbox, subscription, 'cancellation_requested');
      }
    }
  });
}
