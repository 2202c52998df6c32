import { type Deadline } from '../domain/deadline.ts';
import { type Instant } from '../domain/instants.ts';

/** What every command gets: who asks, when, and how long the answer may take. */
export interface CommandContext {
  userId: string;
  /** Identifies the request: drawn once for it, or derived from its `Idempotency-Key` (G2). */
  id: string;
  /** Of the request's body: the same id with another one is another request. */
  fingerprint: string;
  now: Instant;
  deadline: Deadline;
}
