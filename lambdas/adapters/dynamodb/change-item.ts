import { type TransactWriteItem } from '@aws-sdk/client-dynamodb';
import { BILLING_INTERVALS } from '../../domain/catalogue.ts';
import { type Deadline } from '../../domain/deadline.ts';
import { type Offer } from '../../domain/live-subscription.ts';
import { type BillingChange, CHANGE_FAILURES, CHANGE_STATUSES } from '../../domain/change-verdicts.ts';
import { CHANGE_KINDS, CHANGE_WAYS } from '../../domain/plan-changes.ts';
import { getItem } from './get-item.ts';
import { evaluated, ItemReader, toWire, type WireItem } from './items.ts';
import { recordKey, userKey } from './keys.ts';
import { type Store } from './store.ts';

function changeKey(userId: string, id: string): WireItem {
  return toWire({ pk: userKey(userId), sk: recordKey('CHANGE', id) });
}

export function changeItem(userId: string, change: BillingChange, fingerprint: string): WireItem {
  const { offer, ...others } = change;
  return { ...changeKey(userId, change.id), ...toWire({ fingerprint, ...others, ...offer }) };
}

/** Nobody has written the change since it was read. */
const IS_AT_VERSION = '#version = :before';

/** The parts of the item that change during its life. */
const CHANGING = [
  'version',
  'status',
  'failure',
  'declineCode',
  'effectiveAt',
  'settledAt',
] as const satisfies readonly (keyof BillingChange)[];
const GO_ON = `SET ${CHANGING.map((name) => `#${name} = :${name}`).join(', ')}`;

/** Writes the next state of a change over the one before it, and over no other. */
export function updateChange(table: string, userId: string, after: BillingChange): TransactWriteItem {
  return {
    Update: {
      TableName: table,
      Key: changeKey(userId, after.id),
      ...evaluated(
        { ConditionExpression: IS_AT_VERSION, UpdateExpression: GO_ON },
        { ...after, before: after.version - 1 },
      ),
    },
  };
}

/** @throws CorruptItemError */
export function parseChange(item: WireItem): BillingChange {
  const reader = ItemReader.fromWire(item);
  return {
    id: reader.string('id'),
    ...reader.integers(['version', 'createdAt']),
    kind: reader.oneOf('kind', CHANGE_KINDS),
    offer: parseOffer(reader),
    way: reader.oneOf('way', CHANGE_WAYS),
    status: reader.oneOf('status', CHANGE_STATUSES),
    subscriptionId: reader.string('subscriptionId'),
    aside: reader.isNull('aside') ? null : reader.string('aside'),
    failure: reader.isNull('failure') ? null : reader.oneOf('failure', CHANGE_FAILURES),
    declineCode: reader.isNull('declineCode') ? null : reader.string('declineCode'),
    effectiveAt: reader.isNull('effectiveAt') ? null : reader.integer('effectiveAt'),
    settledAt: reader.isNull('settledAt') ? null : reader.integer('settledAt'),
  };
}

function parseOffer(reader: ItemReader): Offer | null {
  return reader.has('plan')
    ? { plan: reader.string('plan'), interval: reader.oneOf('interval', BILLING_INTERVALS) }
    : null;
}

/** The item of a change, which also holds the fingerprint of its request; null: there is none. @throws BusyError */
export async function readChangeItem(
  store: Store,
  userId: string,
  id: string,
  deadline: Deadline,
): Promise<WireItem | null> {
  return getItem(store, changeKey(userId, id), deadline);
}
