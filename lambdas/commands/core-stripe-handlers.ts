import { followCustomer } from './follow-customer.ts';
import { followPurchase } from './follow-purchase.ts';
import { type EventHandler, type EventHandlers } from './stripe-handler.ts';

/** A Checkout is of a subscription or of a bundle, which is paid at once (`payment`). */
const followCheckout: EventHandler = (services, request) =>
  request.event.object['mode'] === 'payment'
    ? followPurchase(services, request)
    : followCustomer(services, request);

/** What the core does about each type of event. */
export const CORE_HANDLERS: EventHandlers = {
  'customer.subscription.created': followCustomer,
  'customer.subscription.updated': followCustomer,
  'customer.subscription.deleted': followCustomer,
  'customer.subscription.trial_will_end': followCustomer,
  'customer.subscription.paused': followCustomer,
  'customer.subscription.resumed': followCustomer,
  'customer.subscription.pending_update_applied': followCustomer,
  'customer.subscription.pending_update_expired': followCustomer,
  'customer.deleted': followCustomer,
  'subscription_schedule.aborted': followCustomer,
  'subscription_schedule.canceled': followCustomer,
  'subscription_schedule.completed': followCustomer,
  'subscription_schedule.created': followCustomer,
  'subscription_schedule.expiring': followCustomer,
  'subscription_schedule.released': followCustomer,
  'subscription_schedule.updated': followCustomer,
  'invoice.paid': followCustomer,
  'invoice.payment_failed': followCustomer,
  'invoice.payment_action_required': followCustomer,
  'invoice.finalization_failed': followCustomer,
  'invoice.voided': followCustomer,
  'invoice.marked_uncollectible': followCustomer,
  'checkout.session.completed': followCheckout,
  'checkout.session.async_payment_succeeded': followCheckout,
  'checkout.session.async_payment_failed': followCheckout,
  'checkout.session.expired': followCheckout,
  'payment_intent.succeeded': followPurchase,
  'payment_intent.payment_failed': followPurchase,
  'charge.refunded': followPurchase,
  'refund.updated': followPurchase,
  'refund.failed': followPurchase,
  'charge.dispute.created': followPurchase,
  'charge.dispute.funds_withdrawn': followPurchase,
  'charge.dispute.funds_reinstated': followPurchase,
  'charge.dispute.closed': followPurchase,
};
