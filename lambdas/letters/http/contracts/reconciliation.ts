import * as z from 'zod/mini';
import { NO_INPUT } from '../../../http/contract.ts';
import { runFigures } from '../../../http/contracts/cron.ts';
import { Count, named } from '../../../http/schemas.ts';
import { contract } from '../contract.ts';

const summary = { ...runFigures, dispatched: Count, stuck: Count, isFinished: z.boolean() };

/** What the reconciler reports. Its other figures are for its log only. */
export const ReconciliationReport = z.object(summary);

const ReconciliationSummary = named('ReconciliationSummary', z.object(summary), {
  description:
    'What a run did: `dispatched` counts the deliveries that were handed to their senders, `stuck` those whose senders have not answered in time. `isFinished` is false when time ran out; what is left is done by the next run.',
  example: {
    totalProcessed: 12,
    successCount: 12,
    errorCount: 0,
    errorRate: 0,
    processingTimeMs: 310,
    dispatched: 11,
    stuck: 1,
    isFinished: true,
  },
});

const runReconciler = {
  ...NO_INPUT,
  summary: 'Deal with what is due now',
  description:
    'Hands due deliveries to their senders, and again those that were not answered, for some seconds; the longest overdue go first. The schedule does it every five minutes. Running it again changes nothing.',
  answers: { 200: { description: 'The run has ended', schema: ReconciliationSummary } },
  problems: [],
} as const;

export const postReconciliation = contract('POST /cron/reconcile-deliveries', {
  ...runReconciler,
  operationId: 'reconcileDeliveries',
});
/** For schedulers that can only GET. */
export const getReconciliation = contract('GET /cron/reconcile-deliveries', {
  ...runReconciler,
  operationId: 'reconcileDeliveriesByGet',
});

export const RECONCILIATION_CONTRACTS = [postReconciliation, getReconciliation];
