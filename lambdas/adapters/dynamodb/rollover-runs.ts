import { type AuditRecord } from '../../domain/audit.ts';
import { type Deadline } from '../../domain/deadline.ts';
import { listAuditRecords } from './audit.ts';
import { type Page, type PageRequest } from './lists.ts';
import { type Store } from './store.ts';

/**
 * The runs of the rollover on some days, as the audit trail tells of them, newest first. A page may hold fewer than
 * asked for and still have a next one.
 *
 * @param days the newest first
 * @throws BusyError
 */
export async function listRolloverRuns(
  store: Store,
  days: readonly string[],
  { limit, after }: PageRequest,
  deadline: Deadline,
): Promise<Page<AuditRecord>> {
  const runs: AuditRecord[] = [];
  const first = parsePosition(after ?? days[0] ?? '');
  let { place } = first;
  for (const day of days.filter((each) => each <= first.day)) {
    if (runs.length === limit) {
      return { items: runs, next: day };
    }
    const query = { day, type: 'RolloverFinished' } as const;
    const page = await listAuditRecords(store, query, { limit: limit - runs.length, after: place }, deadline);
    runs.push(...page.items);
    if (page.next !== null) {
      return { items: runs, next: `${day}${page.next}` };
    }
    place = null;
  }
  return { items: runs, next: null };
}

const DAY_LENGTH = '2026-11-24'.length;

/** A position is a day, and the place in its trail after which the page begins; without one, it begins with the day. */
function parsePosition(position: string): { day: string; place: string | null } {
  const place = position.slice(DAY_LENGTH);
  return { day: position.slice(0, DAY_LENGTH), place: place === '' ? null : place };
}
