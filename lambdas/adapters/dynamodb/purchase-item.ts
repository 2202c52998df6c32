import { type TransactWriteItem } from '@aws-sdk/client-dynamodb';
import { type Deadline } from '../../domain/deadline.ts';
import { type Purchase, PURCHASE_STATUSES } from '../../domain/purchases.ts';
import { getItem } from './get-item.ts';
import { evaluated, ItemReader, toWire, type WireItem } from './items.ts';
import { listKey, recordKey, userKey } from './keys.ts';
import { type RecordList } from './lists.ts';
import { type Store } from './store.ts';

export function purchaseKey(userId: string, id: string): WireItem {
  return toWire({ pk: userKey(userId), sk: recordKey('PURCHASE', id) });
}

export function purchaseItem(userId: string, purchase: Purchase, fingerprint: string): WireItem {
  const place = { listKey: listKey('PURCHASE', purchase.createdAt, purchase.id) };
  return { ...purchaseKey(userId, purchase.id), ...toWire({ ...place, fingerprint, ...purchase }) };
}

/** Nobody has written the purchase since it was read. */
const IS_AT_VERSION = '#version = :before';

/** The parts of the item that change during its life. */
const CHANGING = [
  'version',
  'status',
  'customerId',
  'checkoutUrl',
  'paymentIntentId',
  'settledAt',
  'returnedCents',
  'creditsTaken',
] as const satisfies readonly (keyof Purchase)[];
const FOLLOW = `SET ${CHANGING.map((name) => `#${name} = :${name}`).join(', ')}`;

/** Writes the next state of a purchase over the one before it, and over no other. */
export function updatePurchase(table: string, userId: string, after: Purchase): TransactWriteItem {
  return {
    Update: {
      TableName: table,
      Key: purchaseKey(userId, after.id),
      ...evaluated(
        { ConditionExpression: IS_AT_VERSION, UpdateExpression: FOLLOW },
        { ...after, before: after.version - 1 },
      ),
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    },
  };
}

/** Holds up a transaction that follows from a purchase as it was read. */
export function purchaseIsAtVersion(
  table: string,
  userId: string,
  { id, version }: Purchase,
): TransactWriteItem {
  return {
    ConditionCheck: {
      TableName: table,
      Key: purchaseKey(userId, id),
      ...evaluated({ ConditionExpression: IS_AT_VERSION }, { before: version }),
    },
  };
}

/** @throws CorruptItemError */
export function parsePurchase(item: WireItem): Purchase {
  const reader = ItemReader.fromWire(item);
  return {
    ...reader.integers(['version', 'credits', 'amountCents', 'createdAt', 'returnedCents', 'creditsTaken']),
    id: reader.string('id'),
    status: reader.oneOf('status', PURCHASE_STATUSES),
    currency: reader.oneOf('currency', ['usd']),
    customerId: reader.string('customerId'),
    checkoutUrl: reader.isNull('checkoutUrl') ? null : reader.string('checkoutUrl'),
    paymentIntentId: reader.isNull('paymentIntentId') ? null : reader.string('paymentIntentId'),
    settledAt: reader.isNull('settledAt') ? null : reader.integer('settledAt'),
  };
}

export const PURCHASES: RecordList<Purchase> = { kind: 'PURCHASE', parse: parsePurchase };

/** A purchase; null: there is none. @throws BusyError */
export async function readPurchase(
  store: Store,
  userId: string,
  id: string,
  deadline: Deadline,
): Promise<Purchase | null> {
  const item = await getItem(store, purchaseKey(userId, id), deadline);
  return item === null ? null : parsePurchase(item);
}
