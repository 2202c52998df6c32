import { CORE_HANDLERS } from '../../commands/core-stripe-handlers.ts';
import { type EventHandler, type EventHandlers } from '../../commands/stripe-handler.ts';
import { followPurchase } from '../../commands/follow-purchase.ts';
import { findDelivery, followDeliveryPayment, followFailedRefund } from './follow-delivery-payment.ts';

/** A payment is for a delivery or for a purchase. */
function followPayment(ofDelivery: typeof followDeliveryPayment): EventHandler {
  return async (services, request) => {
    const hint = await findDelivery(services, request);
    return hint === null ? followPurchase(services, request) : ofDelivery(services, request, hint);
  };
}

/** The handlers of an app in which cards pay for deliveries too. */
export const EVENT_HANDLERS: EventHandlers = {
  ...CORE_HANDLERS,
  'payment_intent.succeeded': followPayment(followDeliveryPayment),
  'payment_intent.payment_failed': followPayment(followDeliveryPayment),
  'charge.refunded': followPayment(followDeliveryPayment),
  'refund.updated': followPayment(followDeliveryPayment),
  'refund.failed': followPayment(followFailedRefund),
  'charge.dispute.created': followPayment(followDeliveryPayment),
  'charge.dispute.funds_withdrawn': followPayment(followDeliveryPayment),
  'charge.dispute.funds_reinstated': followPayment(followDeliveryPayment),
  'charge.dispute.closed': followPayment(followDeliveryPayment),
};
