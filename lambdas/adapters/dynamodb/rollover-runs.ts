import { type AuditRecord } from '../../domain/audit.ts';
import { type Deadline } from '../../domain/deadline.ts';
import { type DayRange } from '../../domain/statistics.ts';
import { parseAuditRecord } from './audit.ts';
import { ItemReader, toWire } from './items.ts';
import { ROLLOVER_AUDIT_KEY } from './keys.ts';
import { type Page, type PageRequest } from './lists.ts';
import { queryPartition } from './partitions.ts';
import { type Store } from './store.ts';
import { TABLE_SCHEMA } from './table-schema.ts';

/** Their keys begin with an instant, which begins with its day; nothing that does so comes after this. */
const END_OF_DAY = '~';

/**
 * The runs of the rollover on the days of a range, as the audit trail tells of them, newest first. It reads the runs and
 * nothing else.
 *
 * @throws BusyError
 */
export async function listRolloverRuns(
  store: Store,
  { first, last }: DayRange,
  { limit, after }: PageRequest,
  deadline: Deadline,
): Promise<Page<AuditRecord>> {
  const { items, next } = await queryPartition(
    store,
    ROLLOVER_AUDIT_KEY,
    {
      keys: { first, last: `${last}${END_OF_DAY}` },
      after: after === null ? null : toWire({ pk: ROLLOVER_AUDIT_KEY, sk: after }),
      limit,
      isReversed: true,
    },
    deadline,
  );
  return {
    items: items.map(parseAuditRecord),
    next: next === null ? null : ItemReader.fromWire(next).string(TABLE_SCHEMA.sortKey),
  };
}
