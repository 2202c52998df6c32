import {
  ConditionalCheckFailedException,
  DeleteItemCommand,
  PutItemCommand,
  QueryCommand,
} from '@aws-sdk/client-dynamodb';
import { type Deadline } from '../../domain/deadline.ts';
import { FAILURE_REASONS, type FailureReason } from '../../domain/failure-reasons.ts';
import { type Instant, toIso } from '../../domain/instants.ts';
import { expiringAfter } from './expiry.ts';
import { getItem } from './get-item.ts';
import { ItemReader, namesIn, toWire, type WireItem } from './items.ts';
import { FAILED_EVENTS_KEY } from './keys.ts';
import { type Page, type PageRequest } from './lists.ts';
import { retrying } from './retry.ts';
import { type Store } from './store.ts';
import { FAILED_RECORDS_KEPT_DAYS, TABLE_SCHEMA } from './table-schema.ts';

/** An event that could not be processed, as it is listed. */
export interface FailedEvent {
  /** Stripe's id of the event; of what is unreadable, the message's. */
  id: string;
  type: string;
  reason: FailureReason;
  failedAt: Instant;
}

/** With the body, as Stripe sent it. */
export interface KeptEvent extends FailedEvent {
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
    [TABLE_SCHEMA.listIndex.sortKey]: `${toIso(failedAt)}#${id}`,
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

const OF_STRIPE = '#pk = :pk';

/** Those that failed last first. @throws BusyError */
export async function listFailedEvents(
  store: Store,
  { limit, after }: PageRequest,
  deadline: Deadline,
): Promise<Page<FailedEvent>> {
  const { Items = [], LastEvaluatedKey } = await retrying(deadline, (abortSignal) =>
    store.client.send(
      new QueryCommand({
        TableName: store.table,
        IndexName: TABLE_SCHEMA.listIndex.name,
        Select: 'ALL_ATTRIBUTES',
        KeyConditionExpression: OF_STRIPE,
        ExpressionAttributeNames: namesIn(OF_STRIPE),
        ExpressionAttributeValues: toWire({ ':pk': FAILED_EVENTS_KEY }),
        ExclusiveStartKey: after === null ? undefined : startAfter(after),
        ScanIndexForward: false,
        ConsistentRead: true,
        Limit: limit,
      }),
      { abortSignal },
    ),
  );
  return {
    items: Items.map(parseFailedEvent),
    next:
      LastEvaluatedKey === undefined
        ? null
        : ItemReader.fromWire(LastEvaluatedKey).string(TABLE_SCHEMA.listIndex.sortKey),
  };
}

function startAfter(position: string): WireItem {
  const id = position.slice(position.indexOf('#') + 1);
  return { ...failedEventKey(id), ...toWire({ [TABLE_SCHEMA.listIndex.sortKey]: position }) };
}

/** Null when it has been sent again, or never failed. @throws BusyError */
export async function readFailedEvent(
  store: Store,
  id: string,
  deadline: Deadline,
): Promise<KeptEvent | null> {
  const item = await getItem(store, failedEventKey(id), deadline);
  return item === null ? null : { ...parseFailedEvent(item), body: ItemReader.fromWire(item).string('body') };
}

const HAS_NOT_FAILED_AGAIN = '#failedAt = :failedAt';

/**
 * Forgets an event that has been sent again. One that has failed again meanwhile stays.
 *
 * @throws BusyError
 */
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
          ConditionExpression: HAS_NOT_FAILED_AGAIN,
          ExpressionAttributeNames: namesIn(HAS_NOT_FAILED_AGAIN),
          ExpressionAttributeValues: toWire({ ':failedAt': failedAt }),
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
