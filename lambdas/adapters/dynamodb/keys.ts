import { createHash, hash } from 'node:crypto';
import { type Instant, toIso } from '../../domain/instants.ts';
import { AUDIT_SHARDS, DUE_SHARDS } from './table-schema.ts';

/** The keys of the table's items. Nothing else composes them. */

export function userKey(userId: string): string {
  return `USER#${userId}`;
}

/** The user to whom an item belongs; null: to no user. */
export function userIdOf(pk: string): string | null {
  return pk.startsWith(userKey('')) ? pk.slice(userKey('').length) : null;
}

export const ACCOUNT_KEY = 'ACCOUNT';

/** What a user's record is, in the core (`USAGE`, `LEDGER`, `PURCHASE`, `CHANGE`, `GIFT`, `CLAIM`) or in an app on top of it. */
export type RecordKind = Uppercase<string>;

export function recordKey(kind: RecordKind, id: string): string {
  return `${kind}#${id}`;
}

/** The kind of a user's item, by its sort key: what stands before the first `#`. */
export function kindOf(sk: string): string {
  return sk.split('#', 1)[0] ?? sk;
}

export const PERIOD_PREFIX = 'PERIOD#';

export function periodKey(periodStart: Instant): string {
  return `${PERIOD_PREFIX}${toIso(periodStart)}`;
}

/** A record's place in its user's list of one kind: by time, then by id. */
export function listKey(kind: RecordKind, at: Instant, id: string): string {
  return recordKey(kind, `${toIso(at)}#${id}`);
}

/** Movements of credits lie in the table as they are listed, by time. */
export function ledgerKey(at: Instant, id: string): string {
  return listKey('LEDGER', at, id);
}

/** The partition that leads from a customer at Stripe to a user. */
export function customerKey(customerId: string): string {
  return `CUSTOMER#${customerId}`;
}

/** The partition that leads from the hash of a code to a gift. */
export function codeKey(codeHash: string): string {
  return `CODE#${codeHash}`;
}

/** How many wrong codes a user has tried on one UTC day. It names nobody, and it expires. */
export function guessesKey(userId: string, day: string): string {
  return `GUESS#${hashOf([day, userId])}`;
}

/** How often a user has done something in the minute that ends then. It names nobody, and it expires. */
export function rateKey(userId: string, minuteEndsAt: Instant): string {
  return `RATE#${hashOf([String(minuteEndsAt), userId])}`;
}

/** What became of an event of Stripe's. */
export function stripeEventKey(eventId: string): string {
  return `STRIPE#${eventId}`;
}

/** Events of Stripe's that could not be processed, kept whole, side by side. */
export const FAILED_EVENTS_KEY = 'FAILED#STRIPE';

/** An erased user's ledger, under a name that leads back to nobody. */
export function anonymousKey(anonymousId: string): string {
  return `ERASED#${anonymousId}`;
}

/** One of the partitions of the audit records of a UTC day. */
export function auditKey(day: string, shard: number): string {
  return `AUDIT#${day}#${String(shard)}`;
}

/** Where the audit record of an id lies: always in the same shard, so that it is there once. */
export function auditShard(recordId: string): number {
  return spread(recordId, AUDIT_SHARDS);
}

/** The audit records about one user. (A day's partition goes on with a digit.) */
export function userAuditKey(userId: string): string {
  return `AUDIT#USER#${userId}`;
}

/** The audit records of the rollover's runs, side by side, whatever else has happened on their days. */
export const ROLLOVER_AUDIT_KEY = 'AUDIT#ROLLOVERS';

/** The days' totals, side by side, so that a year of them is one query. */
export const STATISTICS_KEY = 'STATS#DAYS';

/** The sketch of a day's or a month's users. It is large and written often. */
export function sketchPartition(unit: string): string {
  return `STATS#USERS#${unit}`;
}

/** The catalogues that have been deployed, side by side. */
export const CATALOGUES_KEY = 'CATALOGUE#DEPLOYED';

/** What the last comparison of catalogues has found. */
export const CATALOGUE_DIFF_KEY = 'CATALOGUE#DIFF';

/** What the last check of the account at Stripe has found. */
export const STRIPE_CHECK_KEY = 'CHECK#STRIPE';

/** A catalogue's place among them: they are numbered, so that of two at once the table takes one. */
export function catalogueKey(number: number): string {
  return String(number).padStart(8, '0');
}

/** Users who are near a limit, side by side. */
export const NEARING_KEY = 'NEAR#USERS';

const WHOLE = 100;

/** Whoever is nearest sorts first. */
export function nearingKey(percent: number, userId: string): string {
  return `${String(WHOLE - percent).padStart(3, '0')}#${userId}`;
}

/** Marks that something has been done. It names nobody: it holds only a hash of what it is about. */
export function markKey(about: readonly string[]): string {
  return `MARK#${hashOf(about)}`;
}

function hashOf(parts: readonly string[]): string {
  return createHash('sha256').update(parts.join('\0')).digest('base64url');
}

function spread(id: string, shards: number): number {
  return hash('sha256', id, 'buffer').readUInt8(0) % shards;
}

function shardOf(id: string): number {
  return spread(id, DUE_SHARDS);
}

/** The partition of `DueIndex` in which an account waits for its rollover. */
export function rolloverShard(shard: number): string {
  return `ROLL#${String(shard)}`;
}

export function accountShard(userId: string): string {
  return rolloverShard(shardOf(userId));
}

/** A partition of `DueIndex` in which records, such as gifts, wait for their day. */
export function dueShard(shard: number): string {
  return `DUE#${String(shard)}`;
}

export function waitingShard(id: string): string {
  return dueShard(shardOf(id));
}
