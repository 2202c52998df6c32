import { arrived, type Change, type RecordChange } from './changes.ts';
import { eventsOf } from './events-of.ts';
import { type Instant } from './instants.ts';

/** Everything that the audit trail tells of. */
export const AUDIT_TYPES = [
  /** A rollover run has come to its end, with its figures. */
  'RolloverFinished',
  /** The plan, the status or an end of a user's subscription has changed. */
  'SubscriptionChanged',
  /** A user has paid for mail credits. */
  'CreditsPurchased',
  /** Money of a purchase has gone back to the user, or is in dispute, or has come back from there. */
  'PurchaseRefunded',
  /** An administrator has corrected a user's mail credits. */
  'CreditsAdjusted',
  /** An administrator has read what is kept about a user. */
  'UserDataRead',
  /** An administrator has ordered that a user be erased. */
  'UserErased',
  /** An administrator has sent an event again that had failed. */
  'EventRedriven',
  /** Many deliveries at once have not been answered by their senders. */
  'DeliveriesStuck',
  /** Whoever has the cron secret has started a job. */
  'JobStarted',
] as const;

export type AuditType = (typeof AUDIT_TYPES)[number];

/** Who did what to whom, when and why. */
export interface AuditRecord {
  /** Stays the same when the same thing is recorded again. */
  id: string;
  at: Instant;
  type: AuditType;
  /** Who did it: the `sub` of a token, or `postage:<part>` for what happened by itself. */
  actor: string;
  /** Whom it was done to; absent where it was done to no single user. */
  userId?: string;
  reason?: string;
  data: object;
}

/** What the audit trail keeps of a change; what only its cause knows is recorded by whoever causes it. */
export function auditOf(change: RecordChange): AuditRecord[] {
  switch (change.kind) {
    case 'account':
    case 'purchase':
      return billingRecords(change);
    case 'movement':
      return adjustmentRecords(change);
    case 'period':
    case 'letter':
    case 'delivery':
    case 'consumption':
    case 'text':
      return [];
  }
}

/** Those of a change's events that the trail keeps too: what billing has done by itself. */
const OF_BILLING = ['SubscriptionChanged', 'CreditsPurchased', 'PurchaseRefunded'] as const;

function billingRecords(change: RecordChange): AuditRecord[] {
  return eventsOf(change).flatMap(({ id, name, userId, data }) => {
    const type = OF_BILLING.find((each) => each === name);
    return type === undefined ? [] : [{ id, at: change.at, type, actor: 'postage:billing', userId, data }];
  });
}

function adjustmentRecords(change: Change<'movement'>): AuditRecord[] {
  const movement = arrived(change);
  if (movement?.kind !== 'adjustment_up' && movement?.kind !== 'adjustment_down') {
    return [];
  }
  const { id, at, amount, source, actor = 'postage:admin', reason } = movement;
  const { userId } = change;
  return [
    {
      id: `CreditsAdjusted:${userId}:${id}`,
      at,
      type: 'CreditsAdjusted',
      actor,
      userId,
      ...(reason === undefined ? {} : { reason }),
      data: { amount, source },
    },
  ];
}
