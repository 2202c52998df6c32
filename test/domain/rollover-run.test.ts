import { describe, expect, it } from '@jest/globals';
import {
  type AccountOutcome,
  MAX_RESULTS,
  millisecondsPerThousand,
  type ShardProgress,
  summarizeRun,
} from '../../lambdas/domain/rollover-run.ts';

function shard(progress: Partial<ShardProgress>): ShardProgress {
  return { shard: 0, cursor: null, pages: 1, total: 0, succeeded: 0, failed: 0, ...progress };
}

describe('the summary of a rollover run', () => {
  it('adds the shards up', () => {
    const shards = [
      shard({ total: 10, succeeded: 10 }),
      shard({ shard: 1, total: 30, succeeded: 28, failed: 2 }),
    ];
    expect(summarizeRun(shards, 1_234)).toEqual({
      totalProcessed: 40,
      successCount: 38,
      errorCount: 2,
      errorRate: 0.05,
      processingTimeMs: 1_234,
      brokenShards: 0,
      unfinished: [],
    });
  });

  it('of nobody has an error rate of zero', () => {
    expect(summarizeRun([], 5)).toMatchObject({ totalProcessed: 0, errorRate: 0 });
  });

  it('names the shards that go on, and those that broke', () => {
    const shards = [
      shard({ shard: 3, cursor: 'next' }),
      shard({ shard: 4 }),
      shard({ shard: 5, cursor: undefined }),
      shard({ shard: 6, cursor: 'next', brokenPages: 1 }),
    ];
    expect(summarizeRun(shards, 0)).toMatchObject({ unfinished: [3, 5], brokenShards: 1 });
  });

  it('names the first hundred accounts, where they were asked for', () => {
    const results = Array.from({ length: 70 }, (_, index): AccountOutcome => ({
      userId: `u${index}`,
      outcome: 'rolled',
    }));
    const summary = summarizeRun([shard({ results }), shard({ results })], 0);
    expect(summary.results).toHaveLength(MAX_RESULTS);
    expect(summary.results?.[70]).toEqual(results[0]);
  });

  it.each([
    [2_000, 30_000, 15_000],
    [1_000, 30_000, 30_000],
    [10, 30_000, 30_000],
    [0, 500, 500],
  ])('%d accounts in %d ms: %d ms per thousand', (total, processingTimeMs, expected) => {
    const summary = summarizeRun([shard({ total, succeeded: total })], processingTimeMs);
    expect(millisecondsPerThousand(summary)).toBe(expected);
  });
});
