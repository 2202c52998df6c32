import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { METRIC_DIMENSION, METRIC_NAMESPACE } from '../wiring/metrics.ts';

export { MetricUnit };

/** Made when there is something to publish: most functions never do. */
let publisher: Metrics | null = null;

/** The value of a metric; a count where no unit stands. */
export type Figure = [metric: string, value: number, unit?: (typeof MetricUnit)[keyof typeof MetricUnit]];

/** Publishes figures for the alarms. */
export function publishFigures(stage: string, figures: readonly Figure[]): void {
  const metrics = (publisher ??= new Metrics({ namespace: METRIC_NAMESPACE }));
  // The stage is the only dimension. Powertools would add the service, and no alarm watches that metric.
  metrics.clearDefaultDimensions();
  metrics.addDimension(METRIC_DIMENSION, stage);
  for (const [metric, value, unit = MetricUnit.Count] of figures) {
    metrics.addMetric(metric, unit, value);
  }
  metrics.publishStoredMetrics();
}
