/** Why an event of Stripe's could not be processed. */
export const FAILURE_REASONS = [
  /** Every try failed; the log of the worker tells why. */
  'tries_used_up',
  /** The account's own subscription has a price that is not configured. */
  'unknown_price',
  /** Postage knows no user to whom the customer belongs. */
  'customer_without_user',
  /** Stripe has charged something else than Postage asked for. */
  'payment_mismatch',
  /** A refund has come back from the customer's bank. */
  'refund_failed',
  /** It is about the payment of a purchase that Postage does not have. */
  'unknown_purchase',
  /** Somebody paid another sum than the purchase's, in another currency, as another customer, or a second time. */
  'purchase_mismatch',
  /** The queued message is no event of Stripe's. */
  'unreadable',
] as const;

export type FailureReason = (typeof FAILURE_REASONS)[number];
