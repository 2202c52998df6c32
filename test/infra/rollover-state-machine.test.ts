import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { DUE_SHARDS } from '../../lambdas/adapters/dynamodb/table-schema.ts';
import { execute, type Execution, type Json, type Tasks } from './execute.ts';

const NOW = '2026-03-01T00:00:00Z';

interface Progress {
  shard: number;
  cursor?: string | null;
  total?: number;
  succeeded?: number;
  failed?: number;
  pages?: number;
  brokenPages?: number;
}

interface PageInput {
  now: string;
  progress: Progress;
}

interface SummaryInput {
  now: string;
  startedAt: string;
  executionId: string;
  shards: Progress[];
}

/** A page of one account, which is rolled over; the shard has as many pages as told. */
function roll({ progress }: PageInput, pagesOfShard: number): Progress {
  const { shard, total = 0, succeeded = 0, failed = 0, pages = 0 } = progress;
  const isLast = total + 1 >= pagesOfShard;
  return {
    shard,
    cursor: isLast ? null : `after-${total + 1}`,
    total: total + 1,
    succeeded: succeeded + 1,
    failed,
    pages: pages + 1,
  };
}

function summarize({ shards }: SummaryInput): Record<string, Json> {
  const sum = (figure: 'total' | 'succeeded' | 'failed'): number =>
    shards.reduce((all, shard) => all + (shard[figure] ?? 0), 0);
  return {
    unfinished: shards
      .filter(({ cursor, brokenPages }) => typeof cursor === 'string' && brokenPages === undefined)
      .map(({ shard }) => shard),
    totalProcessed: sum('total'),
    successCount: sum('succeeded'),
    errorCount: sum('failed'),
    brokenShards: shards.filter(({ brokenPages }) => brokenPages !== undefined).length,
  };
}

/** The definition with tasks that take and return what the Lambda functions do. */
async function run(
  tasks: { page: (input: PageInput) => Progress; summary?: (input: SummaryInput) => Record<string, Json> },
  input: Json = { now: NOW },
  continueRollover?: Tasks['ContinueRollover'],
): Promise<Execution> {
  const summary = tasks.summary ?? summarize;
  return execute(input, {
    RollPage: (page) => ({ ...tasks.page(page as unknown as PageInput) }),
    Summarize: (shards) => summary(shards as unknown as SummaryInput),
    ...(continueRollover === undefined ? {} : { ContinueRollover: continueRollover }),
  });
}

/**
 * How many events the execution would have in the history of Step Functions. Beside entering and leaving its state,
 * a task has three per try: scheduled, started, and succeeded or failed. What the interpreter calls failed, retried
 * and caught states are not events of their own there.
 */
function countHistoryEvents({ events }: Execution): number {
  const count = (type: string, stateType?: string): number =>
    events.filter(
      (event) => event.type === type && (!stateType || ('state' in event && event.state.type === stateType)),
    ).length;
  const tries = count('StateEntered', 'Task') + count('StateRetried');
  const others = events.filter(
    ({ type }) => !['StateFailed', 'StateRetried', 'StateCaught'].includes(type),
  ).length;
  // A state whose error is caught is left as well.
  return others + 3 * tries + count('StateCaught');
}

