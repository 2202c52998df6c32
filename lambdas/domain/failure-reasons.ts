/** Why an event of Stripe's could not be processed. */
export const FAILURE_REASONS = [
  /** Every try failed; the log of the worker tells why. */
  'tries_used_up',
  /** The customer's only live subscription has a price that is not configured. */
  'unknown_price',
  /** Nobody is known to whom the customer belongs. */
  'customer_without_user',
  /** Stripe has charged something else than was asked for. */
  'payment_mismatch',
  /** A refund has come back from the customer's bank. */
  'refund_failed',
  /** An erased user's charge can't be refunded while it is in dispute. */
  'charge_disputed',
  /** It is about the payment of a purchase that nobody has begun here. */
  'unknown_purchase',
  /** Another sum was paid than the purchase's, in another currency, by another customer, or a second time. */
  'purchase_mismatch',
  /** What was queued is no event of Stripe's. */
  'unreadable',
] as const;

export type FailureReason = (typeof FAILURE_REASONS)[number];
