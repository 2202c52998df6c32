import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';

/** A Lambda function and the client that calls it. */
export interface RemoteFunction {
  client: LambdaClient;
  arn: string;
}

/** The function broke off; its own log tells why. */
class FunctionFailedError extends Error {
  override name = 'FunctionFailedError';
}

/** The function has not answered in time, and goes on. */
class FunctionBusyError extends Error {
  override name = 'FunctionBusyError';
}

/** @param timeoutMs how long an answer is waited for */
export function connectFunction(arn: string, timeoutMs: number): RemoteFunction {
  const client = new LambdaClient({
    // A repeated call would run it again beside the one whose answer is late.
    maxAttempts: 1,
    requestHandler: { requestTimeout: timeoutMs, throwOnRequestTimeout: true, connectionTimeout: 1_000 },
  });
  return { client, arn };
}

/** Calls a function and waits for what it answers. @throws FunctionFailedError, FunctionBusyError */
export async function callFunction({ client, arn }: RemoteFunction, input: object): Promise<unknown> {
  const { FunctionError, Payload } = await client
    .send(new InvokeCommand({ FunctionName: arn, Payload: Buffer.from(JSON.stringify(input)) }))
    .catch((error: unknown) => {
      const isLate = error instanceof Error && error.name === 'TimeoutError';
      throw isLate ? new FunctionBusyError('A function has not answered yet.', { cause: error }) : error;
    });
  const text = Buffer.from(Payload ?? new Uint8Array()).toString();
  if (FunctionError !== undefined) {
    throw new FunctionFailedError(`A function broke off: ${FunctionError}.`);
  }
  return text === '' ? null : JSON.parse(text);
}
