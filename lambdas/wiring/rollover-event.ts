import * as z from 'zod/mini';
import { ROLL_OUTCOMES } from '../domain/rollover-run.ts';

/** What `lib/rollover.asl.json` passes to the functions of a run. */

const count = z.int().check(z.nonnegative());

const instant = z.pipe(
  z.iso.datetime(),
  z.transform((text) => Date.parse(text)),
);

const progress = z.object({
  shard: z.int().check(z.nonnegative()),
  cursor: z.optional(z.nullable(z.string())),
  pages: z._default(count, 0),
  total: z._default(count, 0),
  succeeded: z._default(count, 0),
  failed: z._default(count, 0),
  brokenPages: z.optional(count),
  results: z.optional(z.array(z.object({ userId: z.string(), outcome: z.enum(ROLL_OUTCOMES) }))),
});

export const rollPageEvent = z.object({ now: instant, progress });

export const summarizeEvent = z.object({
  now: instant,
  startedAt: instant,
  executionId: z.string(),
  shards: z.array(progress),
});
