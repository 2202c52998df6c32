import { followDeliveryPayment, followFailedRefund, isOfDelivery } from './follow-delivery-payment.ts';
import { type EventHandler, unchanged } from './stripe-event.ts';
import { syncSubscription } from './sync-subscription.ts';

/** Intents and refunds are made for several things, and say in their metadata for which. */
function ofDeliveries(handle: EventHandler): EventHandler {
  return (services, request) =>
    isOfDelivery(request.event.object)
      ? handle(services, request)
      : Promise.resolve(unchanged('not_followed', request.sentAt));
}

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
  'checkout.session.completed': syncSubscription,
  'payment_intent.succeeded': ofDeliveries(followDeliveryPayment),
  'payment_intent.payment_failed': ofDeliveries(followDeliveryPayment),
  'refund.failed': ofDeliveries(followFailedRefund),
};

export function handlerOf(type: string): EventHandler | null {
  return Object.hasOwn(HANDLERS, type) ? (HANDLERS[type] ?? null) : null;
}
