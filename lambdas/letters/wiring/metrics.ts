/** What the letters app says of deliveries, beside the core's metrics. */
export const DELIVERY_METRICS = {
  /** Deliveries that were handed to their senders for the first time. */
  dispatched: 'DeliveriesDispatched',
  /** Deliveries whose senders have not answered in time. */
  stuck: 'DeliveriesStuck',
  /** 0 to 100: how many of the day's (UTC) have been stuck; absent while nothing changes. */
  stuckPercentOfDay: 'DeliveriesStuckPercentOfDay',
  /** Mails that were on their way, or sent, when all that a card had paid for them went back. */
  unpaid: 'DeliveriesUnpaid',
} as const;

export const DELIVERY_LIMITS = { stuckPercentOfDay: 0.1 } as const;
