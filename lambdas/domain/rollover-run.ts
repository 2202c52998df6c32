/** What a rollover run amounts to: the figures of its shards, added up. */

/** How far one shard has come; what the state machine carries from page to page. */
export interface ShardProgress {
  shard: number;
  /** Where its next page begins; null when it is done, absent before its first page. */
  cursor?: string | null | undefined;
  pages: number;
  total: number;
  succeeded: number;
  failed: number;
  /** Present when a page has failed for good, and the shard was left. */
  brokenPages?: number | undefined;
  /** The first accounts of the shard, one by one: on a developer's stack only. */
  results?: readonly AccountOutcome[] | undefined;
}

export const ROLL_OUTCOMES = ['rolled', 'not due', 'failed'] as const;

export interface AccountOutcome {
  userId: string;
  outcome: (typeof ROLL_OUTCOMES)[number];
}

export interface RolloverSummary {
  totalProcessed: number;
  successCount: number;
  errorCount: number;
  /** 0 to 1: failures per account met; 0 when the run met none. */
  errorRate: number;
  processingTimeMs: number;
  /** Shards of which a page failed for good: what they still hold is rolled by the next run. */
  brokenShards: number;
  /** Shards that go on in a new execution. */
  unfinished: number[];
  results?: AccountOutcome[];
}

/** How many accounts a developer's stack names one by one. */
export const MAX_RESULTS = 100;

export function summarizeRun(shards: readonly ShardProgress[], processingTimeMs: number): RolloverSummary {
  const sum = (figure: 'total' | 'succeeded' | 'failed'): number =>
    shards.reduce((total, shard) => total + shard[figure], 0);
  const totalProcessed = sum('total');
  const errorCount = sum('failed');
  const results = shards.flatMap((shard) => shard.results ?? []).slice(0, MAX_RESULTS);
  const isBroken = ({ brokenPages }: ShardProgress): boolean => brokenPages !== undefined;
  return {
    totalProcessed,
    successCount: sum('succeeded'),
    errorCount,
    errorRate: totalProcessed === 0 ? 0 : errorCount / totalProcessed,
    processingTimeMs,
    brokenShards: shards.filter(isBroken).length,
    unfinished: shards.filter((shard) => !isBroken(shard) && shard.cursor !== null).map(({ shard }) => shard),
    ...(results.length === 0 ? {} : { results }),
  };
}

/** Milliseconds per thousand accounts; fewer than a thousand count as a thousand, since a run has a beginning too. */
export function millisecondsPerThousand({ totalProcessed, processingTimeMs }: RolloverSummary): number {
  return (processingTimeMs * 1000) / Math.max(1000, totalProcessed);
}
