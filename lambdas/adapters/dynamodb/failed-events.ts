import { ConditionalCheckFailedException, DeleteItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { type Deadline } from '../../domain/deadline.ts';
import { FAILURE_REASONS, type FailureReason } from '../../domain/failure-reasons.ts';
import { type Instant } from '../../domain/instants.ts';
import { expiringAfter } from './expiry.ts';
import { getItem } from './get-item.ts';
import { evaluated, ItemReader, toWire, type WireItem } from './items.ts';
import { FAILED_EVENTS_KEY, listKey } from './keys.ts';
import { listPartition, type Page, type PageRequest, type RecordList } from './lists.ts';
import { retrying } from './retry.ts';
import { type Store } from './store.ts';
import { FAILED_RECORDS_KEPT_DAYS } from './table-schema.ts';

/** An event that could not be processed, as it is listed. */
export interface FailedEvent {
  /** Stripe's id of the event; the queue's id of a message that can't be read. */
  id: string;
  type: string;
  reason: FailureReason;
  failedAt: Instant;
}

export interface KeptEvent extends FailedEvent {
  /** As Stripe sent it. */
  body: string;
}

function failedEventKey(id: string): WireItem {
  return toWire({ pk: FAILED_EVENTS_KEY, sk: id });
}

/** Keeps an event whole (G12). One that failed before is kept once, as of its last failure. @throws BusyError */
export async function keepFailedEvent(store: Store, event: KeptEvent, deadline: Deadline): Promise<void> {
  const { id, type, reason, failedAt, body } = event;
  const Item = toWire({
    pk: FAILED_EVENTS_KEY,
    sk: id,
    listKey: listKey(FAILED_EVENTS.kind, failedAt, id),
    type,
    reason,
    failedAt,
    body,
    ...expiringAfter(FAILED_RECORDS_KEPT_DAYS, failedAt),
  });
  await retrying(deadline, (abortSignal) =>
    store.client.send(new PutItemCommand({ TableName: store.table, Item }), { abortSignal }),
  );
}

const FAILED_EVENTS: RecordList<FailedEvent> = { kind: 'FAILED', parse: parseFailedEvent };

/** The last to fail comes first. @throws BusyError */
export async function listFailedEvents(
  store: Store,
  page: PageRequest,
  deadline: Deadline,
): Promise<Page<FailedEvent>> {
  return listPartition(store, FAILED_EVENTS_KEY, FAILED_EVENTS, page, deadline);
}

/** Null: nobody has kept it, or somebody has sent it again. @throws BusyError */
export async function readFailedEvent(
  store: Store,
  id: string,
  deadline: Deadline,
): Promise<KeptEvent | null> {
  const item = await getItem(store, failedEventKey(id), deadline);
  return item === null ? null : { ...parseFailedEvent(item), body: ItemReader.fromWire(item).string('body') };
}

const HAS_NOT_FAILED_AGAIN = '#failedAt = :failedAt';

/** Forgets an event that somebody has sent again, unless it has failed again meanwhile. @throws BusyError */
export async function forgetFailedEvent(
  store: Store,
  { id, failedAt }: FailedEvent,
  deadline: Deadline,
): Promise<void> {
  await retrying(deadline, async (abortSignal) => {
    try {
      await store.client.send(
        new DeleteItemCommand({
          TableName: store.table,
          Key: failedEventKey(id),
          ...evaluated({ ConditionExpression: HAS_NOT_FAILED_AGAIN }, { failedAt }),
        }),
        { abortSignal },
      );
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) {
        throw error;
      }
    }
  });
}

/** @throws CorruptItemError */
function parseFailedEvent(item: WireItem): FailedEvent {
  const reader = ItemReader.fromWire(item);
  return {
    id: reader.string('sk'),
    type: reader.string('type'),
    reason: reader.oneOf('reason', FAILURE_REASONS),
    failedAt: reader.integer('failedAt'),
  };
}
