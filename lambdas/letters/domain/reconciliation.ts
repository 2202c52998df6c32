import { type RunFigures, runFiguresOf } from '../../domain/run-figures.ts';

/** What happened to one thing that was due. */
export type DueOutcome =
  /** A sender got a delivery for the first time. */
  | 'dispatched'
  /** No answer came in time, and the sender got the delivery again: for the second time, or later. */
  | 'dispatched_again'
  | 'dispatched_once_more'
  /** No answer has ever come, and the delivery has failed. */
  | 'given_up'
  /** A payment, a refund or a gift is settled. */
  | 'settled'
  /** The reconciler has to wait for somebody else. */
  | 'waiting'
  /** Somebody was faster. */
  | 'not_due'
  | 'failed';

export interface ReconciliationFigures extends RunFigures {
  dispatched: number;
  /** Deliveries whose sender has not answered in time. */
  stuck: number;
  /** The stuck ones after their first attempt, so that each delivery counts once over all runs. */
  newlyStuck: number;
  givenUp: number;
}

export function figuresOf(outcomes: Readonly<Partial<Record<DueOutcome, number>>>): ReconciliationFigures {
  const count = (outcome: DueOutcome): number => outcomes[outcome] ?? 0;
  const newlyStuck = count('dispatched_again');
  const givenUp = count('given_up');
  return {
    ...runFiguresOf(outcomes),
    dispatched: count('dispatched'),
    stuck: newlyStuck + count('dispatched_once_more') + givenUp,
    newlyStuck,
    givenUp,
  };
}

/** If more deliveries are stuck in one run, the reconciler warns and writes an audit record. */
export const STUCK_AT_ONCE = 10;

/** How many per cent of a day's deliveries have been stuck; 0 when there were none. */
export function stuckPercent(
  runs: readonly Pick<ReconciliationFigures, 'dispatched' | 'newlyStuck'>[],
): number {
  const dispatched = runs.reduce((sum, run) => sum + run.dispatched, 0);
  const stuck = runs.reduce((sum, run) => sum + run.newlyStuck, 0);
  // A delivery of yesterday may be stuck today.
  return stuck === 0 ? 0 : Math.min(100, (100 * stuck) / Math.max(1, dispatched));
}
