import { type AccountState, type ClosedPeriod } from './account.ts';
import { type Movement } from './credits.ts';
import { type Gift } from './gifts.ts';
import { type Instant } from './instants.ts';
import { type Purchase } from './purchases.ts';
import { type Consumption } from './usage.ts';

/** A use that was reported, with when it counted, and when it was given back (null: it was not). */
export interface RecordedConsumption extends Consumption {
  createdAt: Instant;
  givenBackAt: Instant | null;
}

/** A line of the ledger that stands for itself. It says who moved the credits and why, if somebody did it by hand. */
export interface RecordedMovement extends Movement {
  id: string;
  at: Instant;
  actor?: string;
  reason?: string;
}

/** What has become of one item of a kind. */
export interface ChangeOf<Kind extends string, State> {
  kind: Kind;
  userId: string;
  /** When it was written, by the table's clock; the same each time the change is told. */
  at: Instant;
  /** Null: it was not there. */
  before: State | null;
  /** Null: it is there no more. */
  after: State | null;
}

/**
 * One item of the core's that has changed. The stream tells each write by itself, at least once, so everything that
 * follows from a change must follow from its two states.
 */
export type RecordChange =
  | ChangeOf<'account', AccountState>
  | ChangeOf<'period', ClosedPeriod>
  | ChangeOf<'movement', RecordedMovement>
  | ChangeOf<'consumption', RecordedConsumption>
  | ChangeOf<'purchase', Purchase>
  | ChangeOf<'gift', Gift>;

/** The change of one kind. */
export type Change<Kind extends RecordChange['kind']> = Extract<RecordChange, { kind: Kind }>;

/** The state of an item that was not there before; null for every other change. */
export function arrived<State>(change: { before: State | null; after: State | null }): State | null {
  return change.before === null ? change.after : null;
}
