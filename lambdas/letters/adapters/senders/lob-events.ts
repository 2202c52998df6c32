import { createHmac, timingSafeEqual } from 'node:crypto';
import * as z from 'zod/mini';
import { type Instant } from '../../../domain/instants.ts';

/** The most that the time of a signature may differ from ours. */
const TOLERANCE_MS = 300_000;

export interface SignedBody {
  body: string;
  /** `Lob-Signature`: an HMAC-SHA256 of `<timestamp>.<body>` in hexadecimal. */
  signature: string | undefined;
  /** `Lob-Signature-Timestamp` */
  timestamp: string | undefined;
}

/** Whether Lob has signed this body with the secret, less than five minutes ago. */
export function isSignedByLob(
  { body, signature, timestamp }: SignedBody,
  secret: string,
  now: Instant,
): boolean {
  if (signature === undefined || timestamp === undefined || !/^\d{10,16}$/.test(timestamp)) {
    return false;
  }
  // Lob sends milliseconds. Seconds have fewer digits.
  const signedAt = timestamp.length > 11 ? Number(timestamp) : Number(timestamp) * 1_000;
  const expected = createHmac('sha256', secret).update(`${timestamp}.${body}`).digest();
  const given = Buffer.from(signature, 'hex');
  return (
    Math.abs(now - signedAt) <= TOLERANCE_MS &&
    given.length === expected.length &&
    timingSafeEqual(given, expected)
  );
}

/** What Lob says about one of our letters. */
export interface MailStatus {
  userId: string;
  deliveryId: string;
  providerId: string;
  result: 'sent' | 'failed';
}

export type ReadStatus =
  | { outcome: 'status'; status: MailStatus }
  /** `not_ours`: another app shares the account. `not_followed`: Postage does nothing about such events. */
  | { outcome: 'ignored'; because: 'not_ours' | 'not_followed' }
  | { outcome: 'unreadable' };

const lobEvent = z.object({
  event_type: z.object({ id: z.string() }),
  body: z.object({
    id: z.string(),
    metadata: z.optional(z.record(z.string(), z.string())),
  }),
});

/** The events of a letter that is, or has been, on its way. A letter that comes back was. */
const SENT = new Set(
  [
    'created',
    'mailed',
    'in_transit',
    'in_local_area',
    'international_exit',
    'processed_for_delivery',
    're-routed',
    'delivered',
    'returned_to_sender',
  ].flatMap((status) => [`letter.${status}`, `letter.certified.${status}`]),
);

/** The events of a letter that will never be on its way. */
const FAILED = new Set(['letter.failed', 'letter.rejected', 'letter.deleted']);

/** Reads an event of Lob's. */
export function readLobEvent(body: string): ReadStatus {
  const parsed = lobEvent.safeParse(parseJson(body));
  if (!parsed.success) {
    return { outcome: 'unreadable' };
  }
  const { event_type: type, body: letter } = parsed.data;
  const result = SENT.has(type.id) ? 'sent' : FAILED.has(type.id) ? 'failed' : null;
  if (result === null) {
    return { outcome: 'ignored', because: 'not_followed' };
  }
  const { postage_delivery: deliveryId = '', postage_user: user = '' } = letter.metadata ?? {};
  const userId = Buffer.from(user, 'base64url').toString();
  return deliveryId === '' || userId === ''
    ? { outcome: 'ignored', because: 'not_ours' }
    : { outcome: 'status', status: { userId, deliveryId, providerId: letter.id, result } };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
