import { createHash } from 'node:crypto';
import { type Instant, toIso } from '../../domain/instants.ts';
import { DUE_SHARDS } from './table-schema.ts';

/** The keys of the table's items. Nothing else composes them. */

export function userKey(userId: string): string {
  return `USER#${userId}`;
}

export const ACCOUNT_KEY = 'ACCOUNT';

export type RecordKind = 'LETTER' | 'BODY' | 'DELIVERY' | 'USAGE' | 'LEDGER';

export function recordKey(kind: RecordKind, id: string): string {
  return `${kind}#${id}`;
}

export const PERIOD_PREFIX = 'PERIOD#';

export function periodKey(periodStart: Instant): string {
  return `${PERIOD_PREFIX}${toIso(periodStart)}`;
}

export type ListKind = 'LETTER' | 'DELIVERY' | 'LEDGER';

/** A record's place in its user's list of one kind: by time, then by id. */
export function listKey(kind: ListKind, at: Instant, id: string): string {
  return `${kind}#${toIso(at)}#${id}`;
}

/** The audit records of one UTC day share a partition. */
export function auditKey(day: string): string {
  return `AUDIT#${day}`;
}

function shardOf(id: string): number {
  return createHash('sha256').update(id).digest().readUInt8(0) % DUE_SHARDS;
}

/** The partition of `DueIndex` in which an account waits for its rollover. */
export function rolloverShard(shard: number): string {
  return `ROLL#${String(shard)}`;
}

export function accountShard(userId: string): string {
  return rolloverShard(shardOf(userId));
}

/** The partition of `DueIndex` in which a delivery waits for its day. */
export function deliveryShard(id: string): string {
  return `DUE#${String(shardOf(id))}`;
}
