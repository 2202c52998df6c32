import { type AuditRecord, auditOf as coreAuditOf, recordOf } from '../../domain/audit.ts';
import { type Catalogue } from '../../domain/catalogue.ts';
import { type AnyChange } from './changes.ts';
import { eventsOfPayment } from './payment-events.ts';

/** What the audit trail keeps of a change. For a delivery, it keeps what happened to the money. */
export function auditOf(change: AnyChange, catalogue: Catalogue): AuditRecord[] {
  if (change.kind === 'delivery') {
    return eventsOfPayment(change).map((event) => recordOf(event, 'postage:payments'));
  }
  return change.kind === 'letter' || change.kind === 'text' ? [] : coreAuditOf(change, catalogue);
}
