import { type Catalogue } from './catalogue.ts';
import { arrived, type Change, type RecordChange } from './changes.ts';
import { type EventOf } from './event.ts';
import { eventsOf } from './events-of.ts';
import { type CoreEvent } from './events.ts';
import { type Instant } from './instants.ts';

/** What the audit trail tells of in the core. An app on top of it has types of its own, in the same trail. */
export const AUDIT_TYPES = [
  /** A rollover run has come to its end, with its figures. */
  'RolloverFinished',
  /** The plan, the status or an end of a user's subscription has changed. */
  'SubscriptionChanged',
  /** A user has paid for credits. */
  'CreditsPurchased',
  /** Money of a purchase has gone back to the user, or is in dispute, or has come back from there. */
  'PurchaseRefunded',
  /** A user has put credits into a gift; somebody has claimed it; or it has gone back. */
  'GiftSent',
  'GiftClaimed',
  'GiftReturned',
  /** An administrator has corrected a user's credits. */
  'CreditsAdjusted',
  /** An administrator has read what is kept about a user. */
  'UserDataRead',
  /** An administrator has ordered that a user be erased. */
  'UserErased',
  /** An administrator has sent an event again that had failed. */
  'EventRedriven',
  /** Somebody who has the cron secret has started a job. */
  'JobStarted',
] as const;

export type AuditType = (typeof AUDIT_TYPES)[number];

/** Who did what to whom, when and why. */
export interface AuditRecord<Type extends string = string> {
  /** Stays the same when the same thing is recorded again. */
  id: string;
  at: Instant;
  type: Type;
  /** Who did it: the `sub` of a token, or `postage:<part>` for a part of Postage. */
  actor: string;
  /** The user to whom it was done; absent: it was done to no single user. */
  userId?: string;
  reason?: string;
  data: object;
}

/** The audit records of a change. A command itself records what only it knows. */
export function auditOf(change: RecordChange, catalogue: Catalogue): AuditRecord<AuditType>[] {
  switch (change.kind) {
    case 'account':
    case 'purchase':
    case 'gift':
      return eventsOf(change, catalogue).flatMap((event) =>
        isRecorded(event) ? [recordOf(event, ACTORS[event.name])] : [],
      );
    case 'movement':
      return adjustmentRecords(change);
    case 'period':
    case 'consumption':
      return [];
  }
}

/** The trail keeps events about money or its worth, as the deed of the part of Postage that follows it. */
const ACTORS = {
  SubscriptionChanged: 'postage:billing',
  CreditsPurchased: 'postage:billing',
  PurchaseRefunded: 'postage:billing',
  GiftSent: 'postage:gifts',
  GiftClaimed: 'postage:gifts',
  GiftReturned: 'postage:gifts',
} as const satisfies Partial<Record<CoreEvent['name'], string>>;

function isRecorded(event: CoreEvent): event is CoreEvent & { name: keyof typeof ACTORS } {
  return event.name in ACTORS;
}

/** An event that is kept in the trail, as the deed of a part of Postage. */
export function recordOf<Type extends string>(
  event: EventOf<Type, number, object>,
  actor: string,
): AuditRecord<Type> {
  const { name: type, id, at, userId, data } = event;
  return { id, at: Date.parse(at), type, actor, userId, data };
}

function adjustmentRecords(change: Change<'movement'>): AuditRecord<AuditType>[] {
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
