import * as z from 'zod/mini';
import { ROLL_OUTCOMES } from '../../domain/rollover-run.ts';
import { contract, NO_INPUT } from '../contract.ts';
import { ClockInput, Count, named } from '../schemas.ts';

export const runFigures = {
  totalProcessed: Count,
  successCount: Count,
  errorCount: Count,
  errorRate: z.number().check(z.gte(0), z.lte(1)),
  processingTimeMs: z.number().check(z.gte(0)),
};

const runSummary = {
  ...runFigures,
  results: z.optional(z.array(z.object({ userId: z.string(), outcome: z.enum(ROLL_OUTCOMES) }))),
};

const exampleRun = {
  totalProcessed: 1_000,
  successCount: 1_000,
  errorCount: 0,
  errorRate: 0,
  processingTimeMs: 4_200,
};

const RunSummary = named(
  'RunSummary',
  z.object({ ...runSummary, brokenShards: z.optional(z.int().check(z.gte(1))) }),
  {
    description:
      'What a run did. A run that failed in part answers with its figures too: look at `errorCount` and `brokenShards`. `brokenShards` is there when the run could not finish some of the 16 parts. `results` lists the first accounts, on the stage dev only.',
    example: exampleRun,
  },
);

/** What a run reports: the figures, and more that nobody outside needs. */
export const RunReport = z.object({ ...runSummary, brokenShards: Count });

const executionId = z.string();
const exampleId = '5f0c6b1e-7d53-4f0a-9f0d-2b7c1d9e8a34';

const StartedRun = named('StartedRun', z.object({ executionId }), {
  description: 'The run goes on. Ask for it at /cron/executions/{id}.',
  example: { executionId: exampleId },
});

const Execution = named(
  'Execution',
  z.object({
    executionId,
    status: z.enum(['running', 'succeeded', 'failed', 'timed_out', 'aborted']),
    result: z.optional(RunSummary),
  }),
  {
    description:
      '`failed`: the run did not roll every account over. `result` is there once the run has reported.',
    example: { executionId: exampleId, status: 'succeeded', result: exampleRun },
  },
);

const runRollover = {
  ...NO_INPUT,
  summary: 'Roll over now',
  description:
    'Starts a rollover run and waits a while for it. A second run changes nothing. `at` sets the time of the run, on disposable stages only.',
  query: z.strictObject({ at: z.optional(ClockInput) }),
  answers: {
    200: { description: 'The run has ended', schema: RunSummary },
    202: { description: 'The run takes longer', schema: StartedRun, hasLocation: true },
  },
  problems: [],
} as const;

export const postRollover = contract('POST /cron/rollover-usage', {
  ...runRollover,
  operationId: 'runRollover',
});
/** For schedulers that can only GET. */
export const getRollover = contract('GET /cron/rollover-usage', {
  ...runRollover,
  operationId: 'runRolloverByGet',
});

export const getExecution = contract('GET /cron/executions/{id}', {
  ...NO_INPUT,
  operationId: 'getExecution',
  summary: 'A run',
  description: 'Whether a run that was started has ended, and what it did.',
  params: z.strictObject({ id: z.string().check(z.regex(/^[\w-]{1,80}$/, 'Expected an id.')) }),
  answers: { 200: { description: 'The run', schema: Execution } },
  problems: ['not_found'],
});

export const CRON_CONTRACTS = [postRollover, getRollover, getExecution];
