/**
 * Opaque cursors. A cursor is the position after a page, bound to one list and one user. So a list refuses a cursor that
 * was altered or that belongs elsewhere. It is no secret: a list reads only its own user's records, at any position (G13).
 */
import { createHash } from 'node:crypto';

const SEAL_BYTES = 12;

/** The list that a cursor belongs to. */
export interface List {
  route: string;
  userId: string;
}

function seal({ route, userId }: List, position: string): Buffer {
  const text = JSON.stringify([route, userId, position]);
  return createHash('sha256').update(text).digest().subarray(0, SEAL_BYTES);
}

export function encodeCursor(list: List, position: string): string {
  return Buffer.concat([seal(list, position), Buffer.from(position)]).toString('base64url');
}

/** The position that a cursor stands for; null for one that this list has not given to this user. */
export function decodeCursor(list: List, cursor: string): string | null {
  const bytes = Buffer.from(cursor, 'base64url');
  const position = bytes.subarray(SEAL_BYTES).toString();
  // Encoding it again shows whether it is exactly what this list gave: other texts decode to the same bytes.
  return encodeCursor(list, position) === cursor ? position : null;
}
