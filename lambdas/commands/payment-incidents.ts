import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { type Concern } from '../domain/live-subscription.ts';
import { METRIC_DIMENSION, METRIC_NAMESPACE, PAYMENT_METRICS } from '../wiring/metrics.ts';

/** What raises an alarm: each is a metric of its own. */
export type PaymentIncident = Concern | 'customer_without_user' | 'failed_event';

const METRIC_OF: Readonly<Record<PaymentIncident, string>> = {
  unknown_price: PAYMENT_METRICS.unknownPrices,
  two_subscriptions: PAYMENT_METRICS.twoSubscriptions,
  customer_without_user: PAYMENT_METRICS.customersWithoutUser,
  failed_event: PAYMENT_METRICS.failedEvents,
};

const metrics = new Metrics({ namespace: METRIC_NAMESPACE });

export function countPaymentIncidents(stage: string, incidents: readonly PaymentIncident[]): void {
  if (incidents.length === 0) {
    return;
  }
  // One dimension, the stage: with the service beside it, it would be another metric, which no alarm watches.
  metrics.clearDefaultDimensions();
  metrics.addDimension(METRIC_DIMENSION, stage);
  for (const incident of incidents) {
    metrics.addMetric(METRIC_OF[incident], MetricUnit.Count, 1);
  }
  metrics.publishStoredMetrics();
}
