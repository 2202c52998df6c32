import { type ChangeOf, type RecordChange } from '../../domain/changes.ts';
import { type Instant } from '../../domain/instants.ts';
import { type Delivery } from './deliveries.ts';
import { type Letter } from './letters.ts';

export type LetterChange = ChangeOf<'letter', Letter>;
export type DeliveryChange = ChangeOf<'delivery', Delivery>;

/** A changed item of the core or of the letters app. */
export type AnyChange = RecordChange | LetterChange | DeliveryChange;

/** A change that schedules a delivery: somebody made it without a payment, or a card has paid. */
export type ScheduledNow = DeliveryChange & { after: Delivery };

export function isScheduledNow(change: DeliveryChange): change is ScheduledNow {
  const { before, after } = change;
  return after?.status === 'scheduled' && (before === null || before.status === 'pending_payment');
}

/** When a scheduled delivery began to count: when it was made, or when the payment was written. */
export function scheduledAt({ at, before, after }: ScheduledNow): Instant {
  return before === null ? after.createdAt : at;
}
