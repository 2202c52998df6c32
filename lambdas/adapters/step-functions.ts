import { setTimeout as wait } from 'node:timers/promises';
import {
  DescribeExecutionCommand,
  ExecutionDoesNotExist,
  type ExecutionStatus,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';

/** A state machine and the client that asks for it. */
export interface StateMachine {
  client: SFNClient;
  arn: string;
}

export type RunStatus = 'running' | 'succeeded' | 'failed' | 'timed_out' | 'aborted';

export interface Run {
  executionId: string;
  status: RunStatus;
  /** What the run says of itself once it has ended: its output, or the cause of its failure; null where it says nothing. */
  report: unknown;
}

export function connectStateMachine(arn: string): StateMachine {
  const client = new SFNClient({ requestHandler: { requestTimeout: 3_000, throwOnRequestTimeout: true } });
  return { client, arn };
}

/**
 * Starts an execution under an id that nothing has run under. Starting it again while it runs, as after a lost answer,
 * changes nothing.
 */
export async function startRun(
  { client, arn }: StateMachine,
  executionId: string,
  input: object,
): Promise<void> {
  await client.send(
    new StartExecutionCommand({ stateMachineArn: arn, name: executionId, input: JSON.stringify(input) }),
  );
}

/**
 * An execution as it stands; null where there is none of that id. One that has been continued by another is told as
 * that other one, under the id that was asked for.
 */
export async function describeRun(machine: StateMachine, executionId: string): Promise<Run | null> {
  let latestId = executionId;
  for (;;) {
    const run = await describeExecution(machine, latestId);
    const continuedBy = run === null ? null : continuationOf(run.report);
    if (continuedBy === null) {
      return run === null ? null : { ...run, executionId };
    }
    latestId = idOf(continuedBy);
  }
}

async function describeExecution({ client, arn }: StateMachine, executionId: string): Promise<Run | null> {
  const executionArn = `${arn.replace(':stateMachine:', ':execution:')}:${executionId}`;
  try {
    const { status, output, cause } = await client.send(new DescribeExecutionCommand({ executionArn }));
    const isSuccess = status === 'SUCCEEDED';
    return { executionId, status: toRunStatus(status), report: parsed(isSuccess ? output : cause) };
  } catch (error) {
    if (error instanceof ExecutionDoesNotExist) {
      return null;
    }
    throw error;
  }
}

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 1_000;

/** Asks until the execution has ended or the time is up, with growing pauses. @returns the execution as last seen */
export async function awaitRun(
  machine: StateMachine,
  executionId: string,
  timeoutMs: number,
): Promise<Run | null> {
  const startedAt = performance.now();
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2)) {
    const run = await describeRun(machine, executionId);
    if (run?.status !== 'running' || performance.now() - startedAt + pauseMs > timeoutMs) {
      return run;
    }
    await wait(pauseMs);
  }
}

function idOf(executionArn: string): string {
  return executionArn.slice(executionArn.lastIndexOf(':') + 1);
}

function toRunStatus(status: ExecutionStatus | undefined): RunStatus {
  switch (status) {
    case 'SUCCEEDED':
      return 'succeeded';
    case 'FAILED':
      return 'failed';
    case 'TIMED_OUT':
      return 'timed_out';
    case 'ABORTED':
      return 'aborted';
    case 'RUNNING':
    case 'PENDING_REDRIVE':
    case undefined:
      return 'running';
  }
}

/** Causes are text where the machine failed by itself, and JSON where its definition says why. */
function parsed(text: string | undefined): unknown {
  try {
    return text === undefined ? null : JSON.parse(text);
  } catch {
    return null;
  }
}

function continuationOf(report: unknown): string | null {
  return typeof report === 'object' &&
    report !== null &&
    'continuedBy' in report &&
    typeof report.continuedBy === 'string'
    ? report.continuedBy
    : null;
}
