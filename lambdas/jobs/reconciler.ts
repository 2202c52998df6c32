import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { randomUUID } from 'node:crypto';
import * as z from 'zod/mini';
import { settleCardPayments, settleDelivery } from '../letters/commands/settle-delivery.ts';
import { deadlineIn } from '../runtime/deadline.ts';
import { appendAudit } from '../adapters/dynamodb/audit.ts';
import { recordRun } from '../letters/adapters/reconciled-days.ts';
import { CORE_SETTLERS, settleDue, type Settler } from '../commands/settle-due.ts';
import { createStore } from '../adapters/dynamodb/store.ts';
import { connectStripe } from '../adapters/stripe/connection.ts';
import { type Instant } from '../domain/instants.ts';
import {
  type DueOutcome,
  figuresOf,
  type ReconciliationFigures,
  STUCK_AT_ONCE,
  stuckPercent,
} from '../letters/domain/reconciliation.ts';
import { optionalVariable, requiredVariable } from '../wiring/environment.ts';
import { createLogger } from '../runtime/logger.ts';
import { DELIVERY_METRICS, METRIC_DIMENSION, METRIC_NAMESPACE } from '../wiring/metrics.ts';

/** Less than the five minutes until the next run, and than the function's own four. */
const LONGEST_MS = 210_000;
const REPORT_DEADLINE_MS = 10_000;
/** More failures than this are counted, and not named one by one. */
const MAX_LOGGED_FAILURES = 100;

const store = createStore(requiredVariable('table'));
const stage = requiredVariable('stage');
const stripe = connectStripe(requiredVariable('stripeSecretId'), optionalVariable('stripeApiUrl'));
const settlers = new Map<string, Settler<DueOutcome>>([
  ...CORE_SETTLERS,
  ['DELIVERY', settleDelivery(settleCardPayments({ store, stripe }))],
]);
const logger = createLogger('reconciler');
const metrics = new Metrics({ namespace: METRIC_NAMESPACE, logger });

/** `now`: the schedule's time, or the request's. `timeMs`: for how long it may go on. */
const reconcileEvent = z.object({
  now: z.pipe(
    z.iso.datetime(),
    z.transform((text) => Date.parse(text)),
  ),
  timeMs: z._default(z.int().check(z.gte(1_000), z.lte(LONGEST_MS)), LONGEST_MS),
});

/** What a run did. `isFinished` is false when time ran out, and the next run goes on. */
export interface ReconciliationSummary extends ReconciliationFigures {
  processingTimeMs: number;
  isFinished: boolean;
}

/** Deals with everything that is due, and reports: figures for the alarms, a line in the log, and an audit record. */
export async function handler(event: unknown): Promise<ReconciliationSummary> {
  const { now, timeMs } = reconcileEvent.parse(event);
  const startedAt = performance.now();
  const { outcomes, failures, isFinished } = await settleDue(store, settlers, now, deadlineIn(timeMs));
  for (const { key, error } of failures.slice(0, MAX_LOGGED_FAILURES)) {
    logger.error('Something that is due could not be dealt with.', { key, error });
  }
  const processingTimeMs = Math.round(performance.now() - startedAt);
  const summary = { ...figuresOf(outcomes), processingTimeMs, isFinished };
  await report(summary, now, randomUUID());
  return summary;
}

async function report(summary: ReconciliationSummary, now: Instant, runId: string): Promise<void> {
  const deadline = deadlineIn(REPORT_DEADLINE_MS);
  const { totalProcessed, errorCount, dispatched, stuck, newlyStuck, isFinished } = summary;
  // One dimension, the stage: with the service beside it, it would be another metric, which no alarm watches.
  metrics.clearDefaultDimensions();
  metrics.addDimension(METRIC_DIMENSION, stage);
  metrics.addMetric(DELIVERY_METRICS.runs, MetricUnit.Count, 1);
  metrics.addMetric(DELIVERY_METRICS.dispatched, MetricUnit.Count, dispatched);
  metrics.addMetric(DELIVERY_METRICS.stuck, MetricUnit.Count, stuck);
  metrics.addMetric(DELIVERY_METRICS.failures, MetricUnit.Count, errorCount);
  if (dispatched + newlyStuck > 0) {
    const ofDay = await recordRun(store, { id: runId, at: now, dispatched, newlyStuck }, deadline);
    metrics.addMetric(DELIVERY_METRICS.stuckPercentOfDay, MetricUnit.Percent, stuckPercent(ofDay));
  }
  metrics.publishStoredMetrics();
  if (stuck > STUCK_AT_ONCE) {
    logger.warn('Many deliveries have not been answered by their senders.', { ...summary });
    await appendAudit(
      store,
      {
        id: `DeliveriesStuck:${runId}`,
        at: now,
        type: 'DeliveriesStuck',
        actor: 'postage:reconciler',
        data: { ...summary },
      },
      deadline,
    );
  } else if (errorCount > 0 || !isFinished) {
    logger.warn('The reconciler has left something undone.', { ...summary });
  } else if (totalProcessed > 0) {
    logger.info('The reconciler has finished.', { ...summary });
  }
}
