import { type TransactWriteItem } from '@aws-sdk/client-dynamodb';
import { PURCHASE_STATUSES, type PurchaseRecord } from '../../domain/purchases.ts';
import { ItemReader, namesIn, toWire, type WireItem } from './items.ts';
import { listKey, recordKey, userKey } from './keys.ts';

export function purchaseKey(userId: string, id: string): WireItem {
  return toWire({ pk: userKey(userId), sk: recordKey('PURCHASE', id) });
}

export function purchaseItem(userId: string, purchase: PurchaseRecord, fingerprint: string): WireItem {
  return toWire({
    pk: userKey(userId),
    sk: recordKey('PURCHASE', purchase.id),
    listKey: listKey('PURCHASE', purchase.createdAt, purchase.id),
    fingerprint,
    ...purchase,
  });
}

/** Nobody has written the purchase since it was read. */
const IS_AT_VERSION = '#version = :before';

/** Everything that can change of it. */
const FOLLOW = `SET ${[
  '#version = :version',
  '#status = :status',
  '#customerId = :customerId',
  '#checkoutUrl = :checkoutUrl',
  '#paymentIntentId = :paymentIntentId',
  '#settledAt = :settledAt',
  '#returnedCents = :returnedCents',
  '#creditsTaken = :creditsTaken',
].join(', ')}`;

/** Writes the next state of a purchase over the one before it, and over no other. */
export function updatePurchase(table: string, userId: string, after: PurchaseRecord): TransactWriteItem {
  return {
    Update: {
      TableName: table,
      Key: purchaseKey(userId, after.id),
      ConditionExpression: IS_AT_VERSION,
      UpdateExpression: FOLLOW,
      ExpressionAttributeNames: namesIn(IS_AT_VERSION, FOLLOW),
      ExpressionAttributeValues: toWire({
        ':before': after.version - 1,
        ':version': after.version,
        ':status': after.status,
        ':customerId': after.customerId,
        ':checkoutUrl': after.checkoutUrl,
        ':paymentIntentId': after.paymentIntentId,
        ':settledAt': after.settledAt,
        ':returnedCents': after.returnedCents,
        ':creditsTaken': after.creditsTaken,
      }),
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    },
  };
}

/** Goes into a transaction of what follows from a purchase as it was read. */
export function purchaseIsAtVersion(
  table: string,
  userId: string,
  { id, version }: PurchaseRecord,
): TransactWriteItem {
  return {
    ConditionCheck: {
      TableName: table,
      Key: purchaseKey(userId, id),
      ConditionExpression: IS_AT_VERSION,
      ExpressionAttributeNames: namesIn(IS_AT_VERSION),
      ExpressionAttributeValues: toWire({ ':before': version }),
    },
  };
}

/** @throws CorruptItemError */
export function parsePurchase(item: WireItem): PurchaseRecord {
  const reader = ItemReader.fromWire(item);
  return {
    id: reader.string('id'),
    version: reader.integer('version'),
    status: reader.oneOf('status', PURCHASE_STATUSES),
    credits: reader.integer('credits'),
    amountCents: reader.integer('amountCents'),
    currency: reader.oneOf('currency', ['usd']),
    customerId: reader.string('customerId'),
    checkoutUrl: reader.isNull('checkoutUrl') ? null : reader.string('checkoutUrl'),
    paymentIntentId: reader.isNull('paymentIntentId') ? null : reader.string('paymentIntentId'),
    createdAt: reader.integer('createdAt'),
    settledAt: reader.isNull('settledAt') ? null : reader.integer('settledAt'),
    returnedCents: reader.integer('returnedCents'),
    creditsTaken: reader.integer('creditsTaken'),
  };
}
