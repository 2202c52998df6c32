/** The mark that an import leaves for each user: it says whose import it was, and how far it came. */
import type { TransactWriteItem } from '@aws-sdk/client-dynamodb';
import { expiringAfter } from '../lambdas/adapters/dynamodb/expiry.ts';
import { getItem } from '../lambdas/adapters/dynamodb/get-item.ts';
import { evaluated, ItemReader, toWire, type WireItem } from '../lambdas/adapters/dynamodb/items.ts';
import { markKey } from '../lambdas/adapters/dynamodb/keys.ts';
import { putNew } from '../lambdas/adapters/dynamodb/put-new.ts';
import type { Store } from '../lambdas/adapters/dynamodb/store.ts';
import type { Deadline } from '../lambdas/domain/deadline.ts';
import type { Instant } from '../lambdas/domain/instants.ts';

/** `begun`: the account is there with its balance. `done`: it follows Stripe, and its usage is counted. */
const STEPS = ['begun', 'done'] as const;

export interface ImportMark {
  /** The fingerprint of the file. */
  file: string;
  step: (typeof STEPS)[number];
}

/** Longer than anybody's import takes. Without it, its user is one who was there before. */
const KEPT_DAYS = 180;

function keyOf(userId: string): WireItem {
  return toWire({ pk: markKey(['import', userId]), sk: 'MARK' });
}

function itemOf(userId: string, mark: ImportMark, now: Instant): WireItem {
  return { ...keyOf(userId), ...toWire({ ...mark, ...expiringAfter(KEPT_DAYS, now) }) };
}

export function putBegun(table: string, userId: string, file: string, now: Instant): TransactWriteItem {
  return putNew(table, itemOf(userId, { file, step: 'begun' }, now));
}

/** Its condition fails for a user whose usage has been counted. */
export function putDone(table: string, userId: string, file: string, now: Instant): TransactWriteItem {
  return {
    Put: {
      TableName: table,
      Item: itemOf(userId, { file, step: 'done' }, now),
      ...evaluated({ ConditionExpression: '#file = :file AND #step = :begun' }, { file, begun: 'begun' }),
    },
  };
}

/** @throws BusyError */
export async function readMark(store: Store, userId: string, deadline: Deadline): Promise<ImportMark | null> {
  const item = await getItem(store, keyOf(userId), deadline);
  if (item === null) {
    return null;
  }
  const reader = ItemReader.fromWire(item);
  return { file: reader.string('file'), step: reader.oneOf('step', STEPS) };
}
