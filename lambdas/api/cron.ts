import { randomUUID } from 'node:crypto';
import { appendAudit } from '../adapters/dynamodb/audit.ts';
import { createStore } from '../adapters/dynamodb/store.ts';
import { callFunction, connectFunction } from '../adapters/functions.ts';
import { createSecretReader } from '../adapters/secrets.ts';
import {
  awaitRun,
  connectStateMachine,
  describeRun,
  type Run,
  startRun,
} from '../adapters/step-functions.ts';
import { type Deadline } from '../domain/deadline.ts';
import { type Instant, toIso } from '../domain/instants.ts';
import { requiredVariable } from '../wiring/environment.ts';
import * as contracts from '../http/contracts/cron.ts';
import * as reconciliation from '../letters/http/contracts/cron.ts';
import { httpHandler } from '../http/handler.ts';
import { type Answer, operation, type RequestOf } from '../http/operation.ts';
import { invalid, notFound, type Problem, runFailed } from '../http/problems.ts';
import { catalogueInForce } from '../wiring/catalogue.ts';

const store = createStore(requiredVariable('table'), catalogueInForce());
const rollover = connectStateMachine(requiredVariable('rolloverStateMachineArn'));
const stage = requiredVariable('stage');

/** How long a request waits for a run. Later, clients ask by the id of the run. */
const WAIT_MS = 15_000;

type RolloverRequest = RequestOf<typeof contracts.postRollover>;
type RolloverAnswer = Answer<typeof contracts.postRollover.answers>;
type RunSummary = Extract<RolloverAnswer, { status: 200 }>['body'];

/** The audit trail records a run before it starts. No run starts that it can't record. */
async function recordStart(id: string, at: Instant, data: object, deadline: Deadline): Promise<void> {
  const about = { id: `JobStarted:${id}`, at, type: 'JobStarted' as const, actor: 'postage:cron' };
  await appendAudit(store, { ...about, data }, deadline);
}

async function runRollover({ now, query, deadline }: RolloverRequest): Promise<RolloverAnswer | Problem> {
  if (query.at !== undefined && stage === 'prod') {
    return invalid([{ path: 'at', message: 'The time of a run cannot be set on the stage prod.' }]);
  }
  const runAt = toIso(query.at ?? now);
  const executionId = randomUUID();
  await recordStart(executionId, now, { job: 'rollover-usage', executionId, runAt }, deadline);
  await startRun(rollover, executionId, { now: runAt });
  const run = await awaitRun(rollover, executionId, Math.min(WAIT_MS, deadline.remainingMs()));
  if (run === null || run.status === 'running') {
    return { status: 202, headers: { location: `/cron/executions/${executionId}` }, body: { executionId } };
  }
  const result = resultOf(run);
  return result === undefined ? runFailed(executionId) : { status: 200, body: result };
}

/** The figures of a run that has ended; none if it ended before its report. */
function resultOf({ report }: Run): RunSummary | undefined {
  const parsed = contracts.RunReport.safeParse(report);
  if (!parsed.success) {
    return undefined;
  }
  const { brokenShards, results, ...figures } = parsed.data;
  return {
    ...figures,
    ...(brokenShards === 0 ? {} : { brokenShards }),
    ...(results === undefined || stage !== 'dev' ? {} : { results }),
  };
}

const getExecution = operation(contracts.getExecution, async ({ params }) => {
  const run = await describeRun(rollover, params.id);
  if (run === null) {
    return notFound('execution');
  }
  const result = resultOf(run);
  const { executionId, status } = run;
  return { status: 200, body: { executionId, status, ...(result === undefined ? {} : { result }) } };
});

/** How long the reconciler may work while a request waits for it, and how long the request waits. */
const RECONCILE_MS = 12_000;
const RECONCILER_TIMEOUT_MS = 18_000;

const reconciler = connectFunction(requiredVariable('reconcilerArn'), RECONCILER_TIMEOUT_MS);

type ReconciliationRequest = RequestOf<typeof reconciliation.postReconciliation>;
type ReconciliationAnswer = Answer<typeof reconciliation.postReconciliation.answers>;

async function runReconciler({
  now,
  requestId,
  deadline,
}: ReconciliationRequest): Promise<ReconciliationAnswer> {
  const runAt = toIso(now);
  await recordStart(requestId, now, { job: 'reconcile-deliveries', runAt }, deadline);
  const report = await callFunction(reconciler, { now: runAt, timeMs: RECONCILE_MS });
  return { status: 200, body: reconciliation.ReconciliationReport.parse(report) };
}

export const handler = httpHandler(
  [
    operation(reconciliation.postReconciliation, runReconciler),
    operation(reconciliation.getReconciliation, runReconciler),
    operation(contracts.postRollover, runRollover),
    operation(contracts.getRollover, runRollover),
    getExecution,
  ],
  createSecretReader(requiredVariable('cronSecretId')),
);
