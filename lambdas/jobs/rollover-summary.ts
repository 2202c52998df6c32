import { deadlineIn } from '../runtime/deadline.ts';
import { appendAudit } from '../adapters/dynamodb/audit.ts';
import { createStore } from '../adapters/dynamodb/store.ts';
import { toIso } from '../domain/instants.ts';
import { millisecondsPerThousand, type RolloverSummary, summarizeRun } from '../domain/rollover-run.ts';
import { requiredVariable } from '../wiring/environment.ts';
import { MetricUnit, publishFigures } from '../runtime/figures.ts';
import { createLogger } from '../runtime/logger.ts';
import { METRICS, ROLLOVER_LIMITS } from '../wiring/metrics.ts';
import { summarizeEvent } from '../wiring/rollover-event.ts';
import { catalogueInForce } from '../wiring/catalogue.ts';

const AUDIT_DEADLINE_MS = 10_000;

const store = createStore(requiredVariable('table'), catalogueInForce());
const stage = requiredVariable('stage');
const logger = createLogger('rollover');

/** Adds up a run and reports it: figures for the alarms, a line in the log, a record in the audit trail. */
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
  const pace = millisecondsPerThousand(summary);
  publishFigures(stage, [
    [METRICS.runs, 1],
    [METRICS.accounts, summary.totalProcessed],
    [METRICS.failures, summary.errorCount],
    [METRICS.errorRatePercent, summary.errorRate * 100, MetricUnit.Percent],
    [METRICS.millisecondsPerThousand, pace, MetricUnit.Milliseconds],
  ]);
  const isSlow = pace > ROLLOVER_LIMITS.millisecondsPerThousand;
  const figures = { ...summary, results: undefined };
  if (isSlow || summary.errorCount > 0 || summary.brokenShards > 0) {
    logger.warn(isSlow ? 'The rollover was slow.' : 'The rollover had failures.', figures);
  } else {
    logger.info('The rollover has finished.', figures);
  }
}
