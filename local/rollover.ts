/** `npm run rollover`: rolls local accounts over with the deployed state machine and functions. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import * as z from 'zod/mini';
import { DUE_SHARDS } from '../lambdas/adapters/dynamodb/table-schema.ts';
import { recordedCatalogue } from '../lambdas/adapters/dynamodb/catalogue-records.ts';
import { connectTable } from '../lambdas/adapters/dynamodb/store.ts';
import { type Instant, toIso } from '../lambdas/domain/instants.ts';
import { deadlineIn } from '../lambdas/runtime/deadline.ts';
import { createClock } from './clock.ts';
import { assertTable, externalDynamodb, parseInstant, runProgram } from './command-line.ts';
import { countDue } from './count-due.ts';
import { openDataDirectory } from './data-directory.ts';
import { startEngine } from './engine.ts';
import { setCatalogueSince, setTableEnvironment, tableName } from './lambda-environment.ts';
import { startProgressBar } from './progress-bar.ts';
import { ROLLOVER_TASKS } from './rollover-tasks.ts';
import { findRunning, type RunningInstance } from './running-file.ts';
import { createRolloverMachine, type Execution, type RolloverTasks } from './state-machine.ts';
import { useCatalogue } from './use-config.ts';
import { UsageError } from './usage-error.ts';

const HELP = `Closes every period that has ended, and opens the next ones, as the nightly run does.

  npm run rollover -- [options]

  --at TIME        the time of the run in ISO 8601, such as 2027-01-31T00:00:00Z (default: now by the local clock).
                   A local clock that is behind it moves there first
  --data DIR       the data of an npm start with --data, running or not
  --dynamodb URL   a DynamoDB
  --help           shows this

Without --data and --dynamodb it takes DYNAMODB_ENDPOINT, or else the running npm start, the latest if there are
several. The exit code is 1 when an account could not be rolled over. It is safe to run it again.
`;

interface Target {
  dynamodb: string;
  table: string;
  /** For messages. */
  name: string;
  /** The time of the run: `at`, or now by its clock. Moves a clock that is behind. */
  timeOf: (at: Instant | null) => Promise<Instant> | Instant;
  stop: () => Promise<void>;
}

/** @throws UsageError when there is nothing to roll over */
async function findTarget(data: string | undefined, dynamodb: string | undefined): Promise<Target> {
  const table = tableName();
  const external = data === undefined ? externalDynamodb(dynamodb) : null;
  const dataDir = data === undefined ? undefined : resolve(data);
  const running = await findRunning((each) =>
    external === null
      ? dataDir === undefined || each.dataDir === dataDir
      : each.dynamodb === external && each.table === table,
  );
  if (running !== null) {
    return { ...running, timeOf: (at) => moveClock(running, at), stop: () => Promise.resolve() };
  }
  if (external !== null) {
    const timeOf = (at: Instant | null): Instant => at ?? Date.now();
    return { dynamodb: external, table, name: external, timeOf, stop: () => Promise.resolve() };
  }
  if (dataDir === undefined) {
    throw new UsageError('Nothing is running. Start Postage with "npm start", or name its data with --data.');
  }
  if (!existsSync(dataDir)) {
    throw new UsageError(`There is no data in ${dataDir}.`);
  }
  const { endpoint, stop } = await startEngine({ dataDir });
  const clock = createClock(openDataDirectory(dataDir));
  const timeOf = (at: Instant | null): Instant => {
    clock.moveTo(at ?? 0);
    return at ?? clock.now();
  };
  return { dynamodb: endpoint, table, name: dataDir, timeOf, stop };
}

/** The clock refuses a time that is not ahead, and stays as it is. */
async function moveClock({ url }: RunningInstance, at: Instant | null): Promise<Instant> {
  if (at !== null) {
    await fetch(`${url}/dev/clock`, { method: 'POST', body: JSON.stringify({ now: toIso(at) }) });
    return at;
  }
  const answer = await fetch(`${url}/dev/clock`);
  const { now } = z.parse(z.object({ now: z.string() }), await answer.json());
  return Date.parse(now);
}

