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
import { type Figure, MetricUnit, publishFigures } from '../runtime/figures.ts';
import { createLogger } from '../runtime/logger.ts';
import { DELIVERY_METRICS } from '../wiring/metrics.ts';
import { catalogueInForce } from '../wiring/catalogue.ts';

/** Less than the function's four minutes. The next run starts after five. */
const LONGEST_MS = 210_000;
const REPORT_DEADLINE_MS = 10_000;
/** The log names the first failures of a run only. */
const MAX_LOGGED_FAILURES = 100;

const store = createStore(requiredVariable('table'), catalogueInForce());
const stage = requiredVariable('stage');
const stripe = connectStripe(requiredVariable('stripeSecretId'), optionalVariable('stripeApiUrl'));
const settlers = new Map<string, Settler<DueOutcome>>([
  ...CORE_SETTLERS,
  ['DELIVERY', settleDelivery(settleCardPayments({ store, stripe }))],
]);
const logger = createLogger('reconciler');

/** `now`: the time of the schedule or of the request. `timeMs`: how long the run may take. */
const reconcileEvent = z.object({
  now: z.pipe(
    z.iso.datetime(),
    z.transform((text) => Date.parse(text)),
  ),
  timeMs: z._default(z.int().check(z.gte(1_000), z.lte(LONGEST_MS)), LONGEST_MS),
});

/** What a run did. `isFinished` is false when time ran out; the next run goes on. */
export interface ReconciliationSummary extends ReconciliationFigures {
  processingTimeMs: number;
  isFinished: boolean;
}

/** Deals with everything that is due, and reports: figures for the alarms, a line in the log, an audit record. */
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
  const figures: Figure[] = [
    [DELIVERY_METRICS.runs, 1],
    [DELIVERY_METRICS.dispatched, dispatched],
    [DELIVERY_METRICS.stuck, stuck],
    [DELIVERY_METRICS.failures, errorCount],
  ];
  if (dispatched + newlyStuck > 0) {
    const ofDay = await recordRun(store, { id: runId, at: now, dispatched, newlyStuck }, deadline);
    figures.push([DELIVERY_METRICS.stuckPercentOfDay, stuckPercent(ofDay), MetricUnit.Percent]);
  }
  publishFigures(stage, figures);
  if (stuck > STUCK_AT_ONCE) {
    logger.warn('Many deliveries have not been answered by their senders.', { ...summary });
    const about = { id: `DeliveriesStuck:${runId}`, at: now, type: 'DeliveriesStuck' as const };
    const record = { ...about, actor: 'postage:reconciler', data: { ...summary } };
    await appendAudit(store, record, deadline);
  } else if (errorCount > 0 || !isFinished) {
    logger.warn('The reconciler has left something undone.', { ...summary });
  } else if (totalProcessed > 0) {
    logger.info('The reconciler has finished.', { ...summary });
  }
}
