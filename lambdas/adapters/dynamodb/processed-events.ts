import { type TransactWriteItem } from '@aws-sdk/client-dynamodb';
import { type Deadline } from '../../domain/deadline.ts';
import { type Instant } from '../../domain/instants.ts';
import { expiringAfter } from './expiry.ts';
import { getItem } from './get-item.ts';
import { toWire, type WireItem } from './items.ts';
import { stripeEventKey } from './keys.ts';
import { putNew } from './put-new.ts';
import { type Store } from './store.ts';
import { STRIPE_EVENTS_KEPT_DAYS } from './table-schema.ts';
import { commit } from './transact.ts';

/**
 * An event of Stripe's that has been processed. Its item is written together with what the event changes, so that an
 * event that comes again, or twice at once, changes nothing more (G10).
 */
export interface ProcessedEvent {
  id: string;
  type: string;
  /** What came of it: `followed`, or why nothing did. */
  outcome: string;
  at: Instant;
}

const EVENT_SORT_KEY = 'EVENT';

function eventItemKey(eventId: string): WireItem {
  return toWire({ pk: stripeEventKey(eventId), sk: EVENT_SORT_KEY });
}

/** The write that goes into the transaction of what the event changes. Its condition fails for a processed event. */
export function markProcessed(table: string, { id, type, outcome, at }: ProcessedEvent): TransactWriteItem {
  return putNew(table, {
    ...eventItemKey(id),
    ...toWire({ id, type, outcome, at, ...expiringAfter(STRIPE_EVENTS_KEPT_DAYS, at) }),
  });
}

/** @throws BusyError */
export async function isProcessed(store: Store, eventId: string, deadline: Deadline): Promise<boolean> {
  return (await getItem(store, eventItemKey(eventId), deadline)) !== null;
}

/** Records an event that changes nothing. @throws BusyError */
export async function recordProcessed(
  store: Store,
  event: ProcessedEvent,
  deadline: Deadline,
): Promise<void> {
  await commit(store, [markProcessed(store.table, event)], deadline);
}
