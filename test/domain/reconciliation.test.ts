import { describe, expect, it } from '@jest/globals';
import { figuresOf, stuckPercent } from '../../lambdas/letters/domain/reconciliation.ts';

describe('the figures of a run', () => {
  it('are nothing where nothing was due', () => {
    expect(figuresOf({})).toEqual({
      totalProcessed: 0,
      successCount: 0,
      errorCount: 0,
      errorRate: 0,
      dispatched: 0,
      stuck: 0,
      newlyStuck: 0,
      givenUp: 0,
    });
  });

  it('tell stuck deliveries from new ones, and failures from the rest', () => {
    const outcomes = {
      dispatched: 10,
      dispatched_again: 3,
      dispatched_once_more: 2,
      given_up: 1,
      settled: 1,
      waiting: 1,
      not_due: 1,
      failed: 1,
    };
    expect(figuresOf(outcomes)).toEqual({
      totalProcessed: 20,
      successCount: 19,
      errorCount: 1,
      errorRate: 0.05,
      dispatched: 10,
      stuck: 6,
      newlyStuck: 3,
      givenUp: 1,
    });
  });
});

describe('the share of a day’s deliveries that were stuck', () => {
  it.each<[string, { dispatched: number; newlyStuck: number }[], number]>([
    ['of no runs', [], 0],
    ['of runs without any', [{ dispatched: 0, newlyStuck: 0 }], 0],
    [
      'of several runs together',
      [
        { dispatched: 900, newlyStuck: 0 },
        { dispatched: 100, newlyStuck: 1 },
      ],
      0.1,
    ],
    ['that were handed over on the day before', [{ dispatched: 0, newlyStuck: 3 }], 100],
  ])('%s', (_what, runs, percent) => {
    expect(stuckPercent(runs)).toBe(percent);
  });
});
