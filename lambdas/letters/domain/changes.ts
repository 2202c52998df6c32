import { type ChangeOf, type RecordChange } from '../../domain/changes.ts';
import { type Instant } from '../../domain/instants.ts';
import { type Delivery } from './deliveries.ts';
import { type Letter } from './letters.ts';

export type LetterChange = ChangeOf<'letter', Letter>;
export type DeliveryChange = ChangeOf<'delivery', Delivery>;

/** One item that has changed, of the core or of the letters app. Of a letter's text nothing follows. */
export type AnyChange = RecordChange | LetterChange | DeliveryChange | ChangeOf<'text', object>;

/** A delivery that is scheduled from this change on, and counts: it was made so, or it has been paid. */
export type ScheduledNow = DeliveryChange & { after: Delivery };

export function isScheduledNow(change: DeliveryChange): change is ScheduledNow {
  const { before, after } = change;
  return after?.status === 'scheduled' && (before === null || before.status === 'pending_payment');
}

/** When it began to count: when it was made, or, paid later, when that was written. */
export function scheduledAt({ at, before, after }: ScheduledNow): Instant {
  return before === null ? after.createdAt : at;
}
