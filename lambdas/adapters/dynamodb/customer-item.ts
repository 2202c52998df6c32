import { type TransactWriteItem } from '@aws-sdk/client-dynamodb';
import { type Deadline } from '../../domain/deadline.ts';
import { getItem } from './get-item.ts';
import { ItemReader, toWire, type WireItem } from './items.ts';
import { customerKey } from './keys.ts';
import { putNew } from './put-new.ts';
import { type Store } from './store.ts';

/**
 * A user has at most one customer at Stripe. The account names the customer, and an item of the customer's leads back
 * to the user; a command writes both together, so that neither is ever there without the other.
 */
const CUSTOMER_SORT_KEY = 'CUSTOMER';

function customerItemKey(customerId: string): WireItem {
  return toWire({ pk: customerKey(customerId), sk: CUSTOMER_SORT_KEY });
}

/** Leads from a customer whom nobody has yet to a user. */
export function putCustomer(table: string, customerId: string, userId: string): TransactWriteItem {
  return putNew(table, { ...customerItemKey(customerId), ...toWire({ userId }) });
}

/** Removes what leads from a customer to its user. */
export function forgetCustomer(table: string, customerId: string): TransactWriteItem {
  return { Delete: { TableName: table, Key: customerItemKey(customerId) } };
}

/** @throws CorruptItemError */
export function parseCustomer(item: WireItem): string {
  return ItemReader.fromWire(item).string('userId');
}

/** Whose customer it is; null: as far as Postage knows, nobody's. @throws BusyError */
export async function findUserOfCustomer(
  store: Store,
  customerId: string,
  deadline: Deadline,
): Promise<string | null> {
  const item = await getItem(store, customerItemKey(customerId), deadline);
  return item === null ? null : parseCustomer(item);
}
