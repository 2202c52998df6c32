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
import { toIso } from '../domain/instants.ts';
import { requiredVariable } from '../wiring/environment.ts';
import * as contracts from '../http/contracts/cron.ts';
import * as reconciliation from '../letters/http/contracts/cron.ts';
import { httpHandler } from '../http/handler.ts';
import { type Answer, operation, type RequestOf } from '../http/operation.ts';
import { invalid, notFound, type Problem, runFailed } from '../http/problems.ts';

const store = createStore(requiredVariable('table'));
const rollover = connectStateMachine(requiredVariable('rolloverStateMachineArn'));
const stage = requiredVariable('stage');

/** The longest that a run is waited for; later ones are asked for by their id. */
const WAIT_MS = 15_000;

type RolloverRequest = RequestOf<typeof contracts.postRollover>;
type RolloverAnswer = Answer<typeof contracts.postRollover.answers>;
type RunSummary = Extract<RolloverAnswer, { status: 200 }>['body'];

/** The audit trail tells of a run before it starts: what cannot be recorded is not done. */
async function runRollover({ now, query, deadline }: RolloverRequest): Promise<RolloverAnswer | Problem> {
  if (query.at !== undefined && stage === 'prod') {
    return invalid([{ path: 'at', message: 'The time of a run cannot be set on the stage prod.' }]);
  }
  const runAt = toIso(query.at ?? now);
  const executionId = randomUUID();
  await appendAudit(
    store,
    {
      id: `JobStarted:${executionId}`,
      at: now,
      type: 'JobStarted',
      actor: 'postage:cron',
      data: { job: 'rollover-usage', executionId, runAt },
    },
    deadline,
  );
  await startRun(rollover, executionId, { now: runAt });
  const run = await awaitRun(rollover, executionId, Math.min(WAIT_MS, deadline.remainingMs()));
  if (run === null || run.status === 'running') {
    return { status: 202, headers: { location: `/cron/executions/${executionId}` }, body: { executionId } };
  }
  const result = resultOf(run);
  return result === undefined ? runFailed(executionId) : { status: 200, body: result };
}

/** The figures of a run that has ended, whether or not every account was rolled over; none where it never got so far. */
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

/** For how long the reconciler may go on while a request waits for it, and how long it is waited for at most. */
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
  await appendAudit(
    store,
    {
      id: `JobStarted:${requestId}`,
      at: now,
      type: 'JobStarted',
      actor: 'postage:cron',
      data: { job: 'reconcile-deliveries', runAt },
    },
    deadline,
  );
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
