import { type AccountState, type ClosedPeriod } from './account.ts';
import { type Movement } from './credits.ts';
import { type Delivery } from '../letters/domain/deliveries.ts';
import { type Gift } from './gifts.ts';
import { type Instant } from './instants.ts';
import { type Letter } from '../letters/domain/letters.ts';
import { type PurchaseRecord } from './purchases.ts';
import { type Consumption } from './usage.ts';

/** A use that a service has counted, with when it counted. */
export interface RecordedConsumption extends Consumption {
  createdAt: Instant;
}

/** A line of the ledger that stands for itself. Who moved the credits and why is known where somebody did it by hand. */
export interface RecordedMovement extends Movement {
  id: string;
  at: Instant;
  actor?: string;
  reason?: string;
}

interface ChangeOf<Kind extends string, State> {
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
 * One item that has changed. It is told at least once, for each write by itself: what follows from a change follows
 * from its two states alone.
 */
export type RecordChange =
  | ChangeOf<'account', AccountState>
  | ChangeOf<'period', ClosedPeriod>
  | ChangeOf<'movement', RecordedMovement>
  | ChangeOf<'letter', Letter>
  | ChangeOf<'delivery', Delivery>
  | ChangeOf<'consumption', RecordedConsumption>
  | ChangeOf<'purchase', PurchaseRecord>
  | ChangeOf<'gift', Gift>
  /** A letter's text, of which nothing follows. */
  | ChangeOf<'text', object>;

/** The change of one kind. */
export type Change<Kind extends RecordChange['kind']> = Extract<RecordChange, { kind: Kind }>;

/** The state of an item that was not there before; null for every other change. */
export function arrived<State>({
  before,
  after,
}: {
  before: State | null;
  after: State | null;
}): State | null {
  return before === null ? after : null;
}

/** A delivery that is scheduled from this change on, and counts: it was made so, or it has been paid. */
export type ScheduledNow = Change<'delivery'> & { after: Delivery };

export function isScheduledNow(change: Change<'delivery'>): change is ScheduledNow {
  const { before, after } = change;
  return after?.status === 'scheduled' && (before === null || before.status === 'pending_payment');
}

/** When it began to count: when it was made, or, paid later, when that was written. */
export function scheduledAt({ at, before, after }: ScheduledNow): Instant {
  return before === null ? after.createdAt : at;
}
