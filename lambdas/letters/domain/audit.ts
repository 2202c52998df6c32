import {
  AUDIT_TYPES as CORE_AUDIT_TYPES,
  type AuditRecord,
  auditOf as coreAuditOf,
  recordOf,
} from '../../domain/audit.ts';
import { type Catalogue } from '../../domain/catalogue.ts';
import { type AnyChange } from './changes.ts';
import { eventsOfPayment } from './payment-events.ts';

/** Everything that the audit trail tells of. */
export const AUDIT_TYPES = [
  ...CORE_AUDIT_TYPES,
  /** A card has been charged for a delivery; the charge and the delivery have failed; money has gone back. */
  'PaymentSucceeded',
  'PaymentFailed',
  'PaymentRefunded',
  /** A holder disputes a charge; their bank has decided. */
  'PaymentDisputed',
  'PaymentDisputeWon',
  'PaymentDisputeLost',
  /** Senders have not answered many deliveries at once. */
  'DeliveriesStuck',
] as const;

type AuditType = (typeof AUDIT_TYPES)[number];

/** What the audit trail keeps of a change. For a delivery, it keeps what happened to the money. */
export function auditOf(change: AnyChange, catalogue: Catalogue): AuditRecord<AuditType>[] {
  if (change.kind === 'delivery') {
    return eventsOfPayment(change).map((event) => recordOf(event, 'postage:payments'));
  }
  return change.kind === 'letter' ? [] : coreAuditOf(change, catalogue);
}
