import { appendAudit } from '../adapters/dynamodb/audit.ts';
import { type Store } from '../adapters/dynamodb/store.ts';
import { type AuditType } from '../domain/audit.ts';
import { type Deadline } from '../domain/deadline.ts';
import { type Instant } from '../domain/instants.ts';

/** The audit trail records a job before it starts. No job starts that it can't record. @throws BusyError */
export async function recordStart(
  store: Store,
  { id, at, data }: { id: string; at: Instant; data: object },
  deadline: Deadline,
): Promise<void> {
  const type: AuditType = 'JobStarted';
  await appendAudit(store, { id: `${type}:${id}`, at, type, actor: 'postage:cron', data }, deadline);
}
