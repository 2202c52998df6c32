import { type TransactWriteItem } from '@aws-sdk/client-dynamodb';
import {
  type CardPayment,
  CHANNELS,
  type AttemptClaim,
  type Delivery,
  DELIVERY_STATUSES,
  type DeliveryLife,
  type Destination,
  type Dispatch,
  type OpenDispute,
  PAID_WITH,
  type PromisedTime,
  type Refund,
  REFUNDS,
} from '../domain/deliveries.ts';
import { dueAtOf } from '../domain/delivery-life.ts';
import {
  CorruptItemError,
  ItemReader,
  namesIn,
  toWire,
  type WireItem,
} from '../../adapters/dynamodb/items.ts';
import { waitingShard, listKey, recordKey, userIdOf, userKey } from '../../adapters/dynamodb/keys.ts';
import { type RecordList } from '../../adapters/dynamodb/lists.ts';

export function deliveryItem(userId: string, delivery: Delivery, fingerprint: string): WireItem {
  return toWire({
    pk: userKey(userId),
    sk: recordKey('DELIVERY', delivery.id),
    listKey: listKey('DELIVERY', delivery.createdAt, delivery.id),
    fingerprint,
    ...delivery,
    payment: delivery.payment ?? undefined,
    ...dueAttributes(delivery),
  });
}

/** A delivery stands in `DueIndex` while the reconciler has something to do about it. */
function dueAttributes(delivery: Delivery): { dueShard?: string; dueAt?: number } {
  const dueAt = dueAtOf(delivery);
  return dueAt === null ? {} : { dueShard: waitingShard(delivery.id), dueAt };
}

export function deliveryKey(userId: string, id: string): WireItem {
  return toWire({ pk: userKey(userId), sk: recordKey('DELIVERY', id) });
}

/** What a step may change. The rest of the item stays. */
const LIFE_ATTRIBUTES = [
  'status',
  'version',
  'deliverAt',
  'promised',
  'payment',
  'dispatch',
  'sentAt',
  'failedAt',
  'failure',
  'cancelledAt',
  'refund',
  'dueShard',
  'dueAt',
] as const;

/** Nobody has changed or deleted the delivery since it was read. */
const IS_AT_VERSION = '#version = :before';

/** Writes the next state of a delivery, if the delivery is still in the state before. */
export function updateDelivery(
  table: string,
  userId: string,
  before: Delivery,
  after: Delivery,
): TransactWriteItem {
  const attributes: Partial<Record<string, unknown>> = { ...after, ...dueAttributes(after) };
  const isKept = (name: string): boolean => (attributes[name] ?? null) !== null;
  const kept = LIFE_ATTRIBUTES.filter(isKept);
  const gone = LIFE_ATTRIBUTES.filter((name) => !isKept(name));
  const set = `SET ${kept.map((name) => `#${name} = :${name}`).join(', ')}`;
  const remove = gone.length === 0 ? '' : ` REMOVE ${gone.map((name) => `#${name}`).join(', ')}`;
  const values = Object.fromEntries(kept.map((name) => [`:${name}`, attributes[name]]));
  return {
    Update: {
      TableName: table,
      Key: deliveryKey(userId, after.id),
      ConditionExpression: IS_AT_VERSION,
      UpdateExpression: set + remove,
      ExpressionAttributeNames: namesIn(IS_AT_VERSION, set, remove),
      ExpressionAttributeValues: toWire({ ':before': before.version, ...values }),
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    },
  };
}

/** Whose a delivery is. @throws CorruptItemError */
export function userOfDelivery(item: WireItem): string {
  const pk = ItemReader.fromWire(item).string('pk');
  const userId = userIdOf(pk);
  if (userId === null) {
    throw new CorruptItemError(`The delivery under ${pk} belongs to nobody.`);
  }
  return userId;
}

