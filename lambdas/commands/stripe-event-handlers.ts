import {
  followDeliveryPayment,
  followFailedRefund,
  isOfDelivery,
} from '../letters/commands/follow-delivery-payment.ts';
import { followPurchase } from './follow-purchase.ts';
import { type EventHandler } from './stripe-event.ts';
import { syncSubscription } from './sync-subscription.ts';

/** Intents are made for deliveries and for purchases, and say in their metadata for which. */
const followIntent: EventHandler = (services, request) =>
  isOfDelivery(request.event.object)
    ? followDeliveryPayment(services, request)
    : followPurchase(services, request);

const followRefund: EventHandler = async (services, request) =>
  (await followFailedRefund(services, request)) ?? followPurchase(services, request);

/** A Checkout is of a subscription or of a bundle, which is paid at once (`payment`). */
const followCheckout: EventHandler = (services, request) =>
  request.event.object['mode'] === 'payment'
    ? followPurchase(services, request)
    : syncSubscription(services, request);

/** What is done about each type of event. A type that is not among them is recorded, and changes nothing. */
const HANDLERS: Readonly<Record<string, EventHandler>> = {
  'customer.subscription.created': syncSubscription,
  'customer.subscription.updated': syncSubscription,
  'customer.subscription.deleted': syncSubscription,
  'customer.subscription.trial_will_end': syncSubscription,
  'customer.subscription.paused': syncSubscription,
  'customer.subscription.resumed': syncSubscription,
  'customer.deleted': syncSubscription,
  'invoice.paid': syncSubscription,
  'invoice.payment_failed': syncSubscription,
  'checkout.session.completed': followCheckout,
  'checkout.session.async_payment_succeeded': followCheckout,
  'checkout.session.async_payment_failed': followCheckout,
  'checkout.session.expired': followCheckout,
  'payment_intent.succeeded': followIntent,
  'payment_intent.payment_failed': followIntent,
  'charge.refunded': followPurchase,
  'refund.updated': followPurchase,
  'refund.failed': followRefund,
  'charge.dispute.created': followPurchase,
  'charge.dispute.funds_withdrawn': followPurchase,
  'charge.dispute.funds_reinstated': followPurchase,
  'charge.dispute.closed': followPurchase,
};

export function handlerOf(type: string): EventHandler | null {
  return Object.hasOwn(HANDLERS, type) ? (HANDLERS[type] ?? null) : null;
}
