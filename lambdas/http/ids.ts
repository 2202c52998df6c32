/** Ids and fingerprints of commands: a record is its own idempotency record, so both derive from the request (G2). */
import { createHash, randomUUID } from 'node:crypto';

/** 128 bits of a SHA-256, in hexadecimal. */
function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

/**
 * The id of what a request makes. With a key it is always the same for one user and one route. Without a key it is
 * random. (JSON keeps the parts apart.)
 */
export function commandId(route: string, userId: string, idempotencyKey: string | null): string {
  return idempotencyKey === null
    ? randomUUID().replaceAll('-', '')
    : digest(JSON.stringify([route, userId, idempotencyKey]));
}

/** Tells two bodies with the same key apart. The order of fields and white space do not count. */
export function fingerprint(body: unknown): string {
  return digest(JSON.stringify(sorted(body)));
}

/** A copy with its fields in order. JSON leaves out undefined ones. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(sorted);
  }
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
    return Object.fromEntries(entries.map(([name, field]) => [name, sorted(field)]));
  }
  return value;
}
