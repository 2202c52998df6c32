import { type Concern } from '../domain/live-subscription.ts';
import { publishFigures } from '../runtime/figures.ts';
import { PAYMENT_METRICS } from '../wiring/metrics.ts';

/** What raises an alarm: each is a metric of its own. */
export type PaymentIncident = Concern | 'customer_without_user' | 'failed_event';

const METRIC_OF: Readonly<Record<PaymentIncident, string>> = {
  unknown_price: PAYMENT_METRICS.unknownPrices,
  two_subscriptions: PAYMENT_METRICS.twoSubscriptions,
  customer_without_user: PAYMENT_METRICS.customersWithoutUser,
  failed_event: PAYMENT_METRICS.failedEvents,
};

export function countPaymentIncidents(stage: string, incidents: readonly PaymentIncident[]): void {
  if (incidents.length > 0) {
    publishFigures(
      stage,
      incidents.map((incident) => [METRIC_OF[incident], 1]),
    );
  }
}
