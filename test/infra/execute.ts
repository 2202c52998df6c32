import { readFileSync } from 'node:fs';
import { StateMachine, type StateMachineDefinition } from 'aws-local-stepfunctions';

export type Json = Parameters<StateMachine['run']>[0];

const definition = JSON.parse(
  readFileSync(new URL('../../lib/rollover.asl.json', import.meta.url), 'utf8')
    .replaceAll('${Partition}', 'aws')
    .replaceAll(/\$\{(\w+)\}/g, 'arn:aws:lambda:eu-central-1:123456789012:function:$1'),
) as StateMachineDefinition;

type EventLog =
  ReturnType<StateMachine['run']>['eventLogs'] extends AsyncGenerator<infer Event> ? Event : never;

type Task = (input: Json) => Json;

export interface Tasks {
  RollPage: Task;
  Summarize: Task;
  /** A run that is continued without this fails. */
  ContinueRollover?: Task;
}

export interface Execution {
  output: Json;
  failure: Error | null;
  events: EventLog[];
}

/** Executes the definition that is deployed, with functions in place of its tasks, and without waiting between tries. */
export async function execute(input: Json, tasks: Tasks): Promise<Execution> {
  const { result, eventLogs } = new StateMachine(definition).run(input, {
    overrides: {
      taskResourceLocalHandlers: { ContinueRollover: refuse, ...tasks },
      retryIntervalOverrides: { RollPage: 0, Summarize: 0, ContinueRollover: 0 },
    },
    context: { Execution: { Id: 'execution-1', Input: input }, StateMachine: { Id: 'machine' } },
  });
  const [outcome, events] = await Promise.all([
    result.then(
      (output: Json) => ({ output, failure: null }),
      (error: unknown) => ({
        output: null,
        failure: error instanceof Error ? error : new Error(String(error)),
      }),
    ),
    collect(eventLogs),
  ]);
  return { ...outcome, events };
}

function refuse(): never {
  throw new Error('The run was not to be continued.');
}

async function collect(eventLogs: AsyncIterable<EventLog>): Promise<EventLog[]> {
  const events: EventLog[] = [];
  for await (const event of eventLogs) {
    events.push(event);
  }
  return events;
}