describe('the state machine of the rollover', () => {
  it('goes through every page of every shard and succeeds with the summary', async () => {
    const seen: PageInput[] = [];
    const { output } = await run({
      page: (input) => {
        seen.push(input);
        return roll(input, 3);
      },
    });

    expect(output).toMatchObject({ totalProcessed: 3 * DUE_SHARDS, errorCount: 0, brokenShards: 0 });
    expect(seen.every(({ now }) => now === NOW)).toBe(true);
    expect(
      seen.filter(({ progress }) => progress.shard === DUE_SHARDS - 1).map(({ progress }) => progress),
    ).toEqual([
      { shard: 15 },
      { shard: 15, cursor: 'after-1', total: 1, succeeded: 1, failed: 0, pages: 1 },
      { shard: 15, cursor: 'after-2', total: 2, succeeded: 2, failed: 0, pages: 2 },
    ]);
    expect(new Set(seen.map(({ progress }) => progress.shard)).size).toBe(DUE_SHARDS);
  });

  it('tells the summary when the run started, and which it is', async () => {
    const seen: SummaryInput[] = [];
    await run({
      page: (input) => roll(input, 1),
      summary: (input) => {
        seen.push(input);
        return summarize(input);
      },
    });

    expect(seen).toHaveLength(1);
    expect(seen[0]).toMatchObject({ now: NOW, executionId: 'execution-1' });
    expect(Date.parse(seen[0]?.startedAt ?? '')).not.toBeNaN();
    expect(seen[0]?.shards).toHaveLength(DUE_SHARDS);
  });

  it('tries a page again that failed, and forgets the failure when it succeeds', async () => {
    let tries = 0;
    const { output } = await run({
      page: (input) => {
        if (input.progress.shard === 3 && ++tries <= 3) {
          throw new Error('Broken for a moment.');
        }
        return roll(input, 1);
      },
    });

    expect(tries).toBe(4);
    expect(output).toMatchObject({ totalProcessed: DUE_SHARDS, brokenShards: 0 });
  });

  it('waits with a page that Lambda does not run, ten times, and the page keeps its own three tries', async () => {
    let tries = 0;
    const { output } = await run({
      page: (input) => {
        if (input.progress.shard === 3) {
          tries += 1;
          if (tries <= 10) {
            throw throttled();
          }
          if (tries <= 13) {
            throw new Error('Broken for a moment.');
          }
        }
        return roll(input, 1);
      },
    });

    expect(tries).toBe(14);
    expect(output).toMatchObject({ totalProcessed: DUE_SHARDS, brokenShards: 0 });
  });

  it('G5: leaves a shard whose page fails for good, ends the others and fails with the figures', async () => {
    let tries = 0;
    const { output, failure } = await run({
      page: (input) => {
        if (input.progress.shard === 3 && input.progress.pages === 1) {
          tries += 1;
          throw new Error('Broken.');
        }
        return roll(input, 2);
      },
    });

    expect(output).toBeNull();
    expect(tries).toBe(4);
    expect(failureOf(failure)).toMatchObject({
      totalProcessed: 2 * (DUE_SHARDS - 1) + 1,
      errorCount: 0,
      brokenShards: 1,
      unfinished: [],
    });
  });

  it('fails with the figures when accounts failed', async () => {
    const { failure } = await run({
      page: (input) => ({ ...roll(input, 1), succeeded: 0, failed: 1 }),
    });

    expect(failureOf(failure)).toMatchObject({ totalProcessed: 16, errorCount: 16, brokenShards: 0 });
  });

  it('fails when the summary cannot be made', async () => {
    const { failure } = await run({
      page: (input) => roll(input, 1),
      summary: () => {
        throw new Error('No audit record.');
      },
    });

    expect(failure?.message).toContain('No audit record.');
  });
});

