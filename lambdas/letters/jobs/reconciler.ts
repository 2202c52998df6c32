import { randomUUID } from 'node:crypto';
import { appendAudit } from '../../adapters/dynamodb/audit.ts';
import { connectStripe } from '../../adapters/stripe/connection.ts';
import { CORE_SETTLERS, type Settler } from '../../commands/settle-due.ts';
import { type Instant } from '../../domain/instants.ts';
import { logger, type ReconciliationSummary, reconciler, store } from '../../jobs/reconciler.ts';
import { deadlineIn } from '../../runtime/deadline.ts';
import { type Figure, MetricUnit } from '../../runtime/figures.ts';
import { optionalVariable, requiredVariable } from '../../wiring/environment.ts';
import { recordRun } from '../adapters/reconciled-days.ts';
import { settleCardPayments, settleDelivery } from '../commands/settle-delivery.ts';
import {
  type DueOutcome,
  figuresOf,
  type ReconciliationFigures,
  STUCK_AT_ONCE,
  stuckPercent,
} from '../domain/reconciliation.ts';
import { DELIVERY_METRICS } from '../wiring/metrics.ts';

const REPORT_DEADLINE_MS = 10_000;

const stripe = connectStripe(requiredVariable('stripeSecretId'), optionalVariable('stripeApiUrl'));

/** Tells of the deliveries, and writes an audit record when many are stuck. */
async function report(
  summary: ReconciliationSummary<ReconciliationFigures>,
  now: Instant,
): Promise<Figure[]> {
  const runId = randomUUID();
  const deadline = deadlineIn(REPORT_DEADLINE_MS);
  const { dispatched, stuck, newlyStuck } = summary;
  const figures: Figure[] = [
    [DELIVERY_METRICS.dispatched, dispatched],
    [DELIVERY_METRICS.stuck, stuck],
  ];
  if (dispatched + newlyStuck > 0) {
    const ofDay = await recordRun(store, { id: runId, at: now, dispatched, newlyStuck }, deadline);
    figures.push([DELIVERY_METRICS.stuckPercentOfDay, stuckPercent(ofDay), MetricUnit.Percent]);
  }
  if (stuck > STUCK_AT_ONCE) {
    logger.warn('Many deliveries have not been answered by their senders.', { ...summary });
    const about = { id: `DeliveriesStuck:${runId}`, at: now, type: 'DeliveriesStuck' };
    await appendAudit(store, { ...about, actor: 'postage:reconciler', data: { ...summary } }, deadline);
  }
  return figures;
}

export const handler = reconciler({
  settlers: new Map<string, Settler<DueOutcome>>([
    ...CORE_SETTLERS,
    ['DELIVERY', settleDelivery(settleCardPayments({ store, stripe }))],
  ]),
  figuresOf,
  report,
});
