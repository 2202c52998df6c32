import { QueryCommand, type QueryCommandOutput } from '@aws-sdk/client-dynamodb';
import { type AuditRecord, AUDIT_TYPES, type AuditType } from '../../domain/audit.ts';
import { type Deadline } from '../../domain/deadline.ts';
import { toIso, utcDay } from '../../domain/instants.ts';
import { expiringAfter } from './expiry.ts';
import { ItemReader, toWire, type WireItem } from './items.ts';
import { auditKey, ROLLOVER_AUDIT_KEY, userAuditKey } from './keys.ts';
import { type Page, type PageRequest } from './lists.ts';
import { putNew } from './put-new.ts';
import { retrying, TRY_AGAIN } from './retry.ts';
import { type Store } from './store.ts';
import { TABLE_SCHEMA } from './table-schema.ts';
import { MAX_TRANSACTION_ITEMS, transact } from './transact.ts';

/** Audit records are kept for two years. */
const KEPT_DAYS = 731;

/** As many records as one transaction takes: each stands in two trails at most. */
export const MAX_AUDIT_RECORDS = MAX_TRANSACTION_ITEMS / 2;

/** Appends one record to the audit trail, as `appendAuditRecords` does. @throws BusyError */
export async function appendAudit(store: Store, record: AuditRecord, deadline: Deadline): Promise<void> {
  await appendAuditRecords(store, [record], deadline);
}

/**
 * Appends to the audit trail: to the day's, to the user's where it is about one, and to that of the rollover's runs. All of them are appended or none,
 * but for those that are there already, which stay as they are.
 *
 * @param records at most `MAX_AUDIT_RECORDS`, each another one
 * @throws BusyError
 */
export async function appendAuditRecords(
  store: Store,
  records: readonly AuditRecord[],
  deadline: Deadline,
): Promise<void> {
  let items = records.flatMap((record) =>
    trailsOf(record).map((trail) => putNew(store.table, auditItem(trail, record))),
  );
  await retrying(deadline, async (abortSignal) => {
    const transaction = await transact(store, items, abortSignal);
    if (transaction.committed) {
      return null;
    }
    const { reasons } = transaction;
    items = items.filter((_, index) => reasons[index]?.reason !== 'condition');
    return items.length === 0 ? null : TRY_AGAIN;
  });
}

function trailsOf({ at, type, userId }: AuditRecord): string[] {
  const ofDay = auditKey(utcDay(at));
  if (type === 'RolloverFinished') {
    return [ofDay, ROLLOVER_AUDIT_KEY];
  }
  return userId === undefined ? [ofDay] : [ofDay, userAuditKey(userId)];
}

function auditItem(trail: string, record: AuditRecord): WireItem {
  return toWire({
    pk: trail,
    sk: `${toIso(record.at)}#${record.id}`,
    ...record,
    ...expiringAfter(KEPT_DAYS, record.at),
  });
}

/** Which part of the trail: a day's, a user's, or what happened to a user on a day. */
export type AuditQuery = { type?: AuditType } & (
  { day: string; userId?: string } | { day?: string; userId: string }
);

/** Where records of another type are passed over, a page is given up after reading this many of them. */
const MOST_READ_PER_PAGE = 5_000;
const READ_AT_ONCE = 1_000;

/**
 * Audit records, newest first. Of a type that is rare among many others, a page may hold fewer than asked for, or none,
 * and still have a next one.
 *
 * @throws BusyError
 */
export async function listAuditRecords(
  store: Store,
  query: AuditQuery,
  { limit, after }: PageRequest,
  deadline: Deadline,
): Promise<Page<AuditRecord>> {
  const found: WireItem[] = [];
  let last = after;
  for (let read = 0; read < MOST_READ_PER_PAGE; read += READ_AT_ONCE) {
    const { Items = [], LastEvaluatedKey } = await readTrail(store, query, last, deadline);
    found.push(...Items);
    last = LastEvaluatedKey === undefined ? null : sortKeyOf(LastEvaluatedKey);
    if (last === null || found.length > limit) {
      break;
    }
  }
  const shown = found.slice(0, limit);
  const lastShown = shown.at(-1);
  return {
    items: shown.map(parseAuditRecord),
    next: found.length > limit && lastShown !== undefined ? sortKeyOf(lastShown) : last,
  };
}

async function readTrail(
  store: Store,
  { day, userId, type }: AuditQuery,
  after: string | null,
  deadline: Deadline,
): Promise<QueryCommandOutput> {
  const trail = userId === undefined ? auditKey(day ?? '') : userAuditKey(userId);
  const ofDay = userId === undefined || day === undefined ? '' : ' AND begins_with(#sk, :day)';
  return retrying(deadline, (abortSignal) =>
    store.client.send(
      new QueryCommand({
        TableName: store.table,
        KeyConditionExpression: `#pk = :pk${ofDay}`,
        FilterExpression: type === undefined ? undefined : '#type = :type',
        ExpressionAttributeNames: {
          '#pk': TABLE_SCHEMA.partitionKey,
          ...(ofDay === '' ? {} : { '#sk': TABLE_SCHEMA.sortKey }),
          ...(type === undefined ? {} : { '#type': 'type' }),
        },
        ExpressionAttributeValues: toWire({
          ':pk': trail,
          ':day': ofDay === '' ? undefined : day,
          ':type': type,
        }),
        ExclusiveStartKey: after === null ? undefined : toWire({ pk: trail, sk: after }),
        ScanIndexForward: false,
        ConsistentRead: true,
        Limit: READ_AT_ONCE,
      }),
      { abortSignal },
    ),
  );
}

function sortKeyOf(item: WireItem): string {
  return ItemReader.fromWire(item).string(TABLE_SCHEMA.sortKey);
}

/** @throws CorruptItemError */
export function parseAuditRecord(item: WireItem): AuditRecord {
  const reader = ItemReader.fromWire(item);
  return {
    id: reader.string('id'),
    at: reader.integer('at'),
    type: reader.oneOf('type', AUDIT_TYPES),
    actor: reader.string('actor'),
    ...(reader.has('userId') ? { userId: reader.string('userId') } : {}),
    ...(reader.has('reason') ? { reason: reader.string('reason') } : {}),
    data: reader.map('data').plain(),
  };
}
