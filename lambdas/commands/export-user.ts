import { type BelongingsOf } from '../adapters/dynamodb/belongings.ts';
import { batchGet } from '../adapters/dynamodb/batch-get.ts';
import { itemBytes } from '../adapters/dynamodb/item-size.ts';
import { ItemReader, sortKeyOf, toWire, type WireItem } from '../adapters/dynamodb/items.ts';
import { kindOf, userAuditKey, userKey } from '../adapters/dynamodb/keys.ts';
import { type Page, type PageRequest } from '../adapters/dynamodb/lists.ts';
import { queryPartition } from '../adapters/dynamodb/partitions.ts';
import { type Store } from '../adapters/dynamodb/store.ts';
import { TABLE_SCHEMA } from '../adapters/dynamodb/table-schema.ts';
import { type Deadline } from '../domain/deadline.ts';
import { batchesOf } from '../runtime/batches.ts';

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
 * Everything that Postage keeps about a user, as it keeps it, in pages (the right of access, GDPR article 15). A page ends
 * at 1 MB, so the answer always fits. It may hold fewer items than asked for and still have a next one.
 *
 * @throws BusyError
 */
export async function exportUser(
  store: Store,
  userId: string,
  { limit, after }: PageRequest,
  belongingsOf: BelongingsOf,
  deadline: Deadline,
): Promise<Page<ExportedItem>> {
  const { partition, sk } = parsePosition(after);
  const { keyOf, isReversed } = PARTITIONS[partition] ?? TRAIL;
  const pk = keyOf(userId);
  const start = sk === '' ? null : toWire({ pk, sk });
  const { items, next } = await queryPartition(store, pk, { after: start, limit, isReversed }, deadline);
  if (partition !== 0) {
    return { items: items.map((item) => exported(item, 'AUDIT')), next: nextPosition(partition, next) };
  }
  const records = await withBelongings(store, userId, items, belongingsOf, deadline);
  const last = records.length < items.length ? (items[records.length - 1] ?? null) : next;
  return {
    items: records.map((item) => exported(item, kindOf(sortKeyOf(item)))),
    next: nextPosition(partition, last),
  };
}

/** Records whose belongings are read at once. */
const READ_AT_ONCE = 16;
const MAX_PAGE_BYTES = 1024 * 1024;

/** Records with all that belongs to them: as many of the first as fit into a page. */
async function withBelongings(
  store: Store,
  userId: string,
  records: readonly WireItem[],
  belongingsOf: BelongingsOf,
  deadline: Deadline,
): Promise<WireItem[]> {
  const whole: WireItem[] = [];
  let bytes = 0;
  for (const some of batchesOf(records, READ_AT_ONCE)) {
    const keys = some.map((record) => belongingsOf(userId, record));
    const read = await batchGet(store, keys.flat(), deadline);
    const found = new Map(read.map((item) => [item['pk']?.S, item]));
    for (const [index, record] of some.entries()) {
      const belongings = (keys[index] ?? []).map((key) => found.get(key['pk']?.S) ?? {});
      const item = belongings.reduce<WireItem>((whole, part) => ({ ...part, ...whole }), record);
      bytes += itemBytes(item);
      if (bytes > MAX_PAGE_BYTES && whole.length > 0) {
        return whole;
      }
      whole.push(item);
    }
  }
  return whole;
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

function exported(item: WireItem, kind: string): ExportedItem {
  const entries = Object.entries(ItemReader.fromWire(item).plain()).filter(([name]) => !LEFT_OUT.has(name));
  const data = entries.map(([name, value]) => [name, value instanceof Set ? [...value] : value] as const);
  return { kind, key: sortKeyOf(item), data: Object.fromEntries(data) };
}
