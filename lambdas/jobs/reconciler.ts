import * as z from 'zod/mini';
import { CORE_SETTLERS, settleDue, type Settled, type Settlers } from '../commands/settle-due.ts';
import { createStore } from '../adapters/dynamodb/store.ts';
import { type Instant } from '../domain/instants.ts';
import { type RunFigures, runFiguresOf } from '../domain/run-figures.ts';
import { deadlineIn } from '../runtime/deadline.ts';
import { type Figure, publishFigures } from '../runtime/figures.ts';
import { createLogger } from '../runtime/logger.ts';
import { requiredVariable } from '../wiring/environment.ts';
import { RECONCILER_METRICS } from '../wiring/metrics.ts';
import { catalogueInForce } from '../wiring/catalogue.ts';

/** Less than the function's four minutes. The next run starts after five. */
const LONGEST_MS = 210_000;
/** The log names the first failures of a run only. */
const MAX_LOGGED_FAILURES = 100;

export const store = createStore(requiredVariable('table'), catalogueInForce());
export const logger = createLogger('reconciler');
const stage = requiredVariable('stage');

/**
 * `now`: the time of the schedule or of the request. `timeMs`: how long the run may take. `part`: which of the runs it is that
 * share the shards; without it, the run is for all.
 */
const reconcileEvent = z.object({
  now: z.pipe(
    z.iso.datetime(),
    z.transform((text) => Date.parse(text)),
  ),
  timeMs: z._default(z.int().check(z.gte(1_000), z.lte(LONGEST_MS)), LONGEST_MS),
  part: z.optional(z.object({ index: z.int().check(z.nonnegative()), of: z.int().check(z.positive()) })),
});

/** What a run did. `isFinished` is false when time ran out; the next run goes on. */
export type ReconciliationSummary<Figures extends RunFigures> = Figures & {
  processingTimeMs: number;
  isFinished: boolean;
};

/** What is due, and what a run reports of it beside its own figures. */
interface Reconciliation<Outcome extends string, Figures extends RunFigures> {
  settlers: Settlers<Outcome>;
  figuresOf: (outcomes: Settled<Outcome>['outcomes']) => Figures;
  /** @returns figures for further alarms */
  report: (summary: ReconciliationSummary<Figures>, now: Instant) => Promise<Figure[]>;
}

/** Deals with everything that is due, and reports: figures for the alarms, a line in the log. */
export function reconciler<Outcome extends string, Figures extends RunFigures>({
  settlers,
  figuresOf,
  report,
}: Reconciliation<Outcome, Figures>) {
  return async (event: unknown): Promise<ReconciliationSummary<Figures>> => {
    const { now, timeMs, part } = reconcileEvent.parse(event);
    const startedAt = performance.now();
    const { outcomes, failures, isFinished } = await settleDue(
      store,
      settlers,
      now,
      deadlineIn(timeMs),
      part,
    );
    for (const { key, error } of failures.slice(0, MAX_LOGGED_FAILURES)) {
      logger.error('Something that is due could not be dealt with.', { key, error });
    }
    const processingTimeMs = Math.round(performance.now() - startedAt);
    const summary = { ...figuresOf(outcomes), processingTimeMs, isFinished };
    const { totalProcessed, errorCount } = summary;
    const line: object = summary;
    const own: Figure[] = [
      [RECONCILER_METRICS.runs, 1],
      [RECONCILER_METRICS.failures, errorCount],
    ];
    publishFigures(stage, [...own, ...(await report(summary, now))]);
    if (errorCount > 0 || !isFinished) {
      logger.warn('The reconciler has left something undone.', { ...line });
    } else if (totalProcessed > 0) {
      logger.info('The reconciler has finished.', { ...line });
    }
    return summary;
  };
}

export const handler = reconciler({
  settlers: CORE_SETTLERS,
  figuresOf: runFiguresOf,
  report: () => Promise.resolve([]),
});
