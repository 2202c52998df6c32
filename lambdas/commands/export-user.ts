import { ItemReader, sortKeyOf, toWire, type WireItem } from '../adapters/dynamodb/items.ts';
import { kindOf, userAuditKey, userKey } from '../adapters/dynamodb/keys.ts';
import { type Page, type PageRequest } from '../adapters/dynamodb/lists.ts';
import { queryPartition } from '../adapters/dynamodb/partitions.ts';
import { type Store } from '../adapters/dynamodb/store.ts';
import { TABLE_SCHEMA } from '../adapters/dynamodb/table-schema.ts';
import { type Deadline } from '../domain/deadline.ts';

/** One thing that is kept about a user. */
export interface ExportedItem {
  /** `ACCOUNT`, `PERIOD`, `LEDGER` and so on; `AUDIT`: what the audit trail tells of the user. */
  kind: string;
  /** Unique among those of its kind. */
  key: string;
  data: Record<string, unknown>;
}

/**
 * The export leaves out what only the table needs: where an item stands, and not what it says. It also leaves out which
 * of the owner's people did something (`actor`), which is a fact about them.
 */
const LEFT_OUT = new Set<string>([
  TABLE_SCHEMA.partitionKey,
  TABLE_SCHEMA.sortKey,
  TABLE_SCHEMA.listIndex.sortKey,
  TABLE_SCHEMA.dueIndex.partitionKey,
  TABLE_SCHEMA.dueIndex.sortKey,
  'fingerprint',
  'codeHash',
  'remains',
  'actor',
]);

/**
 * A user's partitions, one after the other. A position begins with the number of its partition. The audit trail comes
 * newest first: each page of an export adds a record to it, so that its end would move away from an oldest-first reader.
 */
const TRAIL = { keyOf: userAuditKey, isReversed: true };
const PARTITIONS = [{ keyOf: userKey, isReversed: false }, TRAIL];

/**
 * Everything that Postage keeps about a user, as it keeps it, in pages (the right of access, GDPR article 15). DynamoDB
 * ends a page at 1 MB, so the answer always fits. A page may hold fewer items than asked for and still have a next one.
 *
 * @throws BusyError
 */
export async function exportUser(
  store: Store,
  userId: string,
  { limit, after }: PageRequest,
  deadline: Deadline,
): Promise<Page<ExportedItem>> {
  const { partition, sk } = parsePosition(after);
  const { keyOf, isReversed } = PARTITIONS[partition] ?? TRAIL;
  const pk = keyOf(userId);
  const start = sk === '' ? null : toWire({ pk, sk });
  const { items, next } = await queryPartition(store, pk, { after: start, limit, isReversed }, deadline);
  return { items: items.map((item) => exported(item, partition === 0)), next: nextPosition(partition, next) };
}

function nextPosition(partition: number, next: WireItem | null): string | null {
  if (next !== null) {
    return toPosition(partition, sortKeyOf(next));
  }
  return partition + 1 < PARTITIONS.length ? toPosition(partition + 1, '') : null;
}

function toPosition(partition: number, sk: string): string {
  return `${String(partition)}${sk}`;
}

function parsePosition(position: string | null): { partition: number; sk: string } {
  return position === null
    ? { partition: 0, sk: '' }
    : { partition: Number(position.slice(0, 1)), sk: position.slice(1) };
}

function exported(item: WireItem, isRecord: boolean): ExportedItem {
  const key = sortKeyOf(item);
  const kept = Object.entries(ItemReader.fromWire(item).plain()).filter(([name]) => !LEFT_OUT.has(name));
  return { kind: isRecord ? kindOf(key) : 'AUDIT', key, data: Object.fromEntries(kept) };
}
