/** What a run of the reconciler amounts to. */

/** What has become of one thing that was due. */
export type DueOutcome =
  /** A delivery was handed to its sender for the first time. */
  | 'dispatched'
  /** No answer came in time: it was handed over again, for the first time or one time more. */
  | 'dispatched_again'
  | 'dispatched_once_more'
  /** No answer has ever come: it has failed. */
  | 'given_up'
  /** A payment, a refund or a gift has been dealt with. */
  | 'settled'
  /** It has to wait for somebody else. */
  | 'waiting'
  /** Somebody was faster. */
  | 'not_due'
  | 'failed';

export interface ReconciliationFigures {
  totalProcessed: number;
  successCount: number;
  errorCount: number;
  /** 0 to 1: failures per thing met; 0 when the run met none. */
  errorRate: number;
  dispatched: number;
  /** Deliveries whose sender has not answered in time. */
  stuck: number;
  /** Those of them that had been handed over once: so each delivery counts once over all runs. */
  newlyStuck: number;
  givenUp: number;
}

export function figuresOf(outcomes: Readonly<Partial<Record<DueOutcome, number>>>): ReconciliationFigures {
  const count = (outcome: DueOutcome): number => outcomes[outcome] ?? 0;
  const totalProcessed = Object.values(outcomes).reduce((sum, each) => sum + each, 0);
  const errorCount = count('failed');
  const newlyStuck = count('dispatched_again');
  const givenUp = count('given_up');
  return {
    totalProcessed,
    successCount: totalProcessed - errorCount,
    errorCount,
    errorRate: totalProcessed === 0 ? 0 : errorCount / totalProcessed,
    dispatched: count('dispatched'),
    stuck: newlyStuck + count('dispatched_once_more') + givenUp,
    newlyStuck,
    givenUp,
  };
}

/** More deliveries stuck in one run are worth a warning and an audit record. */
export const STUCK_AT_ONCE = 10;

/** How many per cent of a day's deliveries have been stuck; 0 when there were none. */
export function stuckPercent(
  runs: readonly Pick<ReconciliationFigures, 'dispatched' | 'newlyStuck'>[],
): number {
  const dispatched = runs.reduce((sum, run) => sum + run.dispatched, 0);
  const stuck = runs.reduce((sum, run) => sum + run.newlyStuck, 0);
  // What was handed over yesterday may be stuck today.
  return stuck === 0 ? 0 : Math.min(100, (100 * stuck) / Math.max(1, dispatched));
}
