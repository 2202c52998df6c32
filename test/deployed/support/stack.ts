import { afterAll, beforeAll } from '@jest/globals';
import { CloudFormationClient, paginateListStackResources } from '@aws-sdk/client-cloudformation';
import {
  DescribeExecutionCommand,
  type DescribeExecutionCommandOutput,
  paginateGetExecutionHistory,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import * as z from 'zod/mini';
import { createStore, type Store } from '../../../lambdas/adapters/dynamodb/store.ts';
import { eventually } from '../../e2e/support/eventually.ts';
import { lettersOutputs, readOutputs } from '../../e2e/support/stack.ts';
import { LETTERS } from '../../support/catalogues.ts';

/** The deployed stack, as its owner sees it through AWS. */
export interface Stack {
  name: string;
  outputs: z.infer<typeof lettersOutputs>;
  store: Store;
}

export function useStack(): () => Stack {
  const name = process.env['POSTAGE_STACK'];
  let stack: Stack | null = null;
  beforeAll(async () => {
    if (name === undefined) {
      throw new Error('There is no stack to test: npm run test:deployed deploys one.');
    }
    const outputs = await readOutputs(name, lettersOutputs);
    stack = { name, outputs, store: createStore(outputs.TableName, LETTERS) };
  });
  afterAll(() => stack?.store.client.destroy());
  return () => {
    if (stack === null) {
      throw new Error('The stack is there once the suite has begun.');
    }
    return stack;
  };
}

/** The names that resources have got, by type and by their names in the template. */
export async function physicalNames(stackName: string, type: string): Promise<Map<string, string>> {
  const names = new Map<string, string>();
  const pages = paginateListStackResources({ client: new CloudFormationClient() }, { StackName: stackName });
  for await (const { StackResourceSummaries = [] } of pages) {
    for (const { ResourceType, LogicalResourceId = '', PhysicalResourceId = '' } of StackResourceSummaries) {
      if (ResourceType === type) {
        names.set(LogicalResourceId, PhysicalResourceId);
      }
    }
  }
  return names;
}

export interface EndedRun {
  /** Its name in the API of Postage. */
  id: string;
  status: string;
  error: string | undefined;
  /** The output, or what the failure gives as its cause: what the run says of itself. */
  report: unknown;
  /** What each task gave back, in order; the errors of those that failed apart. */
  results: unknown[];
  failures: string[];
}

const RUN_ENDS_WITHIN_MS = 120_000;

export async function runStateMachine({ outputs }: Stack, input: object): Promise<EndedRun> {
  const started = await new SFNClient().send(
    new StartExecutionCommand({
      stateMachineArn: outputs.RolloverStateMachineArn,
      input: JSON.stringify(input),
    }),
  );
  return untilEnded(z.parse(z.string(), started.executionArn));
}

async function untilEnded(executionArn: string): Promise<EndedRun> {
  const client = new SFNClient();
  const find = async (): Promise<DescribeExecutionCommandOutput | null> => {
    const execution = await client.send(new DescribeExecutionCommand({ executionArn }));
    return execution.status === 'RUNNING' ? null : execution;
  };
  const { status, error, cause, output } = await eventually('an end of the run', find, RUN_ENDS_WITHIN_MS);
  const results: unknown[] = [];
  const failures: string[] = [];
  for await (const { events = [] } of paginateGetExecutionHistory({ client }, { executionArn })) {
    for (const { taskSucceededEventDetails, lambdaFunctionSucceededEventDetails, ...event } of events) {
      const succeeded = taskSucceededEventDetails ?? lambdaFunctionSucceededEventDetails;
      const failed = event.taskFailedEventDetails ?? event.lambdaFunctionFailedEventDetails;
      if (succeeded?.output !== undefined) {
        results.push(JSON.parse(succeeded.output));
      }
      if (failed !== undefined) {
        failures.push(String(failed.error));
      }
    }
  }
  const report: unknown = JSON.parse((status === 'SUCCEEDED' ? output : cause) ?? 'null');
  const id = executionArn.slice(executionArn.lastIndexOf(':') + 1);
  return { id, status: String(status), error, report, results, failures };
}
