import { type Instant } from '../domain/instants.ts';
import { type Failure, type Problem, problemOfFailure } from './problems.ts';

/** How a command that makes a record ends: with the record, or with the reason why there is none. */
export type RecordOutcome<Made> =
  { outcome: 'created'; record: Made } | { outcome: 'replayed'; record: Made } | Failure;

/** Says that Postage had carried the request out before. The answer shows the record as it is now (G2). */
export const REPLAYED = { 'idempotent-replayed': 'true' } as const;

interface Presented {
  headers?: Readonly<Record<string, string>>;
  body: object;
}

/** The answer to a command. A repeated request gets the same status as the first one. */
export function answerWrite<Made, const Status extends number, Shown extends Presented>(
  outcome: RecordOutcome<Made>,
  now: Instant,
  status: Status,
  present: (record: Made) => Shown,
): ({ status: Status } & Shown) | Problem {
  switch (outcome.outcome) {
    case 'created':
      return { status, ...present(outcome.record) };
    case 'replayed': {
      const shown = present(outcome.record);
      return { status, ...shown, headers: { ...shown.headers, ...REPLAYED } };
    }
    case 'idempotency_conflict':
    case 'refused':
      return problemOfFailure(outcome, now);
  }
}
