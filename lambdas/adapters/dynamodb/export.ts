import { unmarshall } from '@aws-sdk/util-dynamodb';
import { type Deadline } from '../../domain/deadline.ts';
import { toWire } from './items.ts';
import { userKey } from './keys.ts';
import { queryPartition } from './partitions.ts';
import { type PageRequest } from './lists.ts';
import { type Store } from './store.ts';
import { TABLE_SCHEMA } from './table-schema.ts';

export interface ExportPage {
  items: Record<string, unknown>[];
  next: string | null;
}

/** What only the table needs: where an item stands, and not what it says. */
const INTERNAL = new Set<string>([
  TABLE_SCHEMA.partitionKey,
  TABLE_SCHEMA.listIndex.sortKey,
  TABLE_SCHEMA.dueIndex.partitionKey,
  TABLE_SCHEMA.dueIndex.sortKey,
  'fingerprint',
]);

/**
 * Everything that is kept about a user, as it is kept, in pages (a right of access, GDPR article 15). `sk` says of each
 * item what it is. DynamoDB ends a page at 1 MB, so that the answer always fits.
 *
 * @throws BusyError
 */
export async function exportUser(
  store: Store,
  userId: string,
  { limit, after }: PageRequest,
  deadline: Deadline,
): Promise<ExportPage> {
  const pk = userKey(userId);
  const start = after === null ? null : toWire({ pk, sk: after });
  const { items, next } = await queryPartition(store, pk, { after: start, limit }, deadline);
  return {
    items: items.map((item) =>
      Object.fromEntries(Object.entries(unmarshall(item)).filter(([name]) => !INTERNAL.has(name))),
    ),
    next: next?.['sk']?.S ?? null,
  };
}
