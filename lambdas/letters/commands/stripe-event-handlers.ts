import { CORE_HANDLERS } from '../../commands/core-stripe-handlers.ts';
import { type EventHandler, type EventHandlers } from '../../commands/stripe-handler.ts';
import { followPurchase } from '../../commands/follow-purchase.ts';
import { followDeliveryPayment, followFailedRefund, isOfDelivery } from './follow-delivery-payment.ts';

/** The metadata of an intent says whether it is for a delivery or for a purchase. */
const followIntent: EventHandler = (services, request) =>
  isOfDelivery(request.event.object)
    ? followDeliveryPayment(services, request)
    : followPurchase(services, request);

const followRefund: EventHandler = async (services, request) =>
  (await followFailedRefund(services, request)) ?? followPurchase(services, request);

/** The handlers of an app in which cards pay for deliveries too. */
export const EVENT_HANDLERS: EventHandlers = {
  ...CORE_HANDLERS,
  'payment_intent.succeeded': followIntent,
  'payment_intent.payment_failed': followIntent,
  'refund.failed': followRefund,
};
