import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { deadlineIn } from '../runtime/deadline.ts';
import { appendAudit } from '../adapters/dynamodb/audit.ts';
import { createStore } from '../adapters/dynamodb/store.ts';
import { toIso } from '../domain/instants.ts';
import { millisecondsPerThousand, type RolloverSummary, summarizeRun } from '../domain/rollover-run.ts';
import { requiredVariable } from '../wiring/environment.ts';
import { createLogger } from '../runtime/logger.ts';
import { METRIC_DIMENSION, METRIC_NAMESPACE, METRICS, ROLLOVER_LIMITS } from '../wiring/metrics.ts';
import { summarizeEvent } from '../wiring/rollover-event.ts';

const AUDIT_DEADLINE_MS = 10_000;

const store = createStore(requiredVariable('table'));
const stage = requiredVariable('stage');
const logger = createLogger('rollover');
const metrics = new Metrics({ namespace: METRIC_NAMESPACE, logger });

/** Adds a run up, and reports it: figures for the alarms, a line in the log, a record in the audit trail. */
export async function handler(event: unknown): Promise<RolloverSummary> {
  const { now, startedAt, executionId, shards } = summarizeEvent.parse(event);
  const summary = summarizeRun(shards, Math.max(0, Date.now() - startedAt));
  if (summary.unfinished.length > 0) {
    // The execution that continues this one reports for both.
    return summary;
  }
  await appendAudit(
    store,
    {
      id: executionId,
      at: now,
      type: 'RolloverFinished',
      actor: 'postage:rollover',
      data: { ...summary, results: undefined, startedAt: toIso(startedAt), executionId },
    },
    deadlineIn(AUDIT_DEADLINE_MS),
  );
  report(summary);
  return summary;
}

function report(summary: RolloverSummary): void {
  const errorRatePercent = summary.errorRate * 100;
  const pace = millisecondsPerThousand(summary);
  // One dimension, the stage: with the service beside it, it would be another metric, which no alarm watches.
  metrics.clearDefaultDimensions();
  metrics.addDimension(METRIC_DIMENSION, stage);
  metrics.addMetric(METRICS.runs, MetricUnit.Count, 1);
  metrics.addMetric(METRICS.accounts, MetricUnit.Count, summary.totalProcessed);
  metrics.addMetric(METRICS.failures, MetricUnit.Count, summary.errorCount);
  metrics.addMetric(METRICS.errorRatePercent, MetricUnit.Percent, errorRatePercent);
  metrics.addMetric(METRICS.millisecondsPerThousand, MetricUnit.Milliseconds, pace);
  metrics.publishStoredMetrics();
  const isSlow = pace > ROLLOVER_LIMITS.millisecondsPerThousand;
  const figures = { ...summary, results: undefined };
  if (isSlow || summary.errorCount > 0 || summary.brokenShards > 0) {
    logger.warn(isSlow ? 'The rollover was slow.' : 'The rollover had failures.', figures);
  } else {
    logger.info('The rollover has finished.', figures);
  }
}
