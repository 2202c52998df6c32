import { type Instant } from '../domain/instants.ts';
import { type Failure, type Problem, problemOfFailure } from './problems.ts';

/** How a command ends that makes a record: with it, or with the reason why not. */
export type WriteOutcome<Made> =
  { outcome: 'created'; record: Made } | { outcome: 'replayed'; record: Made } | Failure;

/** Tells that the request had been carried out before, and that this answer shows the record as it stands now (G2). */
export const REPLAYED = { 'idempotent-replayed': 'true' } as const;

interface Presented<Body> {
  headers?: Readonly<Record<string, string>>;
  body: Body;
}

/** The answer to a command. A repeated request is answered like the first one, with the same status. */
export function answerWrite<Made, const Status extends number, Body>(
  outcome: WriteOutcome<Made>,
  now: Instant,
  status: Status,
  present: (record: Made) => Presented<Body>,
): ({ status: Status } & Presented<Body>) | Problem {
  switch (outcome.outcome) {
    case 'created':
      return { status, ...present(outcome.record) };
    case 'replayed': {
      const { headers, body } = present(outcome.record);
      return { status, headers: { ...headers, ...REPLAYED }, body };
    }
    case 'idempotency_conflict':
    case 'letter_missing':
    case 'refused':
      return problemOfFailure(outcome, now);
  }
}
