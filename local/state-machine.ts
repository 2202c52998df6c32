import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { StateMachine, StateMachineDefinition } from 'aws-local-stepfunctions';
import * as z from 'zod/mini';
import { AwsError } from './aws-error.ts';

type Json = Parameters<StateMachine['run']>[0];
export type Task = (input: Json) => Promise<Json>;

/** The functions that the rollover's definition calls, by the names of their placeholders. */
export interface RolloverTasks {
  RollPageFunctionArn: Task;
  SummarizeFunctionArn: Task;
}

const ACCOUNT = 'us-east-1:000000000000';
export const STATE_MACHINE_ARN = `arn:aws:states:${ACCOUNT}:stateMachine:postage-rollover`;
const FUNCTION_ARN_PREFIX = `arn:aws:lambda:${ACCOUNT}:function:`;
const EXECUTION_ARN_PREFIX = `arn:aws:states:${ACCOUNT}:execution:postage-rollover:`;

/** Times are seconds since the epoch, as in Step Functions' protocol. */
export type Execution = { executionArn: string; name: string; input: string; startDate: number } & (
  | { status: 'RUNNING' }
  | { status: 'SUCCEEDED'; stopDate: number; output: string }
  | { status: 'FAILED'; stopDate: number; error: string; cause: string }
);

export interface RolloverMachine {
  /** Starts an execution, or returns the one that runs under that name with the same input. @throws AwsError */
  start(input: string, name?: string): Execution;
  /** @throws AwsError */
  describe(executionArn: string): Execution;
  /** Waits until an execution has ended. */
  untilEnded(executionArn: string): Promise<Execution>;
}

/** Beyond this many, the oldest are forgotten. */
const MAX_EXECUTIONS = 200;

/**
 * Step Functions with one state machine, the rollover. It runs the deployed definition, with functions of this process.
 * The first execution loads the definition and the interpreter.
 */
export function createRolloverMachine(tasks: RolloverTasks): RolloverMachine {
  const executions = new Map<string, { latest: Execution; ended: Promise<void> }>();
  let loading: Promise<Interpreter> | null = null;

  const find = (executionArn: string): { latest: Execution; ended: Promise<void> } => {
    const found = executions.get(executionArn);
    if (found === undefined) {
      throw new AwsError('ExecutionDoesNotExist', `Execution Does Not Exist: '${executionArn}'`);
    }
    return found;
  };

  const start = (input: string, name: string = randomUUID()): Execution => {
    const executionArn = `${EXECUTION_ARN_PREFIX}${name}`;
    const earlier = executions.get(executionArn)?.latest;
    if (earlier?.status === 'RUNNING' && earlier.input === input) {
      return earlier;
    }
    if (earlier !== undefined) {
      throw new AwsError('ExecutionAlreadyExists', `Execution Already Exists: '${executionArn}'`);
    }
    const begun = { executionArn, name, input, startDate: Date.now() / 1_000, status: 'RUNNING' as const };
    const entry = { latest: begun as Execution, ended: Promise.resolve() };
    loading ??= loadInterpreter(servicesOf(tasks, start));
    entry.ended = run(begun, loading).then((end) => {
      entry.latest = { ...begun, stopDate: Date.now() / 1_000, ...end };
    });
    executions.set(executionArn, entry);
    for (const oldest of [...executions.keys()].slice(0, -MAX_EXECUTIONS)) {
      executions.delete(oldest);
    }
    return begun;
  };

  return {
    start,
    describe: (executionArn) => find(executionArn).latest,
    untilEnded: async (executionArn) => {
      const entry = find(executionArn);
      await entry.ended;
      return entry.latest;
    },
  };
}

type End = { status: 'SUCCEEDED'; output: string } | { status: 'FAILED'; error: string; cause: string };

interface Interpreter {
  machine: StateMachine;
  handlers: Record<string, Task>;
}

async function loadInterpreter(services: Readonly<Record<string, Task>>): Promise<Interpreter> {
  const { StateMachine } = await import('aws-local-stepfunctions');
  const definition = await readDefinition();
  return { machine: new StateMachine(definition), handlers: handlersOf(definition, services) };
}

async function run(
  { executionArn, name, input, startDate }: Execution,
  loading: Promise<Interpreter>,
): Promise<End> {
  try {
    const { machine, handlers } = await loading;
    const parsed = parseJson(input);
    const StartTime = new Date(startDate * 1_000).toISOString();
    const { result } = machine.run(parsed, {
      context: {
        Execution: { Id: executionArn, Name: name, Input: parsed, StartTime },
        StateMachine: { Id: STATE_MACHINE_ARN, Name: 'postage-rollover' },
      },
      overrides: { taskResourceLocalHandlers: handlers },
    });
    return { status: 'SUCCEEDED', output: JSON.stringify(await result) };
  } catch (error) {
    return { status: 'FAILED', ...describeFailure(error) };
  }
}

/** With ARNs in place of its placeholders, as CDK does it. */
async function readDefinition(): Promise<StateMachineDefinition> {
  const text = await readFile(new URL('../lib/rollover.asl.json', import.meta.url), 'utf8');
  const filledIn = text
    .replaceAll('${Partition}', 'aws')
    .replaceAll(/\$\{(\w+)\}/g, `${FUNCTION_ARN_PREFIX}$1`);
  return JSON.parse(filledIn) as StateMachineDefinition;
}

/** What each task state calls, by the resource that it names. Includes inner state machines. */
function handlersOf(
  { States }: Pick<StateMachineDefinition, 'States'>,
  services: Readonly<Record<string, Task>>,
): Record<string, Task> {
  const handlers: Record<string, Task> = {};
  for (const [name, state] of Object.entries(States)) {
    if (state.Type === 'Task') {
      const service = services[state.Resource];
      if (service === undefined) {
        throw new Error(`The local runtime does not know ${state.Resource}.`);
      }
      handlers[name] = service;
    } else if (state.Type === 'Map' && state.ItemProcessor !== undefined) {
      Object.assign(handlers, handlersOf(state.ItemProcessor, services));
    } else if (state.Type === 'Parallel') {
      Object.assign(handlers, ...state.Branches.map((branch) => handlersOf(branch, services)));
    }
  }
  return handlers;
}

/** What the definition calls, by resource. */
function servicesOf(tasks: RolloverTasks, start: RolloverMachine['start']): Record<string, Task> {
  return {
    [`${FUNCTION_ARN_PREFIX}RollPageFunctionArn`]: tasks.RollPageFunctionArn,
    [`${FUNCTION_ARN_PREFIX}SummarizeFunctionArn`]: tasks.SummarizeFunctionArn,
    'arn:aws:states:::states:startExecution': (input) => {
      const { Name, Input } = z.parse(startExecution, input);
      const { executionArn, startDate } = start(JSON.stringify(Input), Name);
      return Promise.resolve({ ExecutionArn: executionArn, StartDate: startDate });
    },
  };
}

const startExecution = z.object({ Name: z.string(), Input: z.unknown() });

/** The interpreter wraps the error of a state. */
function describeFailure(error: unknown): { error: string; cause: string } {
  const inner = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return inner instanceof Error
    ? { error: inner.name, cause: inner.message }
    : { error: 'States.Runtime', cause: String(inner) };
}

function parseJson(text: string): Json {
  return JSON.parse(text) as Json;
}
