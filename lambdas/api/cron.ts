import { randomUUID } from 'node:crypto';
import { recordStart } from '../commands/record-start.ts';
import { createStore } from '../adapters/dynamodb/store.ts';
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
import { httpHandler } from '../http/handler.ts';
import { type Answer, operation, type RequestOf } from '../http/operation.ts';
import { invalid, notFound, type Problem, runFailed } from '../http/problems.ts';
import { catalogueInForce } from '../wiring/catalogue.ts';

const store = createStore(requiredVariable('table'), catalogueInForce());
const rollover = connectStateMachine(requiredVariable('rolloverStateMachineArn'));
const stage = requiredVariable('stage');
const isDisposable = requiredVariable('disposable') === 'true';

/** How long a request waits for a run. Later, clients ask by the id of the run. */
const WAIT_MS = 15_000;

type RolloverRequest = RequestOf<typeof contracts.postRollover>;
type RolloverAnswer = Answer<typeof contracts.postRollover.answers>;
type RunSummary = Extract<RolloverAnswer, { status: 200 }>['body'];

async function runRollover({ now, query, deadline }: RolloverRequest): Promise<RolloverAnswer | Problem> {
  if (query.at !== undefined && !isDisposable) {
    return invalid([{ path: 'at', message: 'The time of a run can be set on disposable stages only.' }]);
  }
  const runAt = toIso(query.at ?? now);
  const executionId = randomUUID();
  const data = { job: 'rollover-usage', executionId, runAt };
  await recordStart(store, { id: executionId, at: now, data }, deadline);
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

export const handler = httpHandler(
  [
    operation(contracts.postRollover, runRollover),
    operation(contracts.getRollover, runRollover),
    getExecution,
  ],
  createSecretReader(requiredVariable('cronSecretId')),
);
