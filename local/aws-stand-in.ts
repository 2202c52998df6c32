import * as z from 'zod/mini';
import { AwsError } from './aws-error.ts';
import { startStandIn } from './http-server.ts';
import type { Execution, RolloverMachine } from './state-machine.ts';

/** What a stand-in does for each operation. The SDK names the operation: `AWSStepFunctions.StartExecution`. */
export type AwsOperations = Record<string, (input: unknown) => object>;

/**
 * Answers the AWS SDK's JSON protocol on a free port. The Lambda code runs unchanged: its `AWS_ENDPOINT_URL_…` points
 * here.
 */
export async function startAwsStandIn(
  operations: AwsOperations,
): Promise<{ url: string; stop: () => Promise<void> }> {
  return startStandIn(({ headers, body }) => ({
    headers: { 'content-type': 'application/x-amz-json-1.0' },
    ...perform(operations[String(headers['x-amz-target'])], body.toString()),
  }));
}

function perform(
  operation: AwsOperations[string] | undefined,
  request: string,
): { status: number; body: object } {
  if (operation === undefined) {
    return { status: 400, body: { __type: 'UnknownOperationException' } };
  }
  try {
    return { status: 200, body: operation(JSON.parse(request)) };
  } catch (error) {
    return error instanceof AwsError
      ? { status: 400, body: { __type: error.type, message: error.message } }
      : { status: 400, body: { __type: 'ValidationException', message: String(error) } };
  }
}

const startExecution = z.object({
  stateMachineArn: z.string(),
  input: z._default(z.string(), '{}'),
  name: z.optional(z.string()),
});
const describeExecution = z.object({ executionArn: z.string() });
const getSecretValue = z.object({ SecretId: z.string() });

export function stepFunctions(machine: RolloverMachine): AwsOperations {
  return {
    'AWSStepFunctions.StartExecution': (request) => {
      const { input, name } = z.parse(startExecution, request);
      const { executionArn, startDate } = machine.start(input, name);
      return { executionArn, startDate };
    },
    'AWSStepFunctions.DescribeExecution': (request): Execution =>
      machine.describe(z.parse(describeExecution, request).executionArn),
  };
}

/** Secrets Manager with the given secrets, by their ids. */
export function secretsManager(secrets: Readonly<Record<string, string>>): AwsOperations {
  return {
    'secretsmanager.GetSecretValue': (request) => {
      const { SecretId } = z.parse(getSecretValue, request);
      const SecretString = secrets[SecretId];
      if (SecretString === undefined) {
        throw new AwsError('ResourceNotFoundException', "Secrets Manager can't find the specified secret.");
      }
      return { ARN: SecretId, Name: SecretId, SecretString, VersionId: 'local' };
    },
  };
}
