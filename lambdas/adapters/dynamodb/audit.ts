import { type AuditRecord } from '../../domain/audit.ts';
import { type Deadline } from '../../domain/deadline.ts';
import { toIso, utcDay } from '../../domain/instants.ts';
import { type DayRange } from '../../domain/statistics.ts';
import { listAuditDay } from './audit-day.ts';
import { expiringAfter } from './expiry.ts';
import { ItemReader, sortKeyOf, toWire, type WireItem } from './items.ts';
import { auditKey, auditShard, ROLLOVER_AUDIT_KEY, userAuditKey } from './keys.ts';
import { type Page, type PageRequest } from './lists.ts';
import { queryPartition } from './partitions.ts';
import { putNew } from './put-new.ts';
import { retrying, TRY_AGAIN } from './retry.ts';
import { type Store } from './store.ts';
import { MAX_TRANSACTION_ITEMS, transact } from './transact.ts';

/** Audit records are kept for two years. */
const KEPT_DAYS = 731;

/** As many records as one transaction takes: each stands in two trails at most. */
export const MAX_AUDIT_RECORDS = MAX_TRANSACTION_ITEMS / 2;

/** Appends one record to the audit trail. @throws BusyError */
export async function appendAudit(store: Store, record: AuditRecord, deadline: Deadline): Promise<void> {
  await appendAuditRecords(store, [record], deadline);
}

/**
 * Appends to the audit trail: to the trail of the day, and to that of the user or of the rollover's runs. It appends all
 * records or none. Records that are there already stay as they are.
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

function trailsOf({ id, at, type, userId }: AuditRecord): string[] {
  const ofDay = auditKey(utcDay(at), auditShard(id));
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

/** A day's trail, a user's, or what happened to a user on a day. */
export type AuditQuery = { type?: string } & (
  { day: string; userId?: undefined } | { day?: string; userId: string }
);

/** A page ends after reading this many records, however few of them are of the type that was asked for. */
const MOST_READ_PER_PAGE = 5_000;
const READ_AT_ONCE = 1_000;

/**
 * Audit records, newest first. A page of a rare type may hold fewer records than asked for, or none, and still have a
 * next one.
 *
 * @throws BusyError
 */
export async function listAuditRecords(
  store: Store,
  query: AuditQuery,
  page: PageRequest,
  deadline: Deadline,
): Promise<Page<AuditRecord>> {
  const { items, next } =
    query.userId === undefined
      ? await listAuditDay(store, { ...query, ...page, mostRead: MOST_READ_PER_PAGE }, deadline)
      : await listUserTrail(store, query, page, deadline);
  return { items: items.map(parseAuditRecord), next };
}

async function listUserTrail(
  store: Store,
  { day, userId, type }: Extract<AuditQuery, { userId: string }>,
  { limit, after }: PageRequest,
  deadline: Deadline,
): Promise<Page<WireItem>> {
  const trail = userAuditKey(userId);
  const keys = day === undefined ? undefined : { prefix: day };
  const found: WireItem[] = [];
  let last = after === null ? null : toWire({ pk: trail, sk: after });
  const atOnce = type === undefined ? limit + 1 : READ_AT_ONCE;
  for (let read = 0; read < MOST_READ_PER_PAGE; read += atOnce) {
    const request = { keys, type, after: last, limit: atOnce, isReversed: true };
    const page = await queryPartition(store, trail, request, deadline);
    found.push(...page.items);
    last = page.next;
    if (last === null || found.length > limit) {
      break;
    }
  }
  const shown = found.slice(0, limit);
  const end = (found.length > limit ? shown.at(-1) : last) ?? null;
  return { items: shown, next: end === null ? null : sortKeyOf(end) };
}

/** Their keys begin with an instant, which begins with its day; nothing that does so comes after this. */
const END_OF_DAY = '~';

/** The runs of the rollover on the days of a range, newest first. It reads the runs and nothing else. @throws BusyError */
export async function listRolloverRuns(
  store: Store,
  { first, last }: DayRange,
  { limit, after }: PageRequest,
  deadline: Deadline,
): Promise<Page<AuditRecord>> {
  const request = {
    keys: { first, last: `${last}${END_OF_DAY}` },
    after: after === null ? null : toWire({ pk: ROLLOVER_AUDIT_KEY, sk: after }),
    limit,
    isReversed: true,
  };
  const { items, next } = await queryPartition(store, ROLLOVER_AUDIT_KEY, request, deadline);
  return { items: items.map(parseAuditRecord), next: next === null ? null : sortKeyOf(next) };
}

/** @throws CorruptItemError */
function parseAuditRecord(item: WireItem): AuditRecord {
  const reader = ItemReader.fromWire(item);
  return {
    id: reader.string('id'),
    at: reader.integer('at'),
    type: reader.string('type'),
    actor: reader.string('actor'),
    ...(reader.has('userId') ? { userId: reader.string('userId') } : {}),
    ...(reader.has('reason') ? { reason: reader.string('reason') } : {}),
    data: reader.map('data').plain(),
  };
}