/** @throws CorruptItemError */
export function parseDelivery(item: WireItem): Delivery {
  const reader = ItemReader.fromWire(item);
  return {
    id: reader.string('id'),
    letterId: reader.string('letterId'),
    paidWith: reader.oneOf('paidWith', PAID_WITH),
    payment: reader.has('payment') ? parsePayment(reader.map('payment')) : null,
    deliverAt: reader.integer('deliverAt'),
    ...(reader.has('promised') ? { promised: parsePromised(reader.map('promised')) } : {}),
    createdAt: reader.integer('createdAt'),
    version: reader.integer('version'),
    ...parseLife(reader),
    ...parseDestination(reader),
  };
}

export const DELIVERIES: RecordList<Delivery> = { kind: 'DELIVERY', parse: parseDelivery };

function parsePromised(reader: ItemReader): PromisedTime {
  return {
    local: reader.string('local'),
    zone: reader.string('zone'),
    lookAt: reader.isNull('lookAt') ? null : reader.integer('lookAt'),
  };
}

function parsePayment(reader: ItemReader): CardPayment {
  const price = reader.map('price');
  return {
    price: { amountCents: price.integer('amountCents'), currency: price.oneOf('currency', ['usd']) },
    customerId: reader.isNull('customerId') ? null : reader.string('customerId'),
    intentId: reader.isNull('intentId') ? null : reader.string('intentId'),
    receiptUrl: reader.isNull('receiptUrl') ? null : reader.string('receiptUrl'),
    declineCode: reader.isNull('declineCode') ? null : reader.string('declineCode'),
    refundedCents: reader.integer('refundedCents'),
    lostCents: reader.integer('lostCents'),
    dispute: reader.isNull('dispute') ? null : parseDispute(reader.map('dispute')),
  };
}

function parseDispute(reader: ItemReader): OpenDispute {
  return { since: reader.integer('since'), nextLookAt: reader.integer('nextLookAt') };
}

function parseLife(reader: ItemReader): DeliveryLife {
  const status = reader.oneOf('status', DELIVERY_STATUSES);
  switch (status) {
    case 'pending_payment':
    case 'scheduled':
      return { status };
    case 'dispatched':
      return { status, dispatch: parseDispatch(reader.map('dispatch')) };
    case 'sent':
      return { status, dispatch: parseDispatch(reader.map('dispatch')), sentAt: reader.integer('sentAt') };
    case 'failed':
      return {
        status,
        dispatch: reader.has('dispatch') ? parseDispatch(reader.map('dispatch')) : null,
        failedAt: reader.integer('failedAt'),
        failure: reader.string('failure'),
        refund: parseRefund(reader),
      };
    case 'cancelled':
      return { status, cancelledAt: reader.integer('cancelledAt'), refund: parseRefund(reader) };
  }
}

function parseRefund(reader: ItemReader): Refund {
  return reader.oneOf('refund', REFUNDS);
}

function parseDispatch(reader: ItemReader): Dispatch {
  return {
    attempts: reader.integer('attempts'),
    ...(reader.has('uncounted') ? { uncounted: reader.integer('uncounted') } : {}),
    lastDispatchedAt: reader.integer('lastDispatchedAt'),
    nextTryAt: reader.integer('nextTryAt'),
    claim: reader.isNull('claim') ? null : parseClaim(reader.map('claim')),
    providerId: reader.isNull('providerId') ? null : reader.string('providerId'),
  };
}

function parseClaim(reader: ItemReader): AttemptClaim {
  return { id: reader.string('id'), at: reader.integer('at') };
}

function parseDestination(reader: ItemReader): Destination {
  const channel = reader.oneOf('channel', CHANNELS);
  const recipient = reader.map('recipient');
  switch (channel) {
    case 'email':
      return { channel, recipient: { email: recipient.string('email') } };
    case 'mail':
      return {
        channel,
        recipient: {
          name: recipient.string('name'),
          line1: recipient.string('line1'),
          line2: recipient.optionalString('line2'),
          city: recipient.string('city'),
          state: recipient.optionalString('state'),
          postalCode: recipient.optionalString('postalCode'),
          country: recipient.string('country'),
        },
      };
  }
}
