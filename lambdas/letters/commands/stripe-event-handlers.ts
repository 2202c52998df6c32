import { CORE_HANDLERS } from '../../commands/core-stripe-handlers.ts';
import { type EventHandler, type EventHandlers } from '../../commands/stripe-handler.ts';
import { followPurchase } from '../../commands/follow-purchase.ts';
import { followDeliveryPayment, followFailedRefund, isOfDelivery } from './follow-delivery-payment.ts';

/** Intents are made for deliveries and for purchases, and say in their metadata for which. */
const followIntent: EventHandler = (services, request) =>
  isOfDelivery(request.event.object)
    ? followDeliveryPayment(services, request)
    : followPurchase(services, request);

const followRefund: EventHandler = async (services, request) =>
  (await followFailedRefund(services, request)) ?? followPurchase(services, request);

/** What is done about each type of event where cards pay for deliveries too. */
export const EVENT_HANDLERS: EventHandlers = {
  ...CORE_HANDLERS,
  'payment_intent.succeeded': followIntent,
  'payment_intent.payment_failed': followIntent,
  'refund.failed': followRefund,
};
