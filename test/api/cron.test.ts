import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { type WireItem } from '../../lambdas/adapters/dynamodb/items.ts';
import { createSecretReader, SecretMissingError } from '../../lambdas/adapters/secrets.ts';
import { awaitRun, connectStateMachine, startRun } from '../../lambdas/adapters/step-functions.ts';
import { VARIABLES } from '../../lambdas/wiring/environment.ts';
import { type HttpHandler } from '../../lambdas/http/handler.ts';
import { AwsError } from '../../local/aws-error.ts';
import { startAwsStandIn } from '../../local/aws-stand-in.ts';
import { contextWith, httpEvent, jsonOf } from '../support/http-event.ts';

const MACHINE = 'arn:aws:states:eu-central-1:1:stateMachine:rollover';
const EXECUTIONS = 'arn:aws:states:eu-central-1:1:execution:rollover';
const FIGURES = { totalProcessed: 10, successCount: 9, errorCount: 1, errorRate: 0.1, processingTimeMs: 5 };
const REPORT = {
  ...FIGURES,
  brokenShards: 0,
  unfinished: [],
  results: [{ userId: 'user-1', outcome: 'failed' }],
};

/** What the stand-in answers of each execution, one answer after the other; the last one stays. */
let executions: Record<string, object[]>;
let started: { name: string; input: string }[];
/** What was written to the audit trail. */
let audited: Record<string, unknown>[];
let isAuditDown: boolean;
let secretReads: number;
let standIn: Awaited<ReturnType<typeof startAwsStandIn>>;
let handler: HttpHandler;

beforeAll(async () => {
  standIn = await startAwsStandIn({
    'AWSStepFunctions.StartExecution': (request) => {
      const run = request as { name: string; input: string };
      started.push(run);
      executions = { [run.name]: executions['run-1'] ?? [], ...executions };
      return { executionArn: `${EXECUTIONS}:${run.name}`, startDate: 0 };
    },
    'AWSStepFunctions.DescribeExecution': (request) => {
      const { executionArn } = request as { executionArn: string };
      const answers = executions[executionArn.replace(`${EXECUTIONS}:`, '')] ?? [];
      const answer = answers.length > 1 ? answers.shift() : answers[0];
      if (answer === undefined) {
        throw new AwsError('ExecutionDoesNotExist', 'There is none.');
      }
      return { executionArn, stateMachineArn: MACHINE, startDate: 0, ...answer };
    },
    'DynamoDB_20120810.TransactWriteItems': (request) => {
      if (isAuditDown) {
        throw new AwsError('ValidationException', 'as told');
      }
      const { TransactItems } = request as { TransactItems: { Put: { Item: WireItem } }[] };
      audited.push(...TransactItems.map(({ Put }) => unmarshall(Put.Item)));
      return {};
    },
    'secretsmanager.GetSecretValue': (request) => {
      secretReads += 1;
      const { SecretId } = request as { SecretId: string };
      return SecretId === 'cron' ? { SecretString: 'the-secret' } : {};
    },
  });
  Object.assign(process.env, {
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_ENDPOINT_URL_DYNAMODB: standIn.url,
    AWS_ENDPOINT_URL_SFN: standIn.url,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: standIn.url,
    POWERTOOLS_LOG_LEVEL: 'SILENT',
    [VARIABLES.table]: 'postage-test',
    [VARIABLES.catalogueSince]: '0',
    [VARIABLES.stage]: 'prod',
    [VARIABLES.disposable]: 'false',
    [VARIABLES.cronSecretId]: 'cron',
    [VARIABLES.rolloverStateMachineArn]: MACHINE,
    [VARIABLES.reconcilerArn]: 'arn:aws:lambda:us-east-1:000000000000:function:reconciler',
  });
  ({ handler } = await import('../../lambdas/api/cron.ts'));
});

beforeEach(() => {
  executions = {};
  started = [];
  audited = [];
  isAuditDown = false;
  secretReads = 0;
});

afterAll(() => standIn.stop());

const RUNNING = { status: 'RUNNING' };
const succeeded = (output: object): object => ({ status: 'SUCCEEDED', output: JSON.stringify(output) });

async function call(
  path: '/cron/rollover-usage' | '/cron/executions/{id}',
  about: { id?: string; query?: Record<string, string>; remainingMs?: number } = {},
): Promise<unknown> {
  const { id = 'run-1', query = {}, remainingMs = 25_000 } = about;
  const event = httpEvent({
    path,
    query,
    parameters: { id },
    headers: { authorization: 'Bearer the-secret' },
    claims: null,
  });
  const run = { ...event, ...(path === '/cron/rollover-usage' ? { pathParameters: {} } : {}) };
  const result = await handler(run, contextWith(remainingMs));
  return { httpStatus: result.statusCode, ...(jsonOf(result) as object) };
}