describe('a run that is too long for one execution', () => {
  const PAGES_PER_EXECUTION = 25;

  async function firstAndNext(pagesOfShard: (shard: number) => number): Promise<{
    first: Execution;
    started: { Name: string; StateMachineArn: string; Input: Json };
  }> {
    let started: Json = null;
    const first = await run(
      { page: (input) => roll(input, pagesOfShard(input.progress.shard)) },
      { now: NOW },
      (request) => {
        started = request;
        return { ExecutionArn: 'arn:next', StartDate: 0 };
      },
    );
    return { first, started: started as unknown as { Name: string; StateMachineArn: string; Input: Json } };
  }

  it('hands every shard on to a new execution, whose summary tells of all', async () => {
    const pagesOfShard = (shard: number): number => (shard < 2 ? PAGES_PER_EXECUTION + 5 : 2);
    const { first, started } = await firstAndNext(pagesOfShard);

    expect(first.output).toEqual({ continuedBy: 'arn:next' });
    expect(started.StateMachineArn).toBe('machine');
    expect(started.Input).toMatchObject({ now: NOW, shards: { length: DUE_SHARDS } });

    const seen: Progress[] = [];
    const next = await run(
      {
        page: (input) => {
          seen.push(input.progress);
          return roll(input, pagesOfShard(input.progress.shard));
        },
      },
      started.Input,
    );
    expect(seen).toHaveLength(10);
    expect(seen[0]).toEqual({ shard: 0, cursor: 'after-25', total: 25, succeeded: 25, failed: 0, pages: 0 });
    expect(next.output).toMatchObject({ totalProcessed: 2 * 30 + 14 * 2, unfinished: [], brokenShards: 0 });
  });

  it('keeps the time at which the first execution started', async () => {
    const { started } = await firstAndNext(() => PAGES_PER_EXECUTION + 1);
    const { startedAt } = started.Input as { startedAt: string };
    let told = '';
    await run(
      {
        page: (input) => roll(input, PAGES_PER_EXECUTION + 1),
        summary: (input) => {
          told = input.startedAt;
          return summarize(input);
        },
      },
      started.Input,
    );

    expect(told).toBe(startedAt);
  });

  it('does not go back to a shard that broke', async () => {
    const input: Json = {
      now: NOW,
      startedAt: NOW,
      shards: [
        { shard: 0, brokenPages: 1 },
        { shard: 1, cursor: 'after-25', total: 25, succeeded: 25, failed: 0, pages: 0 },
      ],
    };
    const seen: number[] = [];
    const { failure } = await run(
      {
        page: (page) => {
          seen.push(page.progress.shard);
          return roll(page, 26);
        },
      },
      input,
    );

    expect(seen).toEqual([1]);
    expect(failureOf(failure)).toMatchObject({ totalProcessed: 26, brokenShards: 1 });
  });

  it('names the next execution after itself, so that a repeated start finds the same one', async () => {
    const names = [
      (await firstAndNext(() => PAGES_PER_EXECUTION + 1)).started.Name,
      (await firstAndNext(() => PAGES_PER_EXECUTION + 1)).started.Name,
    ];

    expect(names[0]).toMatch(/^[0-9a-f]{64}$/);
    expect(names[1]).toBe(names[0]);
  });

  it('stays below 20,000 events of history, even when every page needs all its tries', async () => {
    const smooth = await firstAndNext(() => 1_000);
    const tries = new Map<string, number>();
    const rough = await run(
      {
        page: (input) => {
          const page = `${input.progress.shard}/${input.progress.total ?? 0}`;
          const made = (tries.get(page) ?? 0) + 1;
          tries.set(page, made);
          if (made <= 10) {
            throw throttled();
          }
          if (made <= 13) {
            throw new Error('Broken.');
          }
          return roll(input, 1_000);
        },
      },
      { now: NOW },
      () => ({ ExecutionArn: 'arn:next', StartDate: 0 }),
    );

    // Seven events for a page that succeeds at once, and three more for each of its 13 failed tries.
    const pages = DUE_SHARDS * PAGES_PER_EXECUTION;
    expect(countHistoryEvents(smooth.first)).toBeGreaterThan(7 * pages);
    expect(countHistoryEvents(smooth.first)).toBeLessThan(7.4 * pages);
    expect(countHistoryEvents(rough)).toBeGreaterThan(46 * pages);
    expect(countHistoryEvents(rough)).toBeLessThan(20_000);
  });
});

describe('the definition', () => {
  it('covers every shard of the index', () => {
    const definition = JSON.parse(
      readFileSync(new URL('../../lib/rollover.asl.json', import.meta.url), 'utf8'),
    ) as { States: { BeginAllShards: { Parameters: { shards: { shard: number }[] } } } };

    expect(definition.States.BeginAllShards.Parameters.shards).toEqual(
      Array.from({ length: DUE_SHARDS }, (_, shard) => ({ shard })),
    );
  });

  it('gives each function the retrier that AWS recommends, before that for everything else', () => {
    // https://docs.aws.amazon.com/step-functions/latest/dg/sfn-best-practices.html#bp-lambda-serviceexception
    const text = readFileSync(new URL('../../lib/rollover.asl.json', import.meta.url), 'utf8');
    const retriers = [...text.matchAll(/"Resource": "\$\{\w+Arn\}"[^]*?"Retry": (\[[^]*?\}\s*\])/g)].map(
      ([, retry = '[]']) => JSON.parse(retry) as { ErrorEquals: string[] }[],
    );

    expect(retriers).toHaveLength(2);
    for (const [ofLambda, ofAll] of retriers) {
      expect(ofLambda).toEqual({
        ErrorEquals: [
          'Lambda.TooManyRequestsException',
          'Lambda.ClientExecutionTimeoutException',
          'Lambda.ServiceException',
          'Lambda.AWSLambdaException',
          'Lambda.SdkClientException',
        ],
        IntervalSeconds: 2,
        BackoffRate: 2,
        MaxDelaySeconds: 60,
        MaxAttempts: 10,
        JitterStrategy: 'FULL',
      });
      expect(ofAll?.ErrorEquals).toEqual(['States.ALL']);
    }
  });
});

/** As Step Functions names it when Lambda has no room for a function. */
function throttled(): Error {
  return Object.assign(new Error('Rate exceeded.'), { name: 'Lambda.TooManyRequestsException' });
}

/** The figures that a failed execution gives as its cause. */
function failureOf(failure: Execution['failure']): unknown {
  return JSON.parse(failure?.message.replace(/^.*following error: /, '') ?? 'null');
}