const READS_WITHIN_MS = 20_000;

async function rollOver({ dynamodb, table, name }: Target, now: Instant): Promise<number> {
  setTableEnvironment({ dynamodb, table });
  const store = connectTable(table);
  await assertTable(store);
  // The functions, which are loaded later, run under what is in force there, whatever the owner's file says by now.
  const recorded = await recordedCatalogue(store, deadlineIn(READS_WITHIN_MS));
  if (recorded !== null) {
    useCatalogue(recorded.file);
  }
  setCatalogueSince(recorded?.since ?? 0);
  const due = await countDue(store, now);
  store.client.destroy();
  process.stderr.write(`${name}: ${due} accounts are due by ${toIso(now)}.\n`);
  const bar = startProgressBar(due, 'accounts', process.stderr);
  const machine = createRolloverMachine(countingPages(bar.advance));
  let { executionArn } = machine.start(JSON.stringify({ now: toIso(now) }));
  for (;;) {
    const execution = await machine.untilEnded(executionArn);
    const continuedBy = continuationOf(execution);
    if (continuedBy === null) {
      bar.end();
      return report(execution);
    }
    executionArn = continuedBy;
  }
}

const pageProgress = z.object({ total: z._default(z.number(), 0) });

function countingPages(advance: (accounts: number) => void): RolloverTasks {
  return {
    ...ROLLOVER_TASKS,
    RollPageFunctionArn: async (event) => {
      const before = z.parse(z.object({ progress: pageProgress }), event).progress.total;
      const page = await ROLLOVER_TASKS.RollPageFunctionArn(event);
      advance(z.parse(pageProgress, page).total - before);
      return page;
    },
  };
}

const continuation = z.object({ continuedBy: z.string() });

function continuationOf(execution: Execution): string | null {
  if (execution.status !== 'SUCCEEDED') {
    return null;
  }
  const { success, data } = z.safeParse(continuation, JSON.parse(execution.output));
  return success ? data.continuedBy : null;
}

async function report(execution: Execution): Promise<number> {
  const text = execution.status === 'SUCCEEDED' ? execution.output : causeOf(execution);
  const { RunReport } = await import('../lambdas/http/contracts/cron.ts');
  const summary = RunReport.safeParse(readSummary(text));
  if (!summary.success) {
    console.error(`The run failed: ${text}`);
    return 1;
  }
  const { totalProcessed, successCount, errorCount, processingTimeMs, brokenShards } = summary.data;
  const seconds = (processingTimeMs / 1_000).toFixed(1);
  process.stdout.write(
    `${totalProcessed} accounts: ${successCount} rolled over, ${errorCount} failed, in ${seconds} s.\n`,
  );
  if (brokenShards > 0) {
    console.error(`${brokenShards} of ${DUE_SHARDS} shards could not be finished. Run the rollover again.`);
  }
  return execution.status === 'SUCCEEDED' ? 0 : 1;
}

function causeOf(execution: Execution): string {
  return execution.status === 'FAILED' ? execution.cause : '';
}

/** The cause of a run with failed accounts is its summary; any other cause is not JSON. */
function readSummary(text: string): unknown {
  try {
    const summary: unknown = JSON.parse(text);
    return summary;
  } catch {
    return null;
  }
}

await runProgram({
  command: 'npm run rollover',
  help: HELP,
  options: { at: { type: 'string' }, data: { type: 'string' }, dynamodb: { type: 'string' } },
  run: async ({ at: time, data, dynamodb }) => {
    if (data !== undefined && dynamodb !== undefined) {
      throw new UsageError('Choose one of --data and --dynamodb.');
    }
    const at = time === undefined ? null : parseInstant('--at', time);
    const target = await findTarget(data, dynamodb);
    try {
      return await rollOver(target, await target.timeOf(at));
    } finally {
      await target.stop();
    }
  },
});