describe('the rollover route', () => {
  it("starts a run at the gateway's time and answers its figures, without naming anybody on prod", async () => {
    executions = { 'run-1': [RUNNING, RUNNING, succeeded({ ...REPORT, errorCount: 0 })] };
    expect(await call('/cron/rollover-usage')).toEqual({ httpStatus: 200, ...FIGURES, errorCount: 0 });
    expect(started.map(({ input }) => JSON.parse(input) as unknown)).toEqual([
      { now: '2026-11-24T09:00:00.000Z' },
    ]);
  });

  it('records in the audit trail what was started and by whom', async () => {
    executions = { 'run-1': [succeeded(REPORT)] };
    await call('/cron/rollover-usage');
    const executionId = started[0]?.name ?? '';
    expect(executionId).toMatch(/^[\w-]{36}$/);
    expect(audited).toEqual([
      {
        pk: expect.stringMatching(/^AUDIT#2026-11-24#\d+$/),
        sk: `2026-11-24T09:00:00.000Z#JobStarted:${executionId}`,
        id: `JobStarted:${executionId}`,
        at: Date.UTC(2026, 10, 24, 9),
        type: 'JobStarted',
        actor: 'postage:cron',
        data: { job: 'rollover-usage', executionId, runAt: '2026-11-24T09:00:00.000Z' },
        expiresAt: expect.any(Number),
      },
    ]);
    // Asking how it goes starts nothing.
    await call('/cron/executions/{id}');
    expect(audited).toHaveLength(1);
  });

  it('starts nothing when the audit trail cannot record it', async () => {
    isAuditDown = true;
    expect(await call('/cron/rollover-usage')).toMatchObject({ httpStatus: 500 });
    expect(started).toEqual([]);
  });

  it('answers the figures of a run in which accounts failed as well', async () => {
    const cause = JSON.stringify({ ...REPORT, brokenShards: 2 });
    executions = { 'run-1': [{ status: 'FAILED', error: 'RolloverFailed', cause }] };
    expect(await call('/cron/rollover-usage')).toEqual({ httpStatus: 200, ...FIGURES, brokenShards: 2 });
  });

  it.each([
    { status: 'TIMED_OUT' },
    { status: 'ABORTED', cause: 'by hand' },
    { status: 'FAILED', error: 'States.Runtime', cause: 'no JSON' },
    { status: 'FAILED', error: 'States.Runtime', cause: '{"other":1}' },
    { status: 'FAILED' },
  ])('tells of a run that never reported: %j', async (execution) => {
    executions = { 'run-1': [execution] };
    expect(await call('/cron/rollover-usage')).toMatchObject({
      status: 500,
      code: 'internal',
      executionId: started[0]?.name,
    });
  });

  it('answers where to ask when the run takes longer than the request may', async () => {
    executions = { 'run-1': [RUNNING] };
    expect(await call('/cron/rollover-usage', { remainingMs: 1_500 })).toEqual({
      httpStatus: 202,
      executionId: started[0]?.name,
    });
  });

  it('takes no other time on prod', async () => {
    const query = { at: '2027-01-01T00:00:00Z' };
    expect(await call('/cron/rollover-usage', { query })).toMatchObject({
      status: 422,
      errors: [{ path: 'at' }],
    });
    expect([started, audited]).toEqual([[], []]);
  });
});

describe('the executions route', () => {
  it.each<[object, object]>([
    [RUNNING, { status: 'running' }],
    [succeeded(REPORT), { status: 'succeeded', result: FIGURES }],
    [
      { status: 'FAILED', cause: JSON.stringify(REPORT) },
      { status: 'failed', result: FIGURES },
    ],
    [{ status: 'TIMED_OUT' }, { status: 'timed_out' }],
    [{ status: 'ABORTED' }, { status: 'aborted' }],
    [{ status: 'PENDING_REDRIVE' }, { status: 'running' }],
  ])('tells of %j as %j', async (execution, told) => {
    executions = { 'run-1': [execution] };
    expect(await call('/cron/executions/{id}')).toEqual({ httpStatus: 200, executionId: 'run-1', ...told });
  });

  it('follows a run into the executions that continued it, under the id that was asked for', async () => {
    executions = {
      'run-1': [succeeded({ continuedBy: `${EXECUTIONS}:run-2` })],
      'run-2': [succeeded({ continuedBy: `${EXECUTIONS}:run-3` })],
      'run-3': [RUNNING, succeeded(REPORT)],
    };
    const machine = connectStateMachine(MACHINE);
    expect(await awaitRun(machine, 'run-1', 5_000)).toEqual({
      executionId: 'run-1',
      status: 'succeeded',
      report: REPORT,
    });
  });

  it('does not find what was never started', async () => {
    expect(await call('/cron/executions/{id}', { id: 'other' })).toMatchObject({
      status: 404,
      code: 'not_found',
    });
  });
});

describe('the state machine', () => {
  it('is given its input as it is, and runs under the id', async () => {
    await startRun(connectStateMachine(MACHINE), 'run-7', { now: 'then' });
    expect(started).toMatchObject([{ stateMachineArn: MACHINE, name: 'run-7', input: '{"now":"then"}' }]);
  });
});

describe('the cron secret', () => {
  it('is read once for many requests', async () => {
    const read = createSecretReader('cron');
    expect(await Promise.all([read(), read()])).toEqual(['the-secret', 'the-secret']);
    const readsBefore = secretReads;
    expect(await read()).toBe('the-secret');
    expect(secretReads).toBe(readsBefore);
  });

  it('admits nobody when it is empty', async () => {
    await expect(createSecretReader('empty')()).rejects.toThrow(SecretMissingError);
  });
});
